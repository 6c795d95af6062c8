"""Tortoise's engine for SQLite: one connection, whose lock, statements and transactions survive cancellation."""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, cast

import aiosqlite
from tortoise.backends.base.client import ConnectionWrapper
from tortoise.backends.sqlite import client as stock
from tortoise.backends.sqlite.client import translate_exceptions
from tortoise.exceptions import IntegrityError

from models.engines.scripts import statements_of
from models.engines.short_reads import ShortReads
from models.engines.sqlite_schema import SqliteSchemaEditor
from models.engines.traced import short_reads, sqlite_connection
from models.engines.transactions import JoinsTransaction, OpenTransaction, Outermost
from models.engines.waiting import MIGRATION_TIMEOUT, TURN_TIMEOUT, DatabaseBusy, finish, is_counted, is_read
from models.meter import StatementLog


class Turn(ConnectionWrapper[aiosqlite.Connection]):
    """The connection for one statement. It is given back when its thread is idle, not when the caller leaves."""

    client: "CountedStatements"

    async def __aenter__(self) -> aiosqlite.Connection:
        await acquire(self._lock)
        try:
            await self.ensure_connection()
        except BaseException:
            self._lock.release()
            raise
        return self.connection

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error_type is asyncio.CancelledError:
                await finish(self._let_the_thread_finish())
        finally:
            self._lock.release()

    async def _let_the_thread_finish(self) -> None:
        if self.client.is_reader:
            await self.connection.interrupt()
        with suppress(sqlite3.OperationalError):
            # All rows fetched: a statement left open would keep the interruption alive for the next one.
            await self.connection.execute_fetchall("SELECT 1")


class TurnInTransaction(Turn):
    """The connection for one statement of a transaction, as long as the transaction is open."""

    client: "SqliteTransaction"

    async def __aenter__(self) -> aiosqlite.Connection:
        connection = await super().__aenter__()
        try:
            self.client.check_open()
        except BaseException:
            self._lock.release()
            raise
        return connection


class CountedStatements(stock.SqliteClient):
    """Statements whose row counts leave out the rows that triggers and cascades changed."""

    #: Whether a cancelled statement may be interrupted: an interrupted write would take its transaction with it.
    is_reader = False

    @translate_exceptions
    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, list[Any]]:
        async with self.acquire_connection() as connection:
            self.log.debug("%s: %s", query, values)
            if is_counted(query):
                cursor = await connection.execute(query, values)
                return cursor.rowcount, []
            rows = list(await connection.execute_fetchall(query, values))
            return len(rows), rows


class SqliteConnection(CountedStatements):
    """One connection to one file, opened when first needed. Outside a transaction each statement is its own."""

    def __init__(self, file_path: str, **parameters: Any) -> None:
        super().__init__(file_path, **parameters)
        self.log = cast(logging.Logger, StatementLog())
        self.is_reader = bool(self.pragmas.get("query_only"))

    async def create_connection(self, with_db: bool) -> None:
        if self._connection is None:
            self._connection = await finish(self._open())
            await self._post_connect()

    async def _open(self) -> aiosqlite.Connection:
        connection = sqlite_connection(self.filename)
        # A process that ends without `close` must not wait for this thread.
        connection._thread.daemon = True
        try:
            await connection
        except sqlite3.Error:
            # Its thread tells the event loop that it ends: the loop must still be there then.
            await asyncio.to_thread(connection._thread.join)
            raise
        try:
            connection.row_factory = sqlite3.Row
            for pragma, value in self.pragmas.items():
                await connection.execute_fetchall(f"PRAGMA {pragma}={value}")
        except BaseException:
            await connection.close()
            raise
        return connection

    async def close(self) -> None:
        async with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                await finish(connection.close())

    def acquire_connection(self) -> Turn:
        return Turn(self._lock, self)


