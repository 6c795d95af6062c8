"""Tortoise's engine for PostgreSQL: a pool that gets every connection back, whatever is cancelled."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

import asyncpg  # type: ignore[import-untyped]
from tortoise.backends.asyncpg import client as stock
from tortoise.backends.base.client import ConnectionWrapper, PoolConnectionWrapper
from tortoise.backends.base_postgres.client import translate_exceptions

from models.engines.postgres_schema import PostgresSchemaEditor
from models.engines.traced import postgres_connections
from models.engines.transactions import JoinsTransaction, OpenTransaction, Outermost
from models.engines.turns import Turns, is_closed
from models.engines.waiting import MIGRATION_TIMEOUT, TURN_TIMEOUT, finish, is_counted
from models.meter import StatementLog

log = logging.getLogger(__name__)

#: Seconds for a rollback. A connection that takes longer is dropped, and the server rolls back by itself.
ROLLBACK_TIMEOUT = 5.0

#: The longest statement that is prepared once for all its uses, in characters: a page's is several thousand.
LONGEST_PREPARED = 100_000

#: Seconds that a transaction may do nothing, its locks held: its process stands still, and others wait.
MOST_IDLE = 60

#: A session's settings: moments are written like 2026-11-23 09:30:00+00, whatever is usual there; no statement is
#: compiled before it is run, which takes longer than ours run, and is done where many rows are only expected; and no
#: lock is waited for longer than for a connection.
SESSION = {
    "DateStyle": "ISO",
    "TimeZone": "UTC",
    "jit": "off",
    "lock_timeout": f"{TURN_TIMEOUT:.0f}s",
    "idle_in_transaction_session_timeout": f"{MOST_IDLE}s",
}

#: The advisory lock of those who change the schema: a number that nothing else in this database uses.
SCHEMA_LOCK = int.from_bytes(b"schema")


class Turn(PoolConnectionWrapper[asyncpg.pool.PoolConnectionProxy]):
    """A connection of the pool for one statement."""

    client: "PostgresClient"

    async def __aenter__(self) -> asyncpg.pool.PoolConnectionProxy:
        self.connection = await self.client.take()
        return self.connection

    async def __aexit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        connection: Any = self.connection
        if error_type is None and not connection.is_in_transaction():
            self.client.turns.rest(connection)
        else:
            await finish(self.client.turns.release(connection))


class TurnInTransaction(ConnectionWrapper[asyncpg.pool.PoolConnectionProxy]):
    """The connection of a transaction for one statement, as long as the transaction is open."""

    client: "PostgresTransaction"

    async def __aenter__(self) -> asyncpg.pool.PoolConnectionProxy:
        connection = await super().__aenter__()
        try:
            self.client.check_open()
        except BaseException:
            self._lock.release()
            raise
        return connection


class CountedStatements(stock.AsyncpgDBClient):
    """Statements that tell how many rows they changed, also when they insert, and return what they are asked for."""

    @translate_exceptions
    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, list[Any]]:
        async with self.acquire_connection() as connection:
            self.log.debug("%s: %s", query, values)
            if is_counted(query):
                status = await connection.execute(query, *(values or ()))
                return int(status.rpartition(" ")[2]), []
            rows = await connection.fetch(query, *(values or ()))
            return len(rows), rows


class PostgresClient(JoinsTransaction, CountedStatements):
    """A pool of connections; outside a transaction each statement takes one.

    A connection's session state is not reset between its users: use SET LOCAL and transaction-level advisory locks.
    """

    turns: Turns

    def __init__(self, *args: Any, **parameters: Any) -> None:
        super().__init__(*args, **parameters)
        self.log = cast(logging.Logger, StatementLog())

    async def create_pool(self, **parameters: Any) -> asyncpg.Pool:
        parameters["server_settings"] = {**parameters.get("server_settings", {}), **SESSION}
        parameters["connection_class"] = postgres_connections()
        pool = await asyncpg.create_pool(
            None, reset=keep_session, max_cacheable_statement_size=LONGEST_PREPARED, **parameters
        )
        self.turns = Turns(pool, parameters["max_size"])
        return pool

    async def take(self) -> asyncpg.pool.PoolConnectionProxy:
        """A connection of the pool; a cancelled wait has got none. Raises DatabaseBusy."""
        if self._pool is None:
            async with self._pool_init_lock:
                if self._pool is None:
                    await self.create_connection(with_db=True)
        return await self.turns.take()

    async def read(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """The rows of a SELECT, by the shortest way."""
        self.log.debug("%s: %s", sql, values)
        connection = await self.take()
        try:
            rows: Sequence[Any] = await connection.fetch(sql, *values)
        except BaseException:
            await finish(self.turns.release(connection))
            raise
        self.turns.rest(connection)
        return rows

    async def _expire_connections(self) -> None:
        if self._pool:
            await self.turns.clear()
        await super()._expire_connections()

    async def _close(self) -> None:
        if self._pool:
            await self.turns.end()
        await super()._close()

    def turn(self) -> Turn:
        return Turn(self, self._pool_init_lock)

    def begin_transaction(self) -> Outermost:
        return Outermost(PostgresTransaction(self))

    def changing_schema(self) -> Outermost:
        """A transaction that has the schema for itself among those who change it."""
        return Outermost(PostgresSchemaChange(self))


class PostgresTransaction(OpenTransaction, CountedStatements, stock.TransactionWrapper):
    """A transaction on one connection of the pool."""

    _parent: PostgresClient
    #: Whether its connection is as it was before.
    is_whole = False

    def acquire_connection(self) -> TurnInTransaction:
        return TurnInTransaction(self._lock, self)

    async def take_connection(self) -> None:
        self._connection = await self._parent.take()

    async def give_connection_back(self) -> None:
        connection, turns = self._connection, self._parent.turns
        if self.is_whole:
            turns.rest(connection)
            return
        try:
            if not is_closed(connection) and connection.is_in_transaction():
                await connection.execute("ROLLBACK", timeout=ROLLBACK_TIMEOUT)
        except Exception:
            log.warning("A connection to PostgreSQL was dropped", exc_info=True)
            with suppress(asyncpg.InterfaceError):  # the pool has heard of it, and has taken it
                connection.terminate()
        finally:
            await turns.release(connection)

    async def say(self, command: str) -> str:
        # Whether a commit took place is worth any wait.
        timeout = None if command == "COMMIT" else ROLLBACK_TIMEOUT
        answer: str = await self._connection.execute(command, timeout=timeout)
        self.is_whole = answer == "COMMIT"
        return answer


class PostgresSchemaChange(PostgresTransaction):
    """A transaction under the schema's lock."""

    schema_editor = PostgresSchemaEditor

    async def begin(self) -> None:
        await super().begin()
        await self._connection.execute(f"SET LOCAL lock_timeout = '{MIGRATION_TIMEOUT:.0f}s'")
        await self._connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        await self._connection.execute(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})", timeout=MIGRATION_TIMEOUT)


async def keep_session(connection: asyncpg.Connection) -> None:
    """Reset nothing when a connection returns to the pool: it would cost a round trip for each statement."""


client_class = PostgresClient
