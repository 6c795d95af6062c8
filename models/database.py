"""The database as all floors above see it: connecting, transactions, what runs after them, statements in SQL."""

import inspect
import logging
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext, get_current_context
from tortoise.exceptions import BaseORMException

from models.engines.transactions import Nested, Outermost
from models.engines.waiting import DatabaseBusy, finish

__all__ = [
    "DatabaseBusy",
    "DatabaseUnavailable",
    "after_commit",
    "autocommit",
    "committing",
    "configuration",
    "connect",
    "connected",
    "dialect",
    "disconnect",
    "execute",
    "fetch",
    "fetch_rows",
    "in_transaction",
    "transaction",
    "worded",
]

log = logging.getLogger(__name__)

Action = Callable[[], Awaitable[None] | None]
Dialect = Literal["sqlite", "postgres"]

#: SQLite as the server needs it. `synchronous=FULL` has every commit on the disk before it is answered;
#: the timeout comes first, since the switch to WAL may have to wait for another process.
PRAGMAS = {
    "busy_timeout": 10_000,
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    # Kilobytes, for each connection. SQLite's own 2,000 do not hold what one question page of a large forum reads.
    "cache_size": -16_000,
    "journal_size_limit": 64 * 1024 * 1024,
}


#: The database that this process is connected to: every request asks, and Tortoise takes its time to say.
_dialect: Dialect | None = None


class DatabaseUnavailable(Exception):
    """The database cannot be reached or opened; the message says what to do about it."""


def configuration(url: str, package: str = "models") -> dict[str, Any]:
    """Tortoise's configuration for the database at `url` and the models and migrations of a package.

    `url` is sqlite://FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE; the latter may end in `?maxsize=20` and
    other parameters of asyncpg's pool. Raises ValueError for another scheme.
    """
    apps = {"models": {"models": [package], "migrations": f"{package}.migrations", "default_connection": "default"}}
    settings: dict[str, Any] = {"apps": apps, "use_tz": True, "timezone": "UTC"}
    scheme, _, file = url.partition("://")
    if scheme in ("postgres", "postgresql") and urlsplit(url).path.strip("/"):
        credentials = {"application_name": "plainspoken", "maxsize": 10, **expand_db_url(url)["credentials"]}
        return settings | {
            "connections": {"default": {"engine": "models.engines.postgres", "credentials": credentials}}
        }
    if scheme != "sqlite" or not file:
        raise ValueError("its address is neither sqlite://FILE nor postgres://USER:PASSWORD@HOST:PORT/DATABASE")
    credentials = {"file_path": file, **PRAGMAS}
    return settings | {"connections": {"default": {"engine": "models.engines.sqlite", "credentials": credentials}}}


#: For Tortoise's command line, which compares models with migrations: a database that nobody can harm with it.
DRAWING_BOARD = configuration("sqlite://:memory:")


async def connect(url: str, package: str = "models") -> None:
    """Open the database for all tasks of this process, making a SQLite file and its folder if need be.

    Raises DatabaseUnavailable, and RuntimeError if this process is connected already.
    """
    if get_current_context() is not None:
        raise RuntimeError("This process is connected to a database already: disconnect() first.")
    EXECUTOR_CACHE.clear()  # statements in the dialect of the database before
    context = TortoiseContext()
    global _dialect
    try:
        settings = configuration(url, package)
        if url.startswith("sqlite://") and not url.endswith(":memory:"):
            Path(url.removeprefix("sqlite://")).parent.mkdir(parents=True, exist_ok=True)
        with context:
            await context.init(settings, _enable_global_fallback=True)
        for connection in context.connections.all():
            await connection.create_connection(with_db=True)
        _dialect = dialect()
    except BaseException as error:
        await context.close_connections()
        # A TypeError is a parameter in the URL that asyncpg does not know.
        if isinstance(error, (OSError, TypeError, ValueError, sqlite3.Error, asyncpg.PostgresError, BaseORMException)):
            raise DatabaseUnavailable(explain(url, error)) from error
        raise


@asynccontextmanager
async def connected(url: str, package: str = "models") -> AsyncIterator[None]:
    """The database for as long as the block lasts: `connect` and `disconnect`."""
    await connect(url, package)
    try:
        yield
    finally:
        await disconnect()


def explain(url: str, error: Exception) -> str:
    """Why there is no database, and what to do about it, without the password."""
    place = re.sub(r"//.*@", "//", url)
    if url.startswith("sqlite://"):
        remedy = "The file and its folder must be writable, and DATABASE_URL says where they are."
    elif isinstance(error.__cause__, asyncpg.InvalidCatalogNameError):
        remedy = f"`createdb {place.rpartition('/')[2]}` makes it."
    else:
        remedy = "Is the server running, and is DATABASE_URL right (postgres://USER:PASSWORD@HOST:PORT/DATABASE)?"
    return f"The database {place} cannot be opened: {error or type(error).__name__}. {remedy}"


