"""Writing many rows at once: plain values instead of an object for each, which takes a third of the time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tortoise.connection import get_connection

from models.database import native


async def insert(table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows that name the same columns in the same order; a column that is not named gets its default."""
    values = list(rows)
    if values:
        columns = list(values[0])
        places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
        await execute_many(
            f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES ({places})',  # noqa: S608
            [list(row.values()) for row in values],
        )


async def execute_many(sql: str, values: Sequence[Sequence[Any]]) -> None:
    """Run a statement once for each of these, with its placeholders $1, $2 ... standing for them."""
    await get_connection("default").execute_many(native(sql), [list(each) for each in values])
