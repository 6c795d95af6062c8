"""Several steps as one statement of PostgreSQL: a query for each, which finds its parents in those before it.

    WITH "s0"("c0", "c1") AS MATERIALIZED (SELECT .. FROM "thread" .. WHERE "t0"."id"=$1),
         "s1"("c0", "c1") AS MATERIALIZED (SELECT .. WHERE "t0"."thread_id"=(SELECT "c0" FROM "s0") ORDER BY ..)
    SELECT 0, "c0", "c1", NULL::text FROM "s0" UNION ALL SELECT 1, "c0", NULL, "c1" FROM "s1"

A statement that is sent and waited for costs us as much as reading and decoding fifty rows, so a page takes one.
All rows come as one table, whose columns hold now this step's values, now that one's; a step's values stand in the
first columns that have their type. (Arrays of records would be plainer, and cost twice as much to decode.) What is
materialized is read in its own order, one query after the other, and never by several processes.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from tortoise import fields

from models.paging import Window
from planner.shapes import Count, Rows
from planner.statements import Builder, Ends, array_of, slot_value
from planner.terms import VIEWER, Slot, Slots

#: Makes the row of a step of a row of the whole.
Pick = Callable[[Any], tuple[Any, ...]]


@dataclass(frozen=True)
class Compound:
    """A statement for several steps: SQL, its parameters, whose slots are named by step and name, and the layout."""

    sql: str
    parameters: tuple[Any, ...]
    picks: tuple[Pick, ...]

    def values(self, viewer: Any, parents: Sequence[Any], windows: Sequence[Window | None]) -> list[Any]:
        """The parameters' values, of parents and windows by step."""
        values = []
        for parameter in self.parameters:
            if not isinstance(parameter, Slot):
                values.append(parameter)
            elif parameter.name == VIEWER:
                values.append(viewer.id)
            else:
                step, name = parameter.name
                values.append(slot_value(name, viewer, parents[step], windows[step]))
        return values

    def by_step(self, found: Sequence[Any]) -> list[list[tuple[Any, ...]]]:
        """The rows of each step."""
        picks = self.picks
        rows: list[list[tuple[Any, ...]]] = [[] for _ in picks]
        for row in found:
            step = row[0]
            rows[step].append(picks[step](row))
        return rows


def compound(builder: Builder, steps: Sequence[Rows | Count], ends: Sequence[Ends], parents: Sequence[Any]) -> Compound:
    """The statement that reads these steps, each after those whose rows its keys come from.

    `parents` has the values of listings that are read `by_value`.
    """
    slots = Slots(builder.dialect)
    places = {step.number: place for place, step in enumerate(steps)}
    queries, columns = [], []
    for place, step in enumerate(steps):
        slots.step = place
        keys = _keys(step, places)
        if isinstance(step, Rows):
            sql = builder.select(step, ends[place], parents[place], slots, keys)
        else:
            sql = builder.counting(step, parents[place], slots, keys)
        types = _types(step)
        columns.append(_placed(types))
        names = ", ".join(f'"c{index}"' for index in range(len(types)))
        queries.append(f'"s{place}"({names}) AS MATERIALIZED ({sql})')
    layout = list(dict.fromkeys(each for step in columns for each in step))
    selects = [_selected(place, step, layout) for place, step in enumerate(columns)]
    picks = tuple(_pick([layout.index(each) + 1 for each in step]) for step in columns)
    return Compound(f"WITH {', '.join(queries)} {' UNION ALL '.join(selects)}", tuple(slots.values), picks)


def is_inside(step: Rows | Count, places: Any) -> bool:
    """Whether the parents of a step are rows of steps that stand in `places`."""
    return step.root is None and all(cell.rows.number in places for cell in step.cells_of_parents)


def _keys(step: Rows | Count, places: dict[int, int]) -> str:
    """The query of a step's keys; none where they come from outside."""
    if not is_inside(step, places):
        return ""
    found = [f'SELECT "c{cell.index}" FROM "s{places[cell.rows.number]}"' for cell in step.cells_of_parents]
    if step.has_one_parent:
        return found[0]
    return " UNION ".join(found) if len(found) > 1 else found[0].replace("SELECT", "SELECT DISTINCT", 1)


def _types(step: Rows | Count) -> list[str]:
    """The types of the columns that a step reads; those that mix well are taken for one."""
    if isinstance(step, Rows):
        types = [_type(step.model_at(path)._meta.fields_map[column]) for path, column in step.cells] or ["bigint"]
    else:
        types = ["bigint"]
    return types if step.has_one_parent else [*types, array_of(step.cells_of_parents).removesuffix("[]")]


def _type(field: fields.Field[Any]) -> str:
    if isinstance(field, fields.IntField):  # the smaller and the larger ones are, too
        return "bigint"
    if isinstance(field, fields.CharField | fields.TextField):
        return "text"
    return str(field.get_for_dialect("postgres", "SQL_TYPE"))


def _placed(types: Sequence[str]) -> list[tuple[str, int]]:
    """Where values of these types stand in the whole row: in the first, second .. column of the type."""
    seen: Counter[str] = Counter()
    places = []
    for each in types:
        places.append((each, seen[each]))
        seen[each] += 1
    return places


def _selected(place: int, columns: list[tuple[str, int]], layout: list[tuple[str, int]]) -> str:
    """The SELECT of a step's rows as rows of the whole. The first says the types, for all that follow."""
    names = {each: f'"c{index}"' for index, each in enumerate(columns)}
    values = (names.get(each) or (f"NULL::{each[0]}" if place == 0 else "NULL") for each in layout)
    return f'SELECT {place}, {", ".join(values)} FROM "s{place}"'


def _pick(columns: list[int]) -> Pick:
    if len(columns) > 1:
        return itemgetter(*columns)
    [column] = columns
    return lambda row: (row[column],)
