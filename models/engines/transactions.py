"""Transactions that leave nothing behind, wherever their task is cancelled: the part both databases share."""

import asyncio
import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from tortoise.backends.base.client import (
    BaseDBAsyncClient,
    ConnectionWrapper,
    PoolConnectionWrapper,
    TransactionalDBClient,
    TransactionContext,
)
from tortoise.connection import get_connections
from tortoise.exceptions import TransactionManagementError

from models.engines.waiting import finish

log = logging.getLogger(__name__)


class OpenTransaction(TransactionalDBClient):
    """A transaction on the connection that it holds. Its tasks share the connection, one statement at a time.

    Unlike Tortoise's, it knows all its savepoints, so that one object serves the outermost block and the nested ones.
    """

    BEGIN = "BEGIN"

    _lock: asyncio.Lock
    _savepoints: tuple[str, ...] = ()
    _savepoints_made = 0

    async def take_connection(self) -> None:
        """Get the connection for this transaction alone; a cancelled wait has got nothing."""
        raise NotImplementedError

    async def give_connection_back(self) -> None:
        """Roll back what may still be open, and let the next one have the connection."""
        raise NotImplementedError

    async def say(self, command: str) -> str:
        """Send BEGIN, COMMIT or the like, which the statement log leaves out; return the database's answer."""
        raise NotImplementedError

    def check_open(self) -> None:
        """Refuse what comes after the end: it would land in somebody else's transaction, or in none.

        Raises TransactionManagementError.
        """
        if self._finalized:
            raise TransactionManagementError(
                "This transaction is over. A task that was started inside it must not outlive it: "
                "start the task after the block, or from `after_commit`."
            )

    async def begin(self) -> None:
        await self.say(self.BEGIN)

    async def execute_all(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Any]]:
        """Run statements, each with its values, by as few steps as it takes; the rows that each gives."""
        return [list((await self.execute_query(sql, list(values)))[1]) for sql, values in statements]

    async def commit(self) -> None:
        async with self._lock:
            self.check_open()
            answer = await self.say("COMMIT")
            self._finalized = True
        if answer == "ROLLBACK":
            raise TransactionManagementError(
                "Nothing was committed: a statement had failed, and PostgreSQL gives up the whole transaction then. "
                "Put a statement that may fail into a nested `transaction()`."
            )

    async def rollback(self) -> None:
        async with self._lock:
            self.check_open()
            self._finalized = True
            await self.say("ROLLBACK")

    async def savepoint(self) -> None:
        async with self._lock:
            self.check_open()
            self._savepoints_made += 1
            name = f"nested_{self._savepoints_made}"
            await self.say(f"SAVEPOINT {name}")
            self._savepoints += (name,)

    async def release_savepoint(self) -> None:
        await self._end_savepoint("RELEASE {name}")

    async def savepoint_rollback(self) -> None:
        await self._end_savepoint("ROLLBACK TO {name}", "RELEASE {name}")

    async def _end_savepoint(self, *commands: str) -> None:
        async with self._lock:
            self.check_open()
            *outer, name = self._savepoints
            self._savepoints = tuple(outer)
            for command in commands:
                await self.say(command.format(name=name))

    def _in_transaction(self) -> "Nested":
        return Nested(self)


class JoinsTransaction(BaseDBAsyncClient):
    """A client whose statements belong to the transaction around them, also where they were prepared outside it.

    Without this a query set made before the block would miss the block's changes, or wait for its end.
    """

    def transaction(self) -> OpenTransaction | None:
        """The transaction of this context, if there is one."""
        current = get_connections().get(self.connection_name)
        return current if isinstance(current, OpenTransaction) else None

    def acquire_connection(self) -> Any:  # what it is differs between the databases
        transaction = self.transaction()
        return self.turn() if transaction is None else transaction.acquire_connection()

    def _in_transaction(self) -> "Outermost | Nested":
        transaction = self.transaction()
        return self.begin_transaction() if transaction is None else Nested(transaction)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with self._in_transaction() as transaction:
            await transaction.execute_many(query, values)

    def turn(self) -> ConnectionWrapper[Any] | PoolConnectionWrapper[Any]:
        """A connection for one statement outside any transaction."""
        raise NotImplementedError

    def begin_transaction(self) -> "Outermost":
        """A transaction that is nobody's part."""
        raise NotImplementedError


class Outermost(TransactionContext):
    """The block of a transaction: from BEGIN to COMMIT or, if an error or a cancellation leaves the block, ROLLBACK.

    A cancellation during the commit is raised after it. `is_kept` tells whether the commit took place.
    """

    client: OpenTransaction

    def __init__(self, client: OpenTransaction) -> None:
        self.client = client
        self.is_kept = False

    async def __aenter__(self) -> OpenTransaction:
        client = self.client
        await client.take_connection()
        try:
            await finish(client.begin())
        except BaseException:
            client._finalized = True
            await finish(client.give_connection_back())
            raise
        self._connections = get_connections()
        self._token = self._connections.set(client.connection_name, client)
        return client

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connections.reset(self._token)
        await finish(self._end(failed=error_type is not None))

    async def _end(self, *, failed: bool) -> None:
        client = self.client
        try:
            if failed:
                await self._roll_back()
            else:
                await client.commit()
                self.is_kept = True
        finally:
            client._finalized = True
            await client.give_connection_back()

    async def _roll_back(self) -> None:
        try:
            if not self.client._finalized:
                await self.client.rollback()
        except Exception:
            # The error that left the block is the one to see; `give_connection_back` drops what it cannot clean.
            log.warning("A transaction could not be rolled back", exc_info=True)


class Nested(TransactionContext):
    """A block inside a transaction: a savepoint, so that its failure undoes the block alone.

    Nested blocks of one transaction must not overlap (as under `asyncio.gather`): savepoints are a stack.
    """

    client: OpenTransaction

    def __init__(self, client: OpenTransaction) -> None:
        self.client = client
        self.is_kept = False

    async def __aenter__(self) -> OpenTransaction:
        outer = self.client._savepoints
        try:
            await finish(self.client.savepoint())
        except BaseException:
            if self.client._savepoints != outer:
                await finish(self.client.savepoint_rollback())
            raise
        self._savepoints = self.client._savepoints
        return self.client

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.client._finalized and error_type is not None:
            return
        await finish(self._end(failed=error_type is not None))

    async def _end(self, *, failed: bool) -> None:
        if self.client._savepoints != self._savepoints:
            raise TransactionManagementError(
                "Nested transactions ended out of order: do not run them side by side inside one transaction."
            )
        if failed:
            await self.client.savepoint_rollback()
        else:
            await self.client.release_savepoint()
            self.is_kept = True
