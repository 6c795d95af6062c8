"""From what is to be read to SQL: one statement for all parents of a list, with the viewer's rules in it.

Row sets come from the same functions as everywhere else (`visible_<things>(viewer)`, `services.finding`), called once
with terms in the place of values. What the client sent is only ever a parameter; so is the viewer's id.

    one parent        SELECT columns FROM thread LEFT JOIN users .. WHERE .. = $1 ORDER BY .. LIMIT 10
    many parents      FROM unnest($1) keys CROSS JOIN thread_tag .. WHERE thread_id = keys.key
    first n of each   FROM unnest($1) keys CROSS JOIN LATERAL (SELECT .. WHERE parent_id = keys.key LIMIT 5) page
                      SQLite has no LATERAL: CROSS JOIN post ON post.id IN (SELECT id .. LIMIT 5)

A page's size is a literal, since PostgreSQL plans a LIMIT that it does not know badly, and sizes are few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from pypika_tortoise.enums import Order
from pypika_tortoise.queries import QueryBuilder, Table
from pypika_tortoise.terms import Term
from tortoise import fields
from tortoise.connection import get_connection
from tortoise.expressions import Q, RawSQL, ResolveContext
from tortoise.functions import Count as CountFunction
from tortoise.queryset import QuerySet

from models.paging import Window, beyond, reversed_order
from planner.selection import CannotPlan
from planner.shapes import Cell, Count, Path, Rows
from planner.terms import KEYS, PARENT, VIEWER, WRITER, Keys, Lateral, Slot, Slots
from services.actors import Writer


@dataclass(frozen=True)
class Ends:
    """What of a page decides how its statement reads: how many rows, and from which ends."""

    limit: int | None = None
    has_after: bool = False
    has_before: bool = False
    backward: bool = False


@dataclass(frozen=True)
class Statement:
    """SQL, and what its parameters are: a `Slot`, whose value comes with the request, or the value itself."""

    sql: str
    parameters: tuple[Any, ...]
    #: Whether a list of keys goes as JSON: SQLite has no arrays.
    keys_as_json: bool

    def values(self, viewer: Any, parent: Any, window: Window | None) -> list[Any]:
        """The parameters' values: for the parent of that key, or those parents, and the page that begins there."""
        return [
            slot_value(each.name, viewer, parent, window, as_json=self.keys_as_json) if type(each) is Slot else each
            for each in self.parameters
        ]


def slot_value(name: Any, viewer: Any, parent: Any, window: Window | None, *, as_json: bool = False) -> Any:
    """The value of a slot in a request."""
    if name == PARENT:
        return parent
    if name == KEYS:
        return orjson.dumps(parent).decode() if as_json else parent
    if name == VIEWER:
        return viewer.id
    if name == WRITER:
        return viewer.key
    end, place = name
    return getattr(window, end)[place]


