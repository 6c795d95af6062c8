"""Counting the statements that an operation takes, where they are sent, for whoever wants to know.

meter = Meter()
token = metering.set(meter)
...
metering.reset(token)
print(meter.statements)

Votes that share a transaction are written in nobody's name: their statements are counted for none of them.
"""

import logging
from contextvars import ContextVar
from typing import Any

#: Where Tortoise writes down each statement before it is sent.
_statements = logging.getLogger("tortoise.db_client")


class Meter:
    """What was sent to the database so far."""

    __slots__ = ("statements",)

    def __init__(self) -> None:
        self.statements = 0


metering: ContextVar[Meter | None] = ContextVar("metering", default=None)


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
