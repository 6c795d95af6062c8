"""Conditions on a row by what other tables hold, as Q objects that lists are filtered with.

Tortoise has `id IN (SELECT ..)` alone, which leaves the way to the database: it may look through all answers on the
site to find ten threads. These say the way.

    Exists  looks, for one row after the other, whether there is one: EXISTS (SELECT .. WHERE thread_id = thread.id)
    Among   begins with those that do: id IN (SELECT thread_id ..)
    OfOne   begins with the one that does: author_id = (SELECT id ..)
    Within  goes along the order, and looks whether each is among those that do

Values in them may be terms, as everywhere in a Q.
"""

from typing import Any

from pypika_tortoise.context import SqlContext
from pypika_tortoise.queries import QueryBuilder, Table
from pypika_tortoise.terms import Criterion, Term
from tortoise.expressions import Q, RawSQL, ResolveContext
from tortoise.functions import Max, Min
from tortoise.query_utils import QueryModifier
from tortoise.queryset import QuerySet

from models.database import dialect


class _Condition(Q):
    """A Q that writes its own criterion."""

    def resolve(self, resolve_context: ResolveContext) -> QueryModifier:
        return QueryModifier(where_criterion=self.criterion(resolve_context.table))

    def criterion(self, table: Table) -> Criterion:
        """The condition on a row of `table`."""
        raise NotImplementedError


class Exists(_Condition):
    """Rows whose `column` stands in the column `key` of one of `rows`; of none, if not `wanted`."""

    def __init__(self, rows: QuerySet[Any], key: str, *, column: str = "id", wanted: bool = True) -> None:
        super().__init__()
        self.rows, self.key, self.column, self.wanted = rows, key, column, wanted

    def criterion(self, table: Table) -> Criterion:
        query, found = _selecting(self.rows, table)
        query = query.select(RawSQL("1")).where(found.field(self.key) == table.field(self.column))
        return _Words("EXISTS ({})" if self.wanted else "NOT EXISTS ({})", query)


class Among(_Condition):
    """Rows whose `column` holds what the column `value` of one of `rows` does. Reading begins with those values."""

    def __init__(self, column: str, rows: QuerySet[Any], value: str = "id") -> None:
        super().__init__()
        self.column, self.rows, self.value = column, rows, value

    def criterion(self, table: Table) -> Criterion:
        query, found = _selecting(self.rows, table)
        values = query.select(found.field(self.value))
        # PostgreSQL takes an IN for a join, and may begin at either end; an array comes first.
        words = "{} = ANY(ARRAY({}))" if dialect() == "postgres" else "{} IN ({})"
        return _Words(words, table.field(self.column), values)


class OfOne(Among):
    """The same, where `rows` is one row at the most."""

    def criterion(self, table: Table) -> Criterion:
        query, found = _selecting(self.rows, table)
        return _Words("{} = ({})", table.field(self.column), query.select(found.field(self.value)))


class Within(Among):
    """The same rows; but reading walks along the index of the order, and passes by all others.

    For PostgreSQL it says once more that the value lies between the least and the greatest of them: an index that has
    the column at any place is searched for that without a look at the table's row. SQLite needs no such help, but
    where the values are others for each parent of a list, it would look them up again for each row.
    """

    def criterion(self, table: Table) -> Criterion:
        query, found = _selecting(self.rows, table)
        column, value = table.field(self.column), found.field(self.value)
        if dialect() == "sqlite" and query._foreign_table:
            return _Words("EXISTS ({})", query.select(RawSQL("1")).where(value == column))
        if dialect() == "sqlite":
            return _Words("+{} IN ({})", column, query.select(value))
        least, greatest = (query.select(end("*").database_func(value)) for end in (Min, Max))
        return (
            _Words("{} >= ({})", column, least)
            & _Words("{} <= ({})", column, greatest)
            & _Words("COALESCE({} = ANY(ARRAY({})), FALSE)", column, query.select(value))
        )


def _selecting(rows: QuerySet[Any], outer: Table) -> tuple[QueryBuilder, Table]:
    """A query of `rows` that selects nothing yet, and its table, whose name is none of those around it."""
    meta = rows.model._meta
    table = Table(meta.db_table, alias=f"{outer.get_table_name()}_{meta.db_table}")
    modifier = Q(*rows._q_objects).resolve(ResolveContext(rows.model, table, annotations={}, custom_filters={}))
    query: QueryBuilder = meta.db.query_class.from_(table)
    for joined, criterion in {other.get_table_name(): (other, on) for other, on in modifier.joins}.values():
        query = query.left_join(joined).on(criterion)
    return query.where(modifier.where_criterion), table


class _Words(Criterion):
    """Terms put into words of SQL."""

    def __init__(self, words: str, *terms: Term) -> None:
        super().__init__()
        self.words, self.terms = words, terms

    def get_sql(self, ctx: SqlContext) -> str:
        inner = ctx.copy(subquery=False, with_alias=False, with_namespace=True, subcriterion=False)
        return self.words.format(*(term.get_sql(inner) for term in self.terms))
