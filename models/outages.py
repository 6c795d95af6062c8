"""Which errors are no bug but an outage: the database is away, has too much to do, or has no room left.

Nothing was done then, or it is not known whether; the same may be tried again later.
"""

import socket
import sqlite3
from collections.abc import Iterator
from time import monotonic

import asyncpg  # type: ignore[import-untyped]
from tortoise.exceptions import DBConnectionError

from models.engines.waiting import DatabaseBusy

AWAY = "The database does not answer at the moment. Try again in some seconds."
BUSY = "The database has too much to do at the moment. Try again in some seconds."
FULL = "The disk of the database is full: what is there can be read, and nothing can be written until there is room."

#: What PostgreSQL's driver raises when the server is away, goes, or comes; and what the system does.
_AWAY = (
    ConnectionError,
    socket.gaierror,
    DBConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
_BUSY = (
    DatabaseBusy,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.TooManyConnectionsError,
    asyncpg.OutOfMemoryError,
)
_SQLITE = {
    sqlite3.SQLITE_FULL: FULL,
    # What a full disk also says, depending on where in the file it was met.
    sqlite3.SQLITE_IOERR: FULL.replace("is full", "is full, or broken"),
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_CANTOPEN: AWAY,
}


def outage(error: BaseException) -> str | None:
    """What is to be told of an outage, whichever error it was met as; None for anything else."""
    for each in _chain(error):
        if isinstance(each, _BUSY):
            return BUSY
        if isinstance(each, _AWAY) or _is_closed(each):
            return AWAY
        if isinstance(each, asyncpg.DiskFullError):
            return FULL
        if isinstance(each, sqlite3.Error) and (told := _SQLITE.get(getattr(each, "sqlite_errorcode", 0) & 0xFF)):
            return told
    return None


class Seldom:
    """Says now and then how often something was met: an outage under load would fill the log and stop who writes it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._said_at = -seconds
        self._times = 0

    def times(self) -> int:
        """How often it was met since that was said last, this time too; 0 where that was just now."""
        self._times += 1
        now = monotonic()
        if now - self._said_at < self._seconds:
            return 0
        self._said_at, times, self._times = now, self._times, 0
        return times


def _is_closed(error: BaseException) -> bool:
    """Whether the driver says that a connection went: it has no class of its own for that."""
    if isinstance(error, asyncpg.InterfaceError):
        return any(word in str(error) for word in ("closed", "closing", "released back to the pool"))
    # A connection that went in the middle of a step, and of which the driver has not heard yet.
    if isinstance(error, asyncpg.InternalClientError):
        return "cannot switch to state" in str(error)
    # Where a name has several addresses, and none answers.
    return type(error) is OSError and "onnect" in str(error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it stands for: Tortoise wraps the driver's."""
    seen: set[int] = set()
    pending = [error]
    while pending:
        each = pending.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        pending += [inner for inner in (*each.args[:1], each.__cause__) if isinstance(inner, BaseException)]
