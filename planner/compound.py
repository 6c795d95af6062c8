"""Several steps as one statement of PostgreSQL: a query for each, which finds its parents in those before it.

    WITH "s0"("c0", "c1") AS MATERIALIZED (SELECT .. FROM "thread" .. WHERE "t0"."id"=$1),
         "s1"("c0", "c1") AS MATERIALIZED (SELECT .. WHERE "t0"."thread_id"=(SELECT "c0" FROM "s0") ORDER BY ..)
    SELECT 0, "c0", "c1", NULL::text FROM "s0" UNION ALL SELECT 1, "c0", NULL, "c1" FROM "s1"

A statement that is sent and waited for costs us as much as reading and decoding fifty rows, so a page takes one.
All rows come as one table, whose columns hold now this step's values, now that one's; a step's values stand in the
first columns that have their type. (Arrays of records would be plainer, and cost twice as much to decode.) What is
materialized is read in its own order, one query after the other, and never by several processes.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from tortoise import fields

from models.paging import Window
from planner.shapes import Count, Rows
from planner.statements import Builder, Ends, array_of, slot_value
from planner.terms import VIEWER, Slot, Slots

#: The first column of a row says of which step it is.
_PLACE = itemgetter(0)
#: Makes the row of a step of a row of the whole.
Pick = Callable[[Any], tuple[Any, ...]]


@dataclass(frozen=True)
class Compound:
    """A statement for several steps: SQL, its parameters, whose slots are named by step and name, and the layout."""

    sql: str
    parameters: tuple[Any, ...]
    #: By place of the step.
    picks: tuple[tuple[int, Pick], ...]

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

    def by_step(self, found: Sequence[Any]) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
        """The rows of each step with its place: they come step by step."""
        begin = 0
        for place, pick in self.picks:
            end = bisect_right(found, place, begin, key=_PLACE)
            yield place, list(map(pick, found[begin:end]))
            begin = end


def compound(
    builder: Builder, steps: Mapping[int, Rows | Count], ends: Sequence[Ends], parents: Sequence[Any]
) -> Compound:
    """The statement that reads these steps, each after those whose rows its keys come from; ends are by place.

    `parents` has, by place too, the values of listings that are read `by_value`.
    """
    slots = Slots(builder.dialect)
    queries, columns = [], {}
    for place, step in steps.items():
        slots.step = place
        keys = _keys(step, {each.number: place for place, each in steps.items()})
        if isinstance(step, Rows):
            sql = builder.select(step, ends[place], parents[place], slots, keys)
        else:
            sql = builder.counting(step, parents[place], slots, keys)
        types = _types(step)
        columns[place] = _placed(types)
        names = ",".join(f'"c{index}"' for index in range(len(types)))
        queries.append(f'"s{place}"({names}) AS MATERIALIZED ({sql})')
    layout = list(dict.fromkeys(each for step in columns.values() for each in step))
    selects = [
        _selected(place, step, layout, is_first=not index) for index, (place, step) in enumerate(columns.items())
    ]
    picks = tuple((place, _pick([layout.index(each) + 1 for each in step])) for place, step in columns.items())
    return Compound(f"WITH {','.join(queries)} {' UNION ALL '.join(selects)}", tuple(slots.values), picks)


def _keys(step: Rows | Count, places: Mapping[int, int]) -> str:
    """The query of a step's keys; none where they come from outside."""
    found = [
        f'SELECT "c{cell.index}" FROM "s{places[cell.rows.number]}"'
        for cell in step.cells_of_parents
        if cell.rows.number in places
    ]
    if len(found) == 1 and not step.has_one_parent:
        return found[0].replace("SELECT", "SELECT DISTINCT", 1)
    return " UNION ".join(found)


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


def _selected(
    place: int, columns: list[tuple[str, int]], layout: list[tuple[str, int]], *, is_first: bool
) -> str:
    """The SELECT of a step's rows as rows of the whole. The first says the types, for all that follow."""
    names = {each: f'"c{index}"' for index, each in enumerate(columns)}
    values = (names.get(each) or (f"NULL::{each[0]}" if is_first else "NULL") for each in layout)
    return f'SELECT {place},{",".join(values)} FROM "s{place}"'


def _pick(columns: list[int]) -> Pick:
    if len(columns) > 1:
        return itemgetter(*columns)
    [column] = columns
    return lambda row: (row[column],)
