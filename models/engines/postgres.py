"""Tortoise's engine for PostgreSQL: a pool that gets every connection back, whatever is cancelled."""

import asyncio
import logging
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from tortoise.backends.asyncpg import client as stock
from tortoise.backends.base.client import ConnectionWrapper, PoolConnectionWrapper
from tortoise.backends.base_postgres.client import translate_exceptions

from models.engines.postgres_schema import PostgresSchemaEditor
from models.engines.transactions import JoinsTransaction, OpenTransaction, Outermost
from models.engines.waiting import MIGRATION_TIMEOUT, TURN_TIMEOUT, DatabaseBusy, is_counted

log = logging.getLogger(__name__)

#: Seconds for a rollback. A connection that takes longer is dropped, and the server rolls back by itself.
ROLLBACK_TIMEOUT = 5.0

#: The advisory lock of those who change the schema: a number that nothing else in this database uses.
SCHEMA_LOCK = int.from_bytes(b"schema")


class Turn(PoolConnectionWrapper[asyncpg.pool.PoolConnectionProxy]):
    """A connection of the pool for one statement."""

    client: "PostgresClient"

    async def __aenter__(self) -> asyncpg.pool.PoolConnectionProxy:
        self.connection = await self.client.take()
        return self.connection


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

    _pool: Any

    async def create_pool(self, **parameters: Any) -> asyncpg.Pool:
        return await asyncpg.create_pool(None, reset=keep_session, **parameters)

    async def take(self) -> asyncpg.pool.PoolConnectionProxy:
        """A connection of the pool; a cancelled wait has got none. Raises DatabaseBusy."""
        if self._pool is None:
            async with self._pool_init_lock:
                if self._pool is None:
                    await self.create_connection(with_db=True)
        try:
            if self._pool.get_idle_size():
                return await self._pool.acquire()  # which does not wait
            async with asyncio.timeout(TURN_TIMEOUT):
                return await self._pool.acquire()
        except TimeoutError:
            raise DatabaseBusy(
                f"All {self.pool_maxsize} connections to the database were in use for {TURN_TIMEOUT:g} s. "
                "More are had with `?maxsize=` at the end of the database's URL."
            ) from None

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

    def acquire_connection(self) -> TurnInTransaction:
        return TurnInTransaction(self._lock, self)

    async def take_connection(self) -> None:
        self._connection = await self._parent.take()

    async def give_connection_back(self) -> None:
        connection = self._connection
        try:
            if not connection.is_closed() and connection.is_in_transaction():
                await connection.execute("ROLLBACK", timeout=ROLLBACK_TIMEOUT)
        except Exception:
            log.warning("A connection to PostgreSQL was dropped", exc_info=True)
            connection.terminate()
        finally:
            await self._parent._pool.release(connection)

    async def say(self, command: str) -> str:
        # Whether a commit took place is worth any wait.
        timeout = None if command == "COMMIT" else ROLLBACK_TIMEOUT
        answer: str = await self._connection.execute(command, timeout=timeout)
        return answer


class PostgresSchemaChange(PostgresTransaction):
    """A transaction under the schema's lock."""

    schema_editor = PostgresSchemaEditor

    async def begin(self) -> None:
        await super().begin()
        await self._connection.execute(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})", timeout=MIGRATION_TIMEOUT)


async def keep_session(connection: asyncpg.Connection) -> None:
    """Reset nothing when a connection returns to the pool: it would cost a round trip for each statement."""


client_class = PostgresClient
