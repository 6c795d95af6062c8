"""Reading for a whole page: statement after statement by the shortest way, outside any transaction.

Rows are tuples, or what is indexed like one; values are as the driver gives them.
"""

from collections.abc import Sequence
from typing import Any, Literal

from tortoise.connection import get_connection

from models.engines.sqlite import SqliteClient

Dialect = Literal["sqlite", "postgres"]


class Reading:
    """The reads of one page: on PostgreSQL all by one connection, taken at the first and given back at the end.

    async with Reading() as reading:
        rows = await reading(sql, values)

    A block inside the block of the same reading goes on with its connection.
    """

    __slots__ = ("_client", "_connection", "_depth", "dialect")

    def __init__(self) -> None:
        self._client: Any = get_connection("default")
        self._connection: Any = None
        self._depth = 0
        self.dialect: Dialect = "sqlite" if isinstance(self._client, SqliteClient) else "postgres"

    async def __aenter__(self) -> "Reading":
        self._depth += 1
        return self

    async def __call__(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """The rows of a SELECT in the database's own words."""
        client = self._client
        if self.dialect == "sqlite":
            rows: Sequence[Any] = await client.tuples(sql, values)
            return rows
        if self._connection is None:
            self._connection = await client.take()
        client.log.debug("%s: %s", sql, values)
        found: Sequence[Any] = await self._connection.fetch(sql, *values)
        return found

    async def pause(self) -> None:
        """Give the connection back for now: who waits for another while holding one may wait for ever."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._client._pool.release(connection)

    async def __aexit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            await self.pause()
