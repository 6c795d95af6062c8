"""Counting the statements that an operation takes, where they are sent, for whoever wants to know.

meter = Meter()
token = metering.set(meter)
...
metering.reset(token)
print(meter.statements)

Votes that share a transaction are written in nobody's name: their statements are counted for none of them.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from models import tracing

#: Where Tortoise writes down each statement before it is sent.
_statements = logging.getLogger("tortoise.db_client")


class Meter:
    """What was sent to the database so far."""

    __slots__ = ("statements", "trace")

    def __init__(self, trace: tracing.Trace | None = None) -> None:
        self.statements = 0
        #: The span below which the statements are; None where there is none, or it has ended.
        self.trace = trace

    def end(self, name: str, attributes: tracing.Attributes) -> None:
        """End the span: what goes on in the background, in the same context, is none of it."""
        trace, self.trace = self.trace, None
        if trace is not None:
            trace.end(name, {**attributes, "plainspoken.statements": self.statements})


metering: ContextVar[Meter | None] = ContextVar("metering", default=None)


@contextmanager
def together(meters: Iterable[Meter | None], attributes: tracing.Attributes) -> Iterator[None]:
    """What the block does is done for all who are measured here: where any of them is traced, in one span for all."""
    traces = [meter.trace for meter in meters if meter is not None and meter.trace is not None]
    if tracing.tracer is None or not traces:
        yield
        return
    meter = Meter(tracing.tracer.together(traces))
    token = metering.set(meter)
    try:
        yield
    finally:
        metering.reset(token)
        meter.end("together", {"plainspoken.traced": len(traces), **attributes})


class StatementLog:
    """Tortoise's log of statements, which counts them too: what takes part in every statement has to be quick."""

    def debug(self, text: str, *values: Any) -> None:
        """Count a statement for the task that sends it, and write it down if somebody reads that."""
        meter = metering.get()
        if meter is not None:
            meter.statements += 1
        if _statements.isEnabledFor(logging.DEBUG):
            _statements.debug(text, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(_statements, name)
