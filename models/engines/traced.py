"""The drivers' connections where statements are traced: each is sent as always, in a span below what sends it.

They take the place of the drivers' own when a database is opened, so that where nothing is traced nothing is looked at.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import aiosqlite
import asyncpg  # type: ignore[import-untyped]

from models import tracing
from models.engines.short_reads import ShortReads
from models.meter import metering


class TracedPostgres(asyncpg.Connection):  # type: ignore[misc]
    """A connection to PostgreSQL: all SQL of ours and of Tortoise's goes through one of these methods."""

    __slots__ = ()

    async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
        return await _postgres(query, super().fetch, query, *args, **options)

    async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
        return await _postgres(query, super().fetchrow, query, *args, **options)

    async def execute(self, query: str, *args: Any, **options: Any) -> Any:
        return await _postgres(query, super().execute, query, *args, **options)

    async def executemany(self, command: str, args: Any, **options: Any) -> Any:
        return await _postgres(command, super().executemany, command, args, **options)


async def _postgres(query: str, send: Any, *args: Any, **options: Any) -> Any:
    trace = _trace()
    if trace is None:
        return await send(*args, **options)
    with trace.statement([query], "postgresql"):
        return await send(*args, **options)


class TracedSqlite(aiosqlite.Connection):
    """A connection to SQLite in a thread: all that is done there begins here."""

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        trace, texts = _trace(), _texts(args)
        if trace is None or not texts:
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        with trace.statement(texts, "sqlite"):
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]


def _texts(args: Sequence[Any]) -> list[str]:
    """The statements among what is given to the thread: one comes first, several with their values come last.

    PRAGMAs are none: a connection that is opened when it is first needed is set up by them.
    """
    match args:
        case [str(text), *_]:
            return [] if text.startswith("PRAGMA") else [text]
        case [sqlite3.Connection(), [*statements]]:
            return [text for text, _ in statements]
    return []


class TracedShortReads(ShortReads):
    """Short reads of SQLite. One that was too long has no span here: the thread that does it all has."""

    def read(self, query: str, values: Sequence[Any], *, as_tuples: bool = False) -> list[Any] | None:
        trace = _trace()
        if trace is None:
            return super().read(query, values, as_tuples=as_tuples)
        with trace.statement([query], "sqlite") as statement:
            rows = super().read(query, values, as_tuples=as_tuples)
            if rows is None:
                statement.forget()
            return rows


def _trace() -> tracing.Trace | None:
    meter = metering.get()
    return None if meter is None else meter.trace


def postgres_connections() -> type[asyncpg.Connection]:
    """What a pool's connections are."""
    return asyncpg.Connection if tracing.tracer is None else TracedPostgres


def sqlite_connection(file: str) -> aiosqlite.Connection:
    """A connection to a file, not open yet, without transactions of its own accord."""
    if tracing.tracer is None:
        return aiosqlite.connect(file, isolation_level=None)
    return TracedSqlite(partial(sqlite3.connect, file, isolation_level=None), iter_chunk_size=64)


def short_reads(file: str, pragmas: Mapping[str, Any]) -> ShortReads:
    """The event loop's own connection to a file."""
    return (ShortReads if tracing.tracer is None else TracedShortReads)(file, pragmas)
