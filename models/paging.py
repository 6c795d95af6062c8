"""Pages of lists by keyset: what comes after this row in that order, for one list or for many in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pypika_tortoise.terms import Parameterizer
from tortoise.expressions import Q, RawSQL
from tortoise.models import Model
from tortoise.queryset import QuerySet

Row = TypeVar("Row", bound=Model)
#: Values of an order's columns: where in a list a row stands.
Position = tuple[str | int | float | bool | datetime, ...]
_LIST = "list_index"
#: The rows of a page whose size nobody gives, and those of the longest.
DEFAULT_PAGE_SIZE = 20
MOST_PAGE_SIZE = 100


@dataclass(frozen=True)
class Window:
    """The part of a list that is looked at.

    `order` names columns, with a minus for descending; the last one is unique, so that a position is one row.
    At most `limit` rows (None: all) after the position `after` and before `before`; from the list's end if `backward`.
    """

    order: tuple[str, ...]
    limit: int | None
    after: Position | None = None
    before: Position | None = None
    backward: bool = False


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of a window, in the list's order, and whether there are more on either side."""

    rows: list[Row]
    has_next: bool
    has_previous: bool


def position_of(row: Model, order: tuple[str, ...]) -> Position:
    """Where `row` stands in a list of that order."""
    return tuple(getattr(row, column.removeprefix("-")) for column in order)


async def pages(lists: Sequence[QuerySet[Row]], window: Window) -> list[Page[Row]]:
    """The same window of each list, in one statement. All lists are of one model and select the same columns."""
    wanted = [_seen_through(window, rows).annotate(**{_LIST: RawSQL(str(index))}) for index, rows in enumerate(lists)]
    found: list[list[Row]] = [[] for _ in lists]
    for row in await _together(wanted, _read_order(window)):
        found[getattr(row, _LIST)].append(row)
    return [_page(window, rows) for rows in found]


async def counts(lists: Sequence[QuerySet[Row]]) -> list[int]:
    """How many rows each list has, in one statement."""
    parameters = Parameterizer()
    parts = []
    for rows in lists:
        counted = rows.count()
        counted._choose_db_if_not_chosen()
        counted._make_query()
        context = counted.query.QUERY_CLS.SQL_CONTEXT.copy(parameterizer=parameters)
        parts.append(f"({counted.query.get_sql(context)})")
    database = lists[0]._choose_db()
    columns = ", ".join(f'{part} AS "c{index}"' for index, part in enumerate(parts))
    [row] = await database.execute_query_dict(f"SELECT {columns}", parameters.values)
    return [row[f"c{index}"] for index in range(len(parts))]


def reversed_order(order: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(column[1:] if column.startswith("-") else f"-{column}" for column in order)


def _read_order(window: Window) -> tuple[str, ...]:
    """The order in which rows are read: a window at the end is read from there."""
    return reversed_order(window.order) if window.backward else window.order


def _seen_through(window: Window, rows: QuerySet[Row]) -> QuerySet[Row]:
    if window.after is not None:
        rows = rows.filter(beyond(window.order, window.after))
    if window.before is not None:
        rows = rows.filter(beyond(reversed_order(window.order), window.before))
    rows = rows.order_by(*_read_order(window))
    # One more than asked for tells whether there are more.
    return rows if window.limit is None else rows.limit(window.limit + 1)


def beyond(order: tuple[str, ...], position: Position) -> Q:
    """Rows that come after `position`: the first column is past it, or equal to it and the next one is, and so on.

    The first column's bound is said once more by itself, so that the database can start there in the order's index.
    """
    equal: dict[str, Any] = {}
    beyond = Q()
    for column, value in zip(order, position, strict=True):
        name, comparison = (column[1:], "lt") if column.startswith("-") else (column, "gt")
        past: dict[str, Any] = equal | {f"{name}__{comparison}": value}
        beyond |= Q(**past)
        equal[name] = value
    first, comparison = (order[0][1:], "lte") if order[0].startswith("-") else (order[0], "gte")
    from_here: dict[str, Any] = {f"{first}__{comparison}": position[0]}
    return Q(**from_here) & beyond


def _page(window: Window, rows: list[Row]) -> Page[Row]:
    more = window.limit is not None and len(rows) > window.limit
    rows = rows[: window.limit]
    if window.backward:
        return Page(rows[::-1], has_next=window.before is not None, has_previous=more)
    return Page(rows, has_next=more, has_previous=window.after is not None)


async def _together(lists: Sequence[QuerySet[Row]], order: tuple[str, ...]) -> list[Row]:
    """All rows of all lists, list by list, each in its order."""
    if len(lists) == 1:
        return list(await lists[0])
    parameters = Parameterizer()
    parts: list[str] = []
    for rows in lists:
        rows._db = rows._choose_db()
        rows._make_query()
        context = rows.query.QUERY_CLS.SQL_CONTEXT.copy(parameterizer=parameters)
        parts.append(f'SELECT * FROM ({rows.query.get_sql(context)}) AS "l{len(parts)}"')
    columns = [f'"{column.removeprefix("-")}"{" DESC" if column.startswith("-") else ""}' for column in order]
    sql = f'{" UNION ALL ".join(parts)} ORDER BY "{_LIST}", {", ".join(columns)}'
    first: Any = lists[0]
    executor = first._db.executor_class(model=first.model, db=first._db, select_related_idx=first._select_related_idx)
    return list(await executor.execute_select(sql, parameters.values, custom_fields=[_LIST]))
