"""What a database holds, for tests that compare it before and after."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from models import database

Found = TypeVar("Found")

_TABLES = ("users", "points_entry", "tag", "thread", "thread_tag", "post", "revision", "imported_row")
# Ids that PostgreSQL's sequences give, which do not take back what an undone transaction was given, and their bearers.
_GIVEN_BY_CHANCE = {table: {"id"} for table in ("points_entry", "tag", "thread_tag", "revision", "imported_row")}
_GIVEN_BY_CHANCE["thread_tag"] |= {"tag_id"}


def looked_at(url: str, look: Callable[[], Awaitable[Found]]) -> Found:
    """What `look` finds in the database at `url`."""

    async def connected() -> Found:
        async with database.connected(url):
            return await look()

    return asyncio.run(connected())


def everything(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that an import writes to."""

    async def look() -> dict[str, list[dict[str, Any]]]:
        return {table: await database.fetch(f"SELECT * FROM {table} ORDER BY id") for table in _TABLES}

    return looked_at(url, look)


def essence(contents: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    """The same without what chance decides: the ids that no client sees, and the order of rows."""
    tags = {row["id"]: row["name"] for row in contents["tag"]}
    for row in contents["thread_tag"]:
        row["tag"] = tags[row["tag_id"]]
    for row in contents["imported_row"]:
        if row["kind"] == "tag":
            row["local_id"] = tags[row["local_id"]]
    return {
        table: sorted(
            repr({name: value for name, value in row.items() if name not in _GIVEN_BY_CHANCE.get(table, ())})
            for row in rows
        )
        for table, rows in contents.items()
    }