class Builder:
    """Writes the statements of viewers who are alike, in the dialect of a database."""

    def __init__(self, dialect: str, viewer: Any) -> None:
        self.dialect = dialect
        self.viewer = viewer

    def rows(self, rows: Rows, ends: Ends = Ends(), parent: Any = None) -> Statement:
        """The statement that reads `rows`; `parent` is the value of a listing that is read `by_value`."""
        slots = Slots(self.dialect)
        return Statement(self.select(rows, ends, parent, slots), tuple(slots.values), self.dialect == "sqlite")

    def count(self, count: Count, parent: Any = None) -> Statement:
        """The statement that counts."""
        slots = Slots(self.dialect)
        return Statement(self.counting(count, parent, slots), tuple(slots.values), self.dialect == "sqlite")

    def select(self, rows: Rows, ends: Ends, parent: Any, slots: Slots, keys: str = "") -> str:
        """The SELECT that reads `rows`. Their parents' keys are parameters, or come from the query `keys`."""
        select = _Select(self, slots, rows, keys)
        if rows.has_one_parent:
            query = select.of_one(parent if rows.listing.by_value else self._key(slots, keys), ends)
        elif ends.limit is None:
            query = select.of_many()
        elif self.dialect == "postgres":
            query = select.first_of_each(ends)
        else:
            query = select.first_of_each_in_sqlite(ends)
        return self._written(query, slots, by_value=rows.listing.by_value)

    def counting(self, count: Count, parent: Any, slots: Slots, keys: str = "") -> str:
        """The SELECT that counts, as `select` reads."""
        if count.has_one_parent:
            query = self._counted(count, slots, parent if count.listing.by_value else self._key(slots, keys))
        else:
            given = Keys(slots, array_of([count.parent] if count.parent else []), keys)
            key = given.field(given.column)
            query = self._from(given).select(self._counted(count, slots, key), key)
        return self._written(query, slots, by_value=count.listing.by_value)

    def _counted(self, count: Count, slots: Slots, key: Any) -> QueryBuilder:
        table = Table(count.listing.model._meta.db_table, alias="t0")
        found = count.listing.rows(self.looking(slots), key)
        return filtered(self._from(table).select(CountFunction("*").database_func("*")), found, table)

    @staticmethod
    def _key(slots: Slots, keys: str) -> Term:
        return RawSQL(f"({keys})") if keys else Slot(PARENT, slots)

    def looking(self, slots: Slots) -> Any:
        """The viewer as row sets see them: all that rules look at, and a slot for what names them."""
        if self.viewer is None:
            return None
        if isinstance(self.viewer, Writer):
            return Writer(cast(str, Slot(WRITER, slots)))
        viewer = object.__new__(type(self.viewer))
        viewer.__dict__.update(self.viewer.__dict__)
        viewer.id = Slot(VIEWER, slots)
        return viewer

    def _from(self, table: Table) -> QueryBuilder:
        query: QueryBuilder = get_connection("default").query_class.from_(table)
        return query

    @staticmethod
    def _written(query: QueryBuilder, slots: Slots, *, by_value: bool) -> str:
        # Constants of ours are literals, which the database plans best with. A listing by value holds what the
        # client sent, and nobody can tell it from them: there all are parameters but a few words (see `Slots`).
        context = query.QUERY_CLS.SQL_CONTEXT.copy(parameterizer=slots if by_value else None)
        sql: str = query.get_sql(context)
        return sql


