"""Ids: imported rows keep their own where it is free, and get a fresh one beyond all others where it is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tortoise.models import Model

import models
from commands.importing.staging import Staging
from models.database import dialect, execute, fetch, transaction


@dataclass(frozen=True)
class Numbers:
    """What is added to the Id of a row of each kind to make its fresh id.

    So a row's id follows from the row alone, however often the import is interrupted and run again.
    """

    user: int
    thread: int
    post: int
    comment: int

    async def of_users(self, external_ids: Sequence[int]) -> dict[int, int]:
        """The ids here of users of the dump."""
        return await _kept_or_fresh(models.User, external_ids, self.user)

    async def of_threads(self, external_ids: Sequence[int]) -> dict[int, int]:
        """The numbers here of the threads of questions of the dump."""
        return await _kept_or_fresh(models.Thread, external_ids, self.thread)

    async def of_posts(self, external_ids: Sequence[int]) -> dict[int, int]:
        """The ids here of questions and answers of the dump."""
        return await _kept_or_fresh(models.Post, external_ids, self.post)

    def of_comments(self, external_ids: Sequence[int]) -> dict[int, int]:
        """The ids here of comments of the dump, which are always fresh: its posts have the ids before."""
        return {external_id: external_id + self.comment for external_id in external_ids}


async def _kept_or_fresh(model: type[Model], external_ids: Sequence[int], offset: int) -> dict[int, int]:
    taken: set[Any] = set(await model.filter(id__in=external_ids).values_list("id", flat=True))
    return {
        external_id: external_id + offset if external_id < 1 or external_id in taken else external_id
        for external_id in external_ids
    }


async def reserve(source: str, staging: Staging) -> Numbers:
    """Set apart the ids that the staged dump's rows may need, so that what is written meanwhile gets others."""
    questions = _extent(staging, "Posts", "WHERE PostTypeId = 1")
    posts = _extent(staging, "Posts", "WHERE PostTypeId IN (1, 2)")
    async with transaction():
        return Numbers(
            user=await _reserve(source, "users", _extent(staging, "Users")),
            thread=await _reserve(source, "thread", questions),
            post=await _reserve(source, "post", posts),
            comment=await _reserve(source, "post", _extent(staging, "Comments"), always_fresh=True),
        )


@dataclass(frozen=True)
class _Extent:
    """The lowest and the highest Id of some rows of the dump; the lowest is 1 unless there are some below."""

    lowest: int
    highest: int


def _extent(staging: Staging, table: str, condition: str = "") -> _Extent:
    lowest, highest = (
        staging.count(f"SELECT {extreme} FROM {table} {condition}")  # noqa: S608
        for extreme in ("MIN(1, COALESCE(MIN(Id), 1))", "MAX(0, COALESCE(MAX(Id), 0))")
    )
    return _Extent(lowest, highest)


async def _reserve(source: str, table: str, rows: _Extent, *, always_fresh: bool = False) -> int:
    """What makes a fresh id of an Id; set apart once for a dump, and remembered."""
    extent = f"{'fresh' if always_fresh else 'own'} {table} {rows.lowest}..{rows.highest}"
    known = await models.ImportedRow.get_or_none(source=source, kind="numbers", external_id=extent)
    if known is not None and known.local_id is not None:
        return int(known.local_id)
    highest = await _highest(table)
    first = highest + 1 if always_fresh else max(highest, rows.highest) + 1
    offset = first - rows.lowest
    # Only an Id that is taken already, or that is not positive, needs a fresh one.
    most = rows.highest if always_fresh else min(highest, rows.highest)
    await _advance(table, max(rows.highest, most + offset))
    await models.ImportedRow.create(source=source, kind="numbers", external_id=extent, local_id=offset)
    return offset


async def _highest(table: str) -> int:
    """The highest id that a table has given so far, to rows that are there or not."""
    if dialect() == "postgres":
        given = f"SELECT pg_sequence_last_value(pg_get_serial_sequence('{table}', 'id')::regclass)"
    else:
        given = f"SELECT seq FROM sqlite_sequence WHERE name = '{table}'"  # noqa: S608
    [row] = await fetch(
        f"SELECT COALESCE(({given}), 0) AS given, (SELECT COALESCE(MAX(id), 0) FROM {table}) AS there"  # noqa: S608
    )
    return int(max(row["given"], row["there"]))


async def _advance(table: str, last: int) -> None:
    """Have the next row of a table that is not imported get an id after `last`, which is not below the highest."""
    if last < 1:
        return
    if dialect() == "postgres":
        await fetch(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), $1::bigint)", (last,))
    elif not await execute("UPDATE sqlite_sequence SET seq = $1 WHERE name = $2", (last, table)):
        await execute("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)", (table, last))
