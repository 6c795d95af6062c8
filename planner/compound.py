"""Several steps as one statement of PostgreSQL: a query for each, which finds its parents in those before it.

    WITH "s0"("c0","c1") AS MATERIALIZED (SELECT .. FROM "thread" .. WHERE "t0"."id"=$1),
         "s1"("c0") AS MATERIALIZED (SELECT .. WHERE "t0"."thread_id"=(SELECT "c0" FROM "s0") ORDER BY ..)
    SELECT ARRAY(SELECT "c0" FROM "s0"),ARRAY(SELECT "c1" FROM "s0"),ARRAY(SELECT "c0" FROM "s1")

A statement that is sent and waited for costs us as much as reading and decoding fifty rows, so a page takes one. It
gives one row, with an array for each column of each step: no other form is decoded in less time (arrays of records
take twice as long, UNION ALL of rows that are filled up with nulls a quarter more). What is materialized is read in its
own order, once, and never by several processes; so the arrays of a step are in the same order.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from tortoise import fields

from models.paging import Window
from planner.shapes import Count, Rows
from planner.statements import Builder, Ends, slot_value
from planner.terms import VIEWER, WRITER, Slot, Slots


@dataclass(frozen=True)
class Compound:
    """A statement for several steps: SQL, its parameters, whose slots are named by step and name, and its columns."""

    sql: str
    parameters: tuple[Any, ...]
    #: By the place of each step, its columns: from this one up to that.
    columns: tuple[tuple[int, int, int], ...]

    def values(self, viewer: Any, parents: Sequence[Any], windows: Sequence[Window | None]) -> list[Any]:
        """The parameters' values, of parents and windows by step."""
        values = []
        for parameter in self.parameters:
            if not isinstance(parameter, Slot):
                values.append(parameter)
            elif parameter.name in (VIEWER, WRITER):
                values.append(slot_value(parameter.name, viewer, None, None))
            else:
                step, name = parameter.name
                values.append(slot_value(name, viewer, parents[step], windows[step]))
        return values

    def by_step(self, found: Sequence[Any]) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
        """The rows of each step, with its place."""
        arrays = tuple(found[0])
        for place, begin, end in self.columns:
            yield place, list(zip(*arrays[begin:end], strict=True))


def compound(
    builder: Builder, steps: Mapping[int, Rows | Count], ends: Sequence[Ends], parents: Sequence[Any]
) -> Compound:
    """The statement that reads these steps, each after those whose rows its keys come from; ends are by place.

    `parents` has, by place too, the values of listings that are read `by_value`.
    """
    slots = Slots(builder.dialect)
    places = {step.number: place for place, step in steps.items()}
    queries: list[str] = []
    arrays: list[str] = []
    columns: list[tuple[int, int, int]] = []
    for place, step in steps.items():
        slots.step = place
        keys = _keys(step, places)
        if isinstance(step, Rows):
            sql = builder.select(step, ends[place], parents[place], slots, keys)
        else:
            sql = builder.counting(step, parents[place], slots, keys)
        names = [f'"c{index}"' for index in range(step.width)]
        queries.append(f'"s{place}"({",".join(names)}) AS MATERIALIZED ({sql})')
        columns.append((place, len(arrays), len(arrays) + len(names)))
        for name, is_moment in zip_longest(names, _are_moments(step)):
            value = f"{name}::text" if is_moment else name
            arrays.append(f'ARRAY(SELECT {value} FROM "s{place}")')  # noqa: S608  names of ours
    return Compound(f"WITH {','.join(queries)} SELECT {','.join(arrays)}", tuple(slots.values), tuple(columns))


def _are_moments(step: Rows | Count) -> list[bool]:
    """Which columns hold moments: a text is decoded in a tenth of the time that asyncpg takes for a datetime."""
    if not isinstance(step, Rows):
        return []
    columns = (step.model_at(path)._meta.fields_map[column] for path, column in step.cells)
    return [isinstance(each, fields.DatetimeField) for each in columns]


def _keys(step: Rows | Count, places: Mapping[int, int]) -> str:
    """The query of a step's keys; none where they come from outside."""
    found = [
        f'SELECT "c{cell.index}" FROM "s{places[cell.rows.number]}"'  # noqa: S608  names of ours
        for cell in step.cells_of_parents
        if cell.rows.number in places
    ]
    if len(found) == 1 and not step.has_one_parent:
        return found[0].replace("SELECT", "SELECT DISTINCT", 1)
    return " UNION ".join(found)
