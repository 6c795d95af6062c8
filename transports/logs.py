"""The log: one JSON object a line, on standard output, whoever writes it."""

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

from models.outages import outage
from schema.operation_log import with_operation


def _brief(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Of an outage of the database its name is enough: nobody has to look into the code."""
    error = event.get("exc_info")
    error = error[1] if isinstance(error, tuple) else error
    if isinstance(error, BaseException) and outage(error) is not None:
        event["exc_info"], event["error"] = None, type(error).__name__
    return event


_SHARED: list[Any] = [
    with_operation,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

structlog.configure(processors=[*_SHARED, structlog.processors.JSONRenderer()])


@contextmanager
def logging_all() -> Iterator[None]:
    """Have warnings of the libraries, and of what stands on them alone, written like the rest while the block lasts."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _brief,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