async def disconnect() -> None:
    """Close the database, SQLite's log moved into its file. Nothing happens where nothing is open."""
    global _dialect
    context, _dialect = get_current_context(), None
    if context is not None:
        await finish(context.close_connections())


def dialect() -> Dialect:
    """Which database this is."""
    if _dialect is not None:
        return _dialect
    return "sqlite" if get_connection("default").capabilities.dialect == "sqlite" else "postgres"


def in_transaction() -> bool:
    """Whether a transaction is open here: in this task, or where this task was started."""
    if _block.get() is None:
        return False
    connection = get_connection("default")
    return isinstance(connection, TransactionalDBClient) and not connection._finalized


@dataclass
class Block:
    """An open block of `transaction()`, and what it wants done after the commit."""

    actions: list[Action] = field(default_factory=list)
    is_over: bool = False
    #: Whether the changes took place.
    is_kept: bool = False


_block: ContextVar[Block | None] = ContextVar("block", default=None)


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """A block whose changes take place all together, or not at all if an error or a cancellation leaves it.

    A block inside a block is undone alone if it fails. A cancellation during the commit is raised after it.
    Raises DatabaseBusy if the transaction could not begin in time.
    """
    outer, block = _block.get(), Block()
    context = cast(Nested | Outermost, get_connection("default")._in_transaction())
    if outer is None and isinstance(context, Nested):
        raise RuntimeError("Tortoise's own in_transaction() is around this block: use models.database.transaction().")
    token = _block.set(block)
    try:
        async with context:
            yield
    finally:
        _block.reset(token)
        block.is_over = True
        if not context.is_kept:
            block.actions.clear()
        if outer is not None:
            outer.actions += block.actions
        elif block.actions:
            await finish(run(block.actions))


@asynccontextmanager
async def autocommit() -> AsyncIterator[None]:
    """A block outside any transaction for one statement that writes, and commits by itself: `committing` sends it."""
    if in_transaction():
        raise RuntimeError("autocommit() is for code outside `async with transaction()`.")
    block = Block()
    token = _block.set(block)
    try:
        yield
    finally:
        _block.reset(token)
        block.is_over = True
        if block.is_kept:
            await finish(run(block.actions))


async def committing(sql: str, values: Sequence[object]) -> bool:
    """Run the one statement of `autocommit` that writes, to its end whatever is cancelled.

    Its one value says whether it has written: only then is done what is to be `after_commit`.
    """

    async def run_it() -> bool:
        [[is_written]] = await fetch_rows(sql, values)
        if is_written and (block := _block.get()) is not None:
            block.is_kept = True
        return bool(is_written)

    return await finish(run_it())


def after_commit(action: Action) -> None:
    """Have `action()` called, and awaited if it is to be awaited, after the commit of the outermost transaction.

    Actions run in the order they were given; not if the transaction, or the nested one they belong to, is rolled
    back. They should be short: not even cancelling the task keeps them from running. An error in one is logged.
    Raises RuntimeError outside a transaction.
    """
    block = _block.get()
    if block is None or block.is_over:
        raise RuntimeError("after_commit() is for code inside `async with transaction()`.")
    block.actions.append(action)


async def run(actions: Sequence[Action]) -> None:
    """Run what was to be done after a commit; the commit stands, whatever becomes of them."""
    for action in actions:
        try:
            result = action()
            if inspect.isawaitable(result):
                await result
        except Exception:
            log.exception("What was to be done after a commit failed: %r", action)


async def fetch(sql: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
    """The rows of a SELECT, or of a statement with RETURNING, as the driver gives them.

    Placeholders are $1, $2 ... on both databases. SQLite gives times and JSON as text, and booleans as 0 and 1.
    """
    rows: list[dict[str, Any]] = await get_connection("default").execute_query_dict(native(sql), list(values))
    return rows


async def fetch_rows(sql: str, values: Sequence[object] = ()) -> list[Any]:
    """The same as `fetch`, each row as what is indexed like a tuple."""
    _, rows = await get_connection("default").execute_query(native(sql), list(values))
    return list(rows)


async def execute(sql: str, values: Sequence[object] = ()) -> int:
    """Run an INSERT, UPDATE or DELETE, with placeholders as in `fetch`; the number of rows it changed."""
    count, _ = await get_connection("default").execute_query(native(sql), list(values))
    return count


def native(sql: str) -> str:
    """The statement with the placeholders of this database."""
    return worded(sql, dialect())


def worded(sql: str, dialect: str) -> str:
    """The same for a database that is known."""
    return sql if dialect == "postgres" else numbered(sql)


@lru_cache(maxsize=1024)
def numbered(sql: str) -> str:
    """The statement with SQLite's placeholders: ?1 for $1. Texts in quotes stay as they are."""
    return re.sub(r"'[^']*'|\$(\d+)", lambda found: f"?{found[1]}" if found[1] else found[0], sql)