class SqliteClient(JoinsTransaction, SqliteConnection):
    """A file with a connection that writes, and beside it two that read and so need not wait for the writer."""

    _short_reads: ShortReads | None = None

    def __init__(self, file_path: str, **parameters: Any) -> None:
        super().__init__(file_path, **parameters)
        self._long_reads = SqliteConnection(file_path, **parameters, query_only="ON")

    async def create_connection(self, with_db: bool) -> None:
        await super().create_connection(with_db)
        # A database in memory is one connection's own.
        if self._short_reads is None and self.filename != ":memory:":
            self._short_reads = short_reads(self.filename, self.pragmas)

    async def close(self) -> None:
        if self._short_reads is not None:
            self._short_reads.close()
            self._short_reads = None
        await self._long_reads.close()
        await super().close()

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, list[Any]]:
        rows = await self.read(query, values)
        return (len(rows), rows) if rows is not None else await super().execute_query(query, values)

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        rows = await self.read(query, values)
        if rows is None:
            _, rows = await super().execute_query(query, values)
        return [dict(row) for row in rows]

    @translate_exceptions
    async def read(self, query: str, values: list[Any] | None = None) -> list[Any] | None:
        """The rows of what only reads, outside a transaction, whose changes a reader would not see; else None."""
        if self._short_reads is None or not is_read(query) or self.transaction() is not None:
            return None
        rows = self._short_reads.read(query, values or ())
        if rows is None:
            _, rows = await self._long_reads.execute_query(query, values)
        else:
            self.log.debug("%s: %s", query, values)
        return rows

    async def tuples(self, query: str, values: Sequence[Any]) -> Sequence[Any]:
        """The rows of a SELECT outside any transaction, as what is indexed like a tuple."""
        rows = None if self._short_reads is None else self._short_reads.read(query, values, as_tuples=True)
        if rows is None:
            reader = self if self._short_reads is None else self._long_reads
            _, rows = await CountedStatements.execute_query(reader, query, list(values))
        else:
            self.log.debug("%s: %s", query, values)
        return rows

    def turn(self) -> Turn:
        return Turn(self._lock, self)

    def begin_transaction(self) -> Outermost:
        return Outermost(SqliteTransaction(self))

    def changing_schema(self) -> Outermost:
        """A transaction in which tables may be rebuilt, and after which every foreign key still has its row."""
        return Outermost(SqliteSchemaChange(self))


class SqliteTransaction(OpenTransaction, CountedStatements, stock.SqliteTransactionWrapper):
    """A transaction that takes SQLite's write lock at once: a later upgrade would fail at the first competitor."""

    _parent: SqliteClient
    BEGIN = "BEGIN IMMEDIATE"

    _connection: Any

    def acquire_connection(self) -> Turn:
        return TurnInTransaction(self._lock, self)

    def check_open(self) -> None:
        # SQLite ends a transaction by itself on a full disk and the like; what follows would be on its own.
        if not self._connection.in_transaction:
            self._finalized = True
        super().check_open()

    async def take_connection(self) -> None:
        await acquire(self._parent._lock)
        try:
            await self._parent.create_connection(with_db=True)
        except BaseException:
            self._parent._lock.release()
            raise
        self._connection = self._parent._connection

    async def give_connection_back(self) -> None:
        try:
            if self._connection.in_transaction:
                await self._connection.rollback()
        finally:
            self._parent._lock.release()

    async def begin(self) -> None:
        try:
            await super().begin()
        except sqlite3.OperationalError as error:
            raise DatabaseBusy(f"Another process kept the database's write lock ({error}).") from error

    async def say(self, command: str) -> str:
        await self._connection.execute_fetchall(command)
        return command

    @translate_exceptions
    async def execute_all(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Any]]:
        async with self.acquire_connection() as connection:
            for sql, values in statements:
                self.log.debug("%s: %s", sql, values)
            # One call of the connection's thread: each costs more than a short statement.
            step = connection._execute(run_all, connection._conn, statements)  # type: ignore[no-untyped-call]
            rows: list[list[Any]] = await step
            return rows

    async def execute_script(self, query: str) -> None:
        # sqlite3's own `executescript` commits first.
        for statement in statements_of(query):
            await self.execute_query(statement)


class SqliteSchemaChange(SqliteTransaction):
    """A transaction without foreign keys: dropping a table to rebuild it would delete the rows that refer to it."""

    schema_editor = SqliteSchemaEditor

    async def begin(self) -> None:
        await self.say("PRAGMA foreign_keys=OFF")
        await self.say(f"PRAGMA busy_timeout={MIGRATION_TIMEOUT * 1000:.0f}")
        await super().begin()

    async def commit(self) -> None:
        broken = await self.execute_query_dict("PRAGMA foreign_key_check")
        if broken:
            tables = ", ".join(sorted({f"{row['table']} -> {row['parent']}" for row in broken}))
            raise IntegrityError(f"{len(broken)} rows would refer to rows that do not exist: {tables}")
        await super().commit()

    async def give_connection_back(self) -> None:
        try:
            if self._connection.in_transaction:
                await self._connection.rollback()
            for pragma in ("foreign_keys", "busy_timeout"):
                await self.say(f"PRAGMA {pragma}={self._parent.pragmas[pragma]}")
        finally:
            await super().give_connection_back()


async def acquire(lock: asyncio.Lock) -> None:
    """Acquire a lock of the connection, or raise DatabaseBusy."""
    if not lock.locked():
        await lock.acquire()
        return
    try:
        async with asyncio.timeout(TURN_TIMEOUT):
            await lock.acquire()
    except TimeoutError:
        raise DatabaseBusy(f"Another transaction of this process kept the database for {TURN_TIMEOUT:g} s.") from None


def run_all(connection: sqlite3.Connection, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Any]]:
    """Run statements, each with its values, one after the other; the rows that each gives."""
    return [connection.execute(sql, values).fetchall() for sql, values in statements]


client_class = SqliteClient
