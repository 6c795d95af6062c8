"""Reading by the shortest way: a statement at a time, outside any transaction.

Rows are tuples, or what is indexed like one; values are as the driver gives them.
"""

from collections.abc import Sequence
from typing import Any

from tortoise.connection import get_connection

from models.database import Dialect, dialect


class Reading:
    """Reads from the database of this context: `rows = await Reading()(sql, values)`."""

    __slots__ = ("_read", "dialect")

    def __init__(self) -> None:
        client: Any = get_connection("default")
        self.dialect: Dialect = dialect()
        self._read = client.tuples if self.dialect == "sqlite" else client.read

    async def __call__(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """The rows of a SELECT in the database's own words."""
        rows: Sequence[Any] = await self._read(sql, values)
        return rows
