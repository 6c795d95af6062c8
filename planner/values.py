"""How a value of a column becomes a value of the answer, or the value that Python code works with.

The databases give some columns as they need them: SQLite has no booleans and keeps times and lists as text. A
`Reader` says what is still to be done; most columns need nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import orjson
from graphql import GraphQLEnumType, GraphQLNonNull, GraphQLOutputType, GraphQLString, get_nullable_type
from tortoise import fields

_INT_BITS = 31
#: The lengths of PostgreSQL's `2026-11-23 09:30:00+00` and `2026-11-23 09:30:00.123456+00`.
_SECONDS, _MICROSECONDS = 22, 29


class Unplanned(Exception):
    """A value that a plan does not answer with: graphql-core's executor shall say what is to be said of it."""


@dataclass(frozen=True)
class Reader:
    """What is done to a value: looked up in a table, given to a function, or nothing at all."""

    table: Mapping[Any, Any] | None = None
    function: Callable[[Any], Any] | None = None

    def __call__(self, value: Any) -> Any:
        if self.table is not None:
            return self.table[value]
        return value if self.function is None else self.function(value)


AS_IT_IS = Reader()


class Memo(dict[Any, Any]):
    """What a function gave for its one argument, which alone decides it: a table that fills itself, up to `MOST`.

    A plan looks into it instead of calling, which takes three times as long; the values are ready for JSON.
    """

    #: A page shows hundreds, and most of them again and again; some 100 bytes each.
    MOST = 10_000

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def __call__(self, key: Any) -> Any:
        return self[key]

    def __missing__(self, key: Any) -> Any:
        value = self.function(key)
        if len(self) >= self.MOST:
            self.clear()
        self[key] = value
        return value


def answered(column: fields.Field[Any], wanted: GraphQLOutputType, dialect: str) -> Reader:
    """How a column's value becomes one of the GraphQL type `wanted`, ready for JSON."""
    required = isinstance(wanted, GraphQLNonNull)
    leaf = get_nullable_type(wanted)
    if isinstance(leaf, GraphQLEnumType):
        return Reader(
            table=_nullable({each.value: leaf.coerce_output_value(each) for each in _members(column)}, required)
        )
    if isinstance(column, fields.BooleanField) and dialect == "sqlite":
        return Reader(table=_nullable({0: False, 1: True}, required))
    if isinstance(column, fields.DatetimeField):
        return _unless_null(_moment_text if dialect == "sqlite" else _moment_shown, column.null, required)
    if isinstance(column, fields.JSONField):
        return _unless_null(_list_of_texts, column.null, required)
    if isinstance(column, fields.BigIntField):
        return _unless_null(_int, column.null, required)
    return Reader(function=given) if required and column.null else AS_IT_IS


def python(column: fields.Field[Any], dialect: str, *, optional: bool = False) -> Reader:
    """How a column's value becomes the one that Tortoise gives; null where it is `optional` and there is no row."""
    if isinstance(column, fields.data.IntEnumFieldInstance | fields.data.CharEnumFieldInstance):
        return Reader(table=_nullable({each.value: each for each in _members(column)}, False))
    if isinstance(column, fields.BooleanField) and dialect == "sqlite":
        return Reader(table=_nullable({0: False, 1: True}, False))
    if isinstance(column, fields.DatetimeField):
        read = datetime.fromisoformat if dialect == "sqlite" else _moment
        return _unless_null(read, column.null or optional, False)
    if isinstance(column, fields.JSONField):
        return _unless_null(orjson.loads, column.null or optional, False)
    return AS_IT_IS


def completed(wanted: GraphQLOutputType) -> Callable[[Any], Any]:
    """The function that makes what Python code gave a value of the leaf type `wanted`. It raises Unplanned."""
    if isinstance(wanted, GraphQLNonNull):
        nullable = completed(wanted.of_type)
        if wanted.of_type is GraphQLString:
            return lambda value: value if type(value) is str else nullable(given(value))
        return lambda value: nullable(given(value))
    if hasattr(wanted, "of_type"):
        item = completed(wanted.of_type)
        return lambda value: None if value is None else [item(each) for each in value]
    if wanted is GraphQLString:
        return lambda value: value if value is None or type(value) is str else GraphQLString.coerce_output_value(value)
    serialize: Callable[[Any], Any] = wanted.coerce_output_value  # type: ignore[union-attr]
    return lambda value: None if value is None else serialize(value)


def given(value: Any) -> Any:
    """A value that must be there. Raises Unplanned where it is null."""
    if value is None:
        raise Unplanned("a null where none may be")
    return value


def _members(column: Any) -> type[Enum]:
    enum: type[Enum] = column.enum_type
    return enum


def _nullable(table: dict[Any, Any], required: bool) -> dict[Any, Any]:
    return table if required else {**table, None: None}


def _unless_null(function: Callable[[Any], Any], is_nullable: bool, required: bool) -> Reader:
    if not is_nullable:
        return Reader(function=function)
    if required:
        return Reader(function=lambda value: function(given(value)))
    return Reader(function=lambda value: None if value is None else function(value))


def _moment_text(stored: str) -> str:
    """SQLite's `2026-11-23 09:30:00+00:00` as the scalar DateTime writes it."""
    if stored[-6:] != "+00:00":
        return datetime.fromisoformat(stored).astimezone(UTC).isoformat().replace("+00:00", "Z")
    return f"{stored[:10]}T{stored[11:-6]}Z"


def _moment_shown(stored: datetime | str) -> datetime | str:
    """PostgreSQL's `2026-11-23 09:30:00+00` as the scalar DateTime writes it; what has another length JSON's writer."""
    if type(stored) is str and len(stored) in (_SECONDS, _MICROSECONDS):
        return f"{stored[:10]}T{stored[11:-3]}Z"
    return _moment(stored)


def _moment(stored: datetime | str) -> datetime:
    """A moment as PostgreSQL's driver gives it, or in PostgreSQL's words: see `planner.compound`."""
    return datetime.fromisoformat(stored) if isinstance(stored, str) else stored


def _int(value: int) -> int:
    if value >> _INT_BITS not in (0, -1):
        raise Unplanned("a number beyond 32 bits")
    return value


def _list_of_texts(stored: str) -> list[str]:
    texts: list[str] = orjson.loads(stored)
    return texts
