"""Rows read and written in plain SQL, where building a statement would cost more than running it.

await database.fetch_rows(f"SELECT {columns(models.Post)} FROM post WHERE id = $1", [1])
given = Given(id="bigint", points="integer")
await database.execute(f"UPDATE users SET points = given.points FROM {given} WHERE users.id = given.id",
                       given.values([(1, 100), (2, 110)]))
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import orjson
from tortoise import fields
from tortoise.models import Model

from models.database import dialect

Row = TypeVar("Row", bound=Model)


def columns(model: type[Model], table: str = "") -> str:
    """The columns of a model, as `instance` takes them; with the table's name before each, if it is given."""
    return ", ".join(f"{table}.{column}" if table else column for column in model._meta.fields_db_projection.values())


def instance(model: type[Row], row: Sequence[Any]) -> Row:
    """The object of a row as the driver gives it, whose values are those of `columns`."""
    names, moments = _names(model)
    values = dict(zip(names, row, strict=True))
    for name in moments:
        if isinstance(moment := values[name], str):
            values[name] = datetime.fromisoformat(moment)  # SQLite's; Tortoise's own parser takes ten times as long
    return model._init_from_db(**values)


@cache
def _names(model: type[Model]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns of a model, and which of them hold moments."""
    names = tuple(model._meta.fields_db_projection.values())
    return names, tuple(name for name in names if isinstance(model._meta.fields_map[name], fields.DatetimeField))


class Given:
    """Rows that come as parameters, as a table to select from: the statement is the same for one row and for many.

    Names its columns, each with PostgreSQL's type. The parameters begin at $1.
    """

    def __init__(self, **columns: str) -> None:
        self._columns = columns

    def __str__(self) -> str:
        if dialect() == "postgres":
            arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(self._columns.values(), start=1))
            return f"unnest({arrays}) AS given({', '.join(self._columns)})"
        parts = (f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(self._columns))
        return f"(SELECT {', '.join(parts)} FROM json_each($1)) AS given"

    def next(self, kind: str) -> str:
        """The placeholder of the parameter that comes after the rows, of PostgreSQL's type `kind`."""
        return f"${len(self._columns) + 1}::{kind}" if dialect() == "postgres" else "$2"

    def values(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """The parameters that hold these rows."""
        if dialect() == "postgres":
            return [[row[place] for row in rows] for place in range(len(self._columns))]
        return [orjson.dumps(rows).decode()]
