"""The databases that are measured on: made once from a forum's rows, through our migrations, and dropped at the end."""

import asyncio
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
from rich.console import Console
from rich.progress import Progress

from benchmarks import forum
from benchmarks.forum import Forum, Shape, Table
from models import database, migrating
from services import invariants
from settings import ROOT

Kind = Literal["sqlite", "postgres"]
#: Where SQLite's files are made: on the disk that holds the data of a real server, for its fsyncs are measured.
FOLDER = ROOT / "var" / "bench"
#: What every scratch database's name begins with.
PREFIX = "plainspoken_bench_"

# What follows from the rows and is left at zero by them.
_TOTALS = (
    invariants.counted_right("users", "points", invariants.EARNED),
    invariants.counted_right("tag", "thread_count", invariants.TAGGED),
    invariants.counted_right("category", "thread_count", invariants.CATEGORISED),
)

# What the servers beside this one call in PostgreSQL, in an order that they allow.
_FUNCTIONS = sorted(Path(__file__).parent.glob("sql/*.sql"))

OnProgress = Callable[[int], object]


@contextmanager
def scratch(kind: Kind, shape: Shape, server: str, *, keep: bool, console: Console) -> Iterator[str]:
    """The URL of a database with a forum of this shape. One that an earlier run kept is used again.

    `server` is the URL of a PostgreSQL where databases may be made. Raises DatabaseUnavailable where there is none.
    """
    name = PREFIX + _fingerprint(shape)
    if kind == "sqlite":
        FOLDER.mkdir(parents=True, exist_ok=True)
        url = f"sqlite://{FOLDER / name}.db"
    else:
        url = urlsplit(server)._replace(path=f"/{name}").geturl()
    try:
        if not asyncio.run(_exists(url, server)):
            with Progress(console=console, transient=True) as progress:
                task = progress.add_task(f"{kind}: {shape.threads:,} threads are made", total=shape.threads)
                asyncio.run(_make(url, server, shape, partial(progress.advance, task)))
    except (OSError, asyncpg.PostgresError) as error:
        raise database.DatabaseUnavailable(f"{kind} cannot be measured: {error}") from error
    try:
        yield url
    finally:
        if not keep:
            asyncio.run(drop(url, server))


def _remove(url: str) -> None:
    for end in ("", "-wal", "-shm"):
        Path(url.removeprefix("sqlite://") + end).unlink(missing_ok=True)
    if FOLDER.exists() and not any(FOLDER.iterdir()):
        FOLDER.rmdir()


async def drop(url: str, server: str) -> None:
    """Remove a scratch database."""
    if url.startswith("sqlite"):
        _remove(url)
    else:
        await _tell(server, f'DROP DATABASE IF EXISTS "{_name(url)}" WITH (FORCE)')


async def _make(url: str, server: str, shape: Shape, on_progress: OnProgress) -> None:
    # Under another name until it is whole, so that what is there under its own can be used again.
    unfinished = f"{url.removesuffix('.db')}_unfinished"
    await drop(unfinished, server)
    if url.startswith("postgres"):
        await _tell(server, f'CREATE DATABASE "{_name(unfinished)}"')
    async with database.connected(unfinished):
        await migrating.migrate(lambda name: None)
    load = _load_sqlite if url.startswith("sqlite") else _load_postgres
    await load(unfinished, Forum(shape), on_progress)
    if url.startswith("sqlite"):
        shutil.move(unfinished.removeprefix("sqlite://"), url.removeprefix("sqlite://"))
    else:
        await _tell(server, f'ALTER DATABASE "{_name(unfinished)}" RENAME TO "{_name(url)}"')


async def _load_sqlite(url: str, made: Forum, on_progress: OnProgress) -> None:
    connection = sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)
    # As Tortoise writes moments.
    sqlite3.register_adapter(datetime, lambda moment: moment.isoformat(" "))
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    for table in made.tables():
        columns, places = ", ".join(table.columns), ", ".join("?" * len(table.columns))
        connection.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({places})", table.rows)  # noqa: S608
        on_progress(_threads_in(table))
    for statement in _TOTALS:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


async def _load_postgres(url: str, made: Forum, on_progress: OnProgress) -> None:
    connection = await asyncpg.connect(url)
    numbered = set()
    async with connection.transaction():
        for table in made.tables():
            await connection.copy_records_to_table(table.name, records=table.rows, columns=table.columns)
            if table.columns[0] == "id":
                numbered.add(table.name)
            on_progress(_threads_in(table))
        for statement in (*_TOTALS, *(file.read_text() for file in _FUNCTIONS)):
            await connection.execute(statement)
        for name in numbered:  # rows that bring their ids along leave the sequence where it was
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT MAX(id) FROM {name}))"  # noqa: S608
            )
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def _threads_in(table: Table) -> int:
    return len(table.rows) if table.name == "thread" else 0


def _fingerprint(shape: Shape) -> str:
    """A name for what the database holds: its shape, what makes its rows and functions, and its migrations."""
    made_of = [Path(forum.__file__), *_FUNCTIONS, *sorted((ROOT / "models" / "migrations").glob("*.py"))]
    return hashlib.sha256(b"".join([repr(shape).encode(), *(file.read_bytes() for file in made_of)])).hexdigest()[:12]


async def _exists(url: str, server: str) -> bool:
    if url.startswith("sqlite"):
        return os.path.exists(url.removeprefix("sqlite://"))  # noqa: ASYNC240  nobody else waits
    connection = await asyncpg.connect(server, timeout=5)
    try:
        found = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", _name(url))
    finally:
        await connection.close()
    return found is not None


def _name(url: str) -> str:
    return urlsplit(url).path.strip("/")


async def _tell(server: str, command: str) -> None:
    connection = await asyncpg.connect(server, timeout=5)
    try:
        await connection.execute(command)
    finally:
        await connection.close()