class _Select:
    """One statement in the making."""

    def __init__(self, builder: Builder, slots: Slots, rows: Rows, keys: str) -> None:
        self.builder = builder
        self.slots = slots
        self.rows = rows
        self.keys = Keys(slots, array_of(rows.parents), keys)
        self.viewer = builder.looking(slots)
        self.tables: dict[Path, Table] = {(): Table(rows.model._meta.db_table, alias="t0")}

    def of_one(self, parent: Any, ends: Ends) -> QueryBuilder:
        """The rows of one parent."""
        table = self.tables[()]
        query = filtered(self.joined(self.builder._from(table)), self.listed(parent, ends), table)
        return self.limited(query.select(*self.columns()), table, ends)

    def of_many(self) -> QueryBuilder:
        """All rows of many parents, each with its parent's key as the last column."""
        keys = self.keys
        table = self.tables[()]
        query = self.joined(self.builder._from(keys).cross_join(table).cross())
        query = filtered(query, self.listed(keys.field(keys.column), Ends()), table)
        return self.ordered(query.select(*self.columns(), keys.field(keys.column)), table, self.rows.order)

    def first_of_each(self, ends: Ends) -> QueryBuilder:
        """The same page of many parents."""
        keys = self.keys
        table = self.tables[()]
        inner = filtered(self.joined(self.builder._from(table)), self.listed(keys.field(keys.column), ends), table)
        cells = [column.as_(f"c{index}") for index, column in enumerate(self.columns())]
        order = self.read_order(ends)
        places = [table.field(column.removeprefix("-")).as_(f"o{index}") for index, column in enumerate(order)]
        page = Lateral(self.limited(inner.select(*cells, *places), table, ends))
        query = self.builder._from(keys).cross_join(page).cross()
        query = query.select(*(page.field(f"c{index}") for index in range(len(cells))), keys.field(keys.column))
        signs = ("-" if column.startswith("-") else "" for column in order)
        return self.ordered(query, page, [f"{sign}o{index}" for index, sign in enumerate(signs)])

    def first_of_each_in_sqlite(self, ends: Ends) -> QueryBuilder:
        """The same page of many parents, without LATERAL: its rows are found by id."""
        keys = self.keys
        table, found = self.tables[()], Table(self.rows.model._meta.db_table, alias="found")
        inner = filtered(self.builder._from(found), self.listed(keys.field(keys.column), ends), found)
        ids = self.limited(inner.select(found.field("id")), found, ends)
        query = self.joined(self.builder._from(keys).cross_join(table).cross())
        query = query.where(table.field("id").isin(ids)).select(*self.columns(), keys.field(keys.column))
        return self.ordered(query, table, self.read_order(ends))

    def columns(self) -> list[Term]:
        cells: list[Term] = [self.tables[path].field(column) for path, column in self.rows.cells]
        return cells or [RawSQL("1")]

    def joined(self, query: QueryBuilder) -> QueryBuilder:
        """`query` with the tables of the to-one relations, each with the rule for who may see its rows."""
        for path, join in self.rows.joins.items():
            table = Table(join.listing.model._meta.db_table, alias=f"t{len(self.tables)}")
            self.tables[path] = table
            key = self.tables[join.path].field(join.column)
            modifier = resolved(join.listing.rows(self.viewer, key), table)
            if modifier.joins:
                raise CannotPlan(f"{join.listing.name}: its rule looks at other tables")
            query = query.left_join(table).on(modifier.where_criterion)
        return query

    def listed(self, parent: Any, ends: Ends) -> QuerySet[Any]:
        """The listing's rows beyond the cursors of the page."""
        rows = self.rows.listing.rows(self.viewer, parent)
        order = self.rows.order
        if ends.has_after:
            rows = rows.filter(beyond(order, self.position("after")))
        if ends.has_before:
            rows = rows.filter(beyond(reversed_order(order), self.position("before")))
        return rows

    def position(self, end: str) -> tuple[Any, ...]:
        return tuple(Slot((end, place), self.slots) for place in range(len(self.rows.order)))

    def read_order(self, ends: Ends) -> Sequence[str]:
        return reversed_order(self.rows.order) if ends.backward else self.rows.order

    def limited(self, query: QueryBuilder, table: Table, ends: Ends) -> QueryBuilder:
        query = self.ordered(query, table, self.read_order(ends))
        limit = 1 if self.rows.is_one else ends.limit
        return query if limit is None else query.limit(RawSQL(str(int(limit))))

    @staticmethod
    def ordered(query: QueryBuilder, table: Table, order: Sequence[str]) -> QueryBuilder:
        for column in order:
            direction = Order.desc if column.startswith("-") else Order.asc
            query = query.orderby(table.field(column.removeprefix("-")), order=direction)
        return query


def resolved(rows: QuerySet[Any], table: Table) -> Any:
    """The conditions of a row set, of that table: Tortoise's own reading of them."""
    context = ResolveContext(model=rows.model, table=table, annotations={}, custom_filters={})
    return Q(*rows._q_objects).resolve(context)


def filtered(query: QueryBuilder, rows: QuerySet[Any], table: Table) -> QueryBuilder:
    """`query` of `table` for these rows alone."""
    modifier = resolved(rows, table)
    joined = set()
    for other, criterion in modifier.joins:
        if other.get_table_name() not in joined:
            joined.add(other.get_table_name())
            query = query.left_join(other).on(criterion)
    return query.where(modifier.where_criterion)


def array_of(parents: Sequence[Cell]) -> str:
    """PostgreSQL's type for a list of these keys."""
    for parent in parents:
        [(path, column)] = [place for place, index in parent.rows.cells.items() if index == parent.index]
        if isinstance(parent.rows.model_at(path)._meta.fields_map[column], fields.CharField):
            return "text[]"
    return "bigint[]"
