"""Rows read and written in plain SQL, where building a statement would cost more than running it.

await database.fetch_rows(f"SELECT {columns(models.Post)} FROM post WHERE id = $1", [1])
total = Statement("UPDATE users SET points = given.points FROM given WHERE users.id = given.id",
                  id="bigint", points="integer")
await run(total, [(1, 100), (2, 110)])

`run` and `run_together` are for code inside a transaction.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, TypeVar, cast

import orjson
from tortoise import fields
from tortoise.connection import get_connection
from tortoise.models import Model

from models.database import dialect
from models.engines.transactions import OpenTransaction

Row = TypeVar("Row", bound=Model)
Rows = Sequence[Sequence[Any]]

_LOCK = re.compile(r"\bFOR NO KEY UPDATE OF \w+")


def columns(model: type[Model], table: str = "") -> str:
    """The columns of a model, as `instance` takes them; with the table's name before each, if it is given.

    Tortoise knows those of a model's relations from the first `connect` on.
    """
    return ", ".join(f"{table}.{column}" if table else column for column in model._meta.fields_db_projection.values())


def instance(model: type[Row], row: Sequence[Any]) -> Row:
    """The object of a row as the driver gives it, whose values are those of `columns`.

    As Tortoise makes it, in a fifth of the time.
    """
    names, conversions, is_pk_given = _shape(model)
    made = model.__new__(model)
    values = vars(made)
    values.update(zip(names, row, strict=True))
    for name, converted in conversions:
        if values[name] is not None:
            values[name] = converted(values[name])
    values.update(_partial=False, _saved_in_db=True, _custom_generated_pk=is_pk_given, _await_when_save={})
    return made


@cache
def _shape(model: type[Model]) -> tuple[tuple[str, ...], tuple[tuple[str, Callable[[Any], Any]], ...], bool]:
    """The attributes that are columns, how those become Python's that no driver gives so, and whose the key is."""
    meta = model._meta
    names = tuple(meta.fields_db_projection)
    conversions = [(name, conversion) for name in names if (conversion := _conversion(meta.fields_map[name]))]
    return names, tuple(conversions), meta.db_pk_column not in meta.generated_db_fields


def _conversion(field: fields.Field[Any]) -> Callable[[Any], Any] | None:
    if isinstance(field, fields.DatetimeField):
        return _moment
    if isinstance(field, fields.BooleanField):
        return bool
    if enum := getattr(field, "enum_type", None):
        return cast(Callable[[Any], Any], enum)
    return None if type(field).to_python_value is fields.Field.to_python_value else field.to_python_value


def _moment(value: datetime | str) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # which SQLite's own clock leaves out


class Statement:
    """A statement with rows as its parameters, the same for one row and for many: in its SQL they are a table `given`.

    Names the columns of `given`, each with PostgreSQL's type. Locks are for PostgreSQL: SQLite's one writer needs none.
    """

    def __init__(self, sql: str, **columns: str) -> None:
        self._sql = sql
        self._columns = columns
        parts = (f"{_from_json(place, kind)} AS {name}" for place, (name, kind) in enumerate(columns.items()))
        self.sqlite = f"WITH given AS (SELECT {', '.join(parts)} FROM json_each(?1)) {_LOCK.sub('', sql)}"
        self.postgres = self.numbered_from(1)

    def numbered_from(self, first: int, condition: str = "TRUE") -> str:
        """The statement in PostgreSQL's words, with parameters from $`first` on; unless `condition`, for no rows."""
        if not self._columns:
            return self._sql
        arrays = ", ".join(_array(place, kind) for place, kind in enumerate(self._columns.values(), start=first))
        given = f"SELECT * FROM unnest({arrays}) WHERE {condition}"
        return f"WITH given({', '.join(self._columns)}) AS ({given}) {self._sql}"

    @property
    def width(self) -> int:
        """How many columns the rows have: so many parameters are PostgreSQL's."""
        return len(self._columns)

    def arrays(self, rows: Rows) -> list[Any]:
        """PostgreSQL's parameters."""
        columns = ([row[place] for row in rows] for place in range(self.width))
        return [
            column if kind == "text" else f"{{{as_json(column)[1:-1]}}}"
            for kind, column in zip(self._columns.values(), columns, strict=True)
        ]


async def run(statement: Statement, rows: Rows) -> list[Any]:
    """What a statement gives for these rows: rows again, indexed like tuples."""
    [found] = await run_together((statement, rows))
    return found


async def run_together(*statements: tuple[Statement, Rows]) -> list[list[Any]]:
    """What each of some statements gives for its rows; on SQLite by one call of the connection's thread."""
    if dialect() == "sqlite":
        texts = [(statement.sqlite, [as_json(rows)]) for statement, rows in statements]
    else:
        texts = [(statement.postgres, statement.arrays(rows)) for statement, rows in statements]
    return await cast(OpenTransaction, get_connection("default")).execute_all(texts)


async def write_together(*statements: tuple[Statement, Rows]) -> None:
    """Run statements that write, none of them what another reads or writes; on PostgreSQL they are one statement."""
    if dialect() == "sqlite":
        await run_together(*statements)
        return
    values = [array for statement, rows in statements for array in statement.arrays(rows)]
    text = _as_one(*(statement for statement, _ in statements))
    await cast(OpenTransaction, get_connection("default")).execute_all([(text, values)])


@lru_cache
def _as_one(*statements: Statement) -> str:
    """One statement of PostgreSQL that runs these, all on the state from before it."""
    return f"WITH {', '.join(parts_of_one(statements))} SELECT 1"


def parts_of_one(statements: Sequence[Statement], first: int = 1, condition: str = "TRUE") -> Iterator[str]:
    """Statements as named parts of one, whose parameters are numbered through; unless `condition`, for no rows."""
    for statement in statements:
        yield f"part_{first} AS ({statement.numbered_from(first, condition)})"
        first += statement.width


def as_json(values: Sequence[Any]) -> str:
    """A list, or SQLite's parameter."""
    return orjson.dumps(values).decode()


def _array(place: int, kind: str) -> str:
    """PostgreSQL's words for a column of rows, which comes as text: asyncpg takes ten times as long for an array."""
    return f"${place}::text[]" if kind == "text" else f"${place}::text::{kind}[]"


def _from_json(place: int, kind: str) -> str:
    """SQLite's words for a value of a row; moments are written as Tortoise writes them, without the T of JSON's."""
    value = f"json_extract(value, '$[{place}]')"
    return f"replace({value}, 'T', ' ')" if kind == "timestamptz" else value
