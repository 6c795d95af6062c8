"""Writing without having locked (optimistic concurrency), on PostgreSQL: two statements, where locks take nine.

    read    some statements as one, outside any transaction, so that all is of one moment; of each row that counts
            its `xmin` is kept, the transaction that wrote it last
    write   one statement, a transaction by itself: it locks those rows in their order, and only if all of them are
            there, and were written by nobody since, does it write; else Outdated is raised, and nothing was done

Who waits for a lock there sees the row as it is then, not as it was when the statement began: that is what makes it
right. What comes out of date is done again under locks.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from models.database import committing
from models.raw import Rows, Statement, parts_of_one
from models.reading import Reading


class Outdated(Exception):
    """What was read has been written since: nothing was done."""


class Held(Statement):
    """Locks rows of a table in the order of their keys, which are given: all of them, or nothing is written."""

    def __init__(self, table: str, key: str = "id", lock: str = "NO KEY UPDATE", also: str = "", **more: str) -> None:
        super().__init__(
            f"SELECT FROM given JOIN {table} ON {table}.{key} = given.key{also} "
            f"ORDER BY {table}.{key} FOR {lock} OF {table}",
            key="bigint",
            **more,
        )


class Unwritten(Held):
    """The same of rows that nobody has written since they were read: given are their keys and `xmin`s."""

    def __init__(self, table: str, key: str = "id", lock: str = "NO KEY UPDATE") -> None:
        super().__init__(table, key, lock, f" AND {table}.xmin = given.written_by", written_by="xid")


async def read(*statements: tuple[Statement, Rows]) -> list[list[Any]]:
    """What each statement gives for its rows: tuples, all of one moment."""
    values = [array for statement, rows in statements for array in statement.arrays(rows)]
    [found] = await Reading()(_read(*(statement for statement, _ in statements)), values)
    return list(found)


async def write(held: Sequence[tuple[Held, Rows]], *statements: tuple[Statement, Rows]) -> None:
    """Run statements that write, none of them what another reads or writes, if what they rest on is held.

    Locks are taken a table at a time, in the order given: the one in which all others take them, too. Call it inside
    `autocommit`. Raises Outdated.
    """
    guards = [each for each in held if each[1]]
    values = [array for statement, rows in (*guards, *statements) for array in statement.arrays(rows)]
    text = _written(tuple(guard for guard, _ in guards), tuple(statement for statement, _ in statements))
    if not await committing(text, values):
        raise Outdated


@lru_cache
def _read(*statements: Statement) -> str:
    """One statement of PostgreSQL that gives the rows of each as an array."""
    parts, first = [], 1
    for statement in statements:
        parts.append(f"ARRAY(SELECT ROW(part.*) FROM ({statement.numbered_from(first)}) AS part)")
        first += statement.width
    return f"SELECT {', '.join(parts)}"


@lru_cache
def _written(guards: tuple[Held, ...], statements: tuple[Statement, ...]) -> str:
    """One statement of PostgreSQL that takes the locks, table after table, and runs these if it has got them all."""
    parts, first, condition = [], 1, "TRUE"
    for guard in guards:
        locked, all_of_them = guard.numbered_from(first, condition), f"cardinality(${first}::text::bigint[])"
        parts.append(
            f"held_{first} AS MATERIALIZED (SELECT count(*) = {all_of_them} AS is_so FROM ({locked}) AS locked)"
        )
        condition = f"(SELECT is_so FROM held_{first})"
        first += guard.width
    return f"WITH {', '.join([*parts, *parts_of_one(statements, first, condition)])} SELECT {condition}"
