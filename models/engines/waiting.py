"""Waiting that ends well: a begun step is finished although its caller is cancelled, and no wait lasts for ever."""

import asyncio
import re
from collections.abc import Coroutine
from typing import Any, TypeVar

from tortoise.exceptions import OperationalError

T = TypeVar("T")

READ = re.compile(r"\s*(SELECT|WITH)\b(?!.*\b(INSERT|UPDATE|DELETE|REPLACE)\s)", re.IGNORECASE | re.DOTALL)
COUNTED = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b(?!.*\bRETURNING\b)", re.IGNORECASE | re.DOTALL)

#: Seconds that a statement or a transaction waits for its turn: SQLite's write lock, PostgreSQL's pool.
TURN_TIMEOUT = 10.0

#: Seconds that a migration waits for another process's: a big table takes its time to rebuild.
MIGRATION_TIMEOUT = 600.0


class DatabaseBusy(OperationalError):
    """A statement or a transaction waited its time for its turn and did not get it; nothing of it was done."""


async def finish(step: Coroutine[Any, Any, T]) -> T:
    """Run a step to its end even if the caller is cancelled meanwhile.

    The caller's cancellation is raised once the step is over, with the step's own error, if any, as its cause.
    """
    task = asyncio.ensure_future(step)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as cancellation:
            cancelled = cancellation
    if cancelled is None:
        return task.result()
    raise cancelled from (None if task.cancelled() else task.exception())


def is_read(statement: str) -> bool:
    """Whether the statement surely changes nothing."""
    return READ.match(statement) is not None


def is_counted(statement: str) -> bool:
    """Whether the statement changes rows and returns none."""
    return COUNTED.match(statement) is not None
