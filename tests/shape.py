"""The shape of a database: as it is there, read from its catalogue, and as the models promise it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tortoise.context import require_context
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.indexes import Index as ModelIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from models.database import dialect, fetch


@dataclass(frozen=True)
class Column:
    """A column's type and default in the database's own words, and whether it may be null."""

    type: str
    is_nullable: bool
    default: str | None


@dataclass(frozen=True)
class Index:
    """An index or a unique constraint: columns, a minus before the descending ones, and the condition of its rows."""

    columns: tuple[str, ...]
    is_unique: bool = False
    condition: str | None = None


@dataclass(frozen=True)
class ForeignKey:
    column: str
    target: str
    on_delete: str


@dataclass
class Table:
    columns: dict[str, Column] = field(default_factory=dict)
    primary_key: tuple[str, ...] = ()
    indexes: set[Index] = field(default_factory=set)
    foreign_keys: set[ForeignKey] = field(default_factory=set)
    #: The names alone: PostgreSQL rewrites the conditions.
    checks: set[str] = field(default_factory=set)

    def foreign_keys_without_index(self) -> list[str]:
        """The columns by which a deleted row's references are looked for, one row after the other."""
        leading = {index.columns[0] for index in self.indexes if index.condition is None} | set(self.primary_key[:1])
        return sorted(key.column for key in self.foreign_keys if key.column not in leading)


Shape = dict[str, Table]

ON_DELETE = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}

#: PostgreSQL's names for the types that Tortoise asks for.
POSTGRES_TYPES = {
    "VARCHAR": "character varying",
    "INT": "integer",
    "BOOL": "boolean",
    "TIMESTAMPTZ": "timestamp with time zone",
}


async def present() -> Shape:
    """The shape of the connected database, without Tortoise's own table."""
    shape = await present_in_sqlite() if dialect() == "sqlite" else await present_in_postgres()
    shape.pop("tortoise_migrations", None)
    return shape


async def present_in_sqlite() -> Shape:
    shape: Shape = {}
    for row in await fetch(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
    ):
        table = shape[row["name"]] = Table()
        table.checks = set(re.findall(r'CONSTRAINT "(\w+)" CHECK', row["sql"]))
        for column in await fetch("SELECT * FROM pragma_table_info($1) ORDER BY pk", [row["name"]]):
            table.columns[column["name"]] = Column(column["type"], not column["notnull"], plain(column["dflt_value"]))
            if column["pk"]:
                table.primary_key += (column["name"],)
        for key in await fetch("SELECT * FROM pragma_foreign_key_list($1)", [row["name"]]):
            table.foreign_keys.add(ForeignKey(key["from"], f"{key['table']}.{key['to']}", key["on_delete"]))
        for index in await fetch(
            'SELECT list.name, list."unique", list.origin, sql FROM pragma_index_list($1) AS list'
            " LEFT JOIN sqlite_schema AS object ON object.name = list.name WHERE list.origin <> 'pk'",
            [row["name"]],
        ):
            columns = await fetch(
                'SELECT name, "desc" FROM pragma_index_xinfo($1) WHERE key ORDER BY seqno', [index["name"]]
            )
            names = tuple(f"{'-' if column['desc'] else ''}{column['name']}" for column in columns)
            condition = (index["sql"] or "").partition(" WHERE ")[2]
            table.indexes.add(Index(names, bool(index["unique"]), plain(condition)))
    return shape


async def present_in_postgres() -> Shape:
    shape: Shape = {}
    for row in await fetch(
        "SELECT relname, oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ):
        table = shape[row["relname"]] = Table()
        for column in await fetch(
            "SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull, pg_get_expr(adbin, adrelid) AS value"
            " FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
            " WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped",
            [row["oid"]],
        ):
            table.columns[column["attname"]] = Column(column["type"], not column["attnotnull"], plain(column["value"]))
        for index in await fetch(
            "SELECT indisprimary, indisunique, pg_get_expr(indpred, indrelid) AS condition, ARRAY(SELECT"
            "  CASE WHEN indoption[place - 1] & 1 = 1 THEN '-' ELSE '' END || pg_get_indexdef(indexrelid, place, true)"
            "  FROM generate_series(1, indnkeyatts) AS place) AS columns FROM pg_index WHERE indrelid = $1",
            [row["oid"]],
        ):
            columns = tuple(index["columns"])
            if index["indisprimary"]:
                table.primary_key = columns
            else:
                table.indexes.add(Index(columns, index["indisunique"], plain(index["condition"])))
        for constraint in await fetch(
            "SELECT conname, contype::text, confrelid::regclass::text AS target, confdeltype::text,"
            " (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]) AS column,"
            " (SELECT attname FROM pg_attribute WHERE attrelid = confrelid AND attnum = confkey[1]) AS target_column"
            " FROM pg_constraint WHERE conrelid = $1",
            [row["oid"]],
        ):
            if constraint["contype"] == "c":
                table.checks.add(constraint["conname"])
            if constraint["contype"] == "f":
                target = f"{constraint['target']}.{constraint['target_column']}"
                table.foreign_keys.add(ForeignKey(constraint["column"], target, ON_DELETE[constraint["confdeltype"]]))
    return shape


def promised(models: Iterable[type[Model]]) -> Shape:
    """The shape that the models promise to the connected kind of database."""
    return {model._meta.db_table: promised_table(model) for model in models}


def promise() -> Shape:
    """What the models of the connected package promise."""
    apps = require_context().apps
    assert apps is not None
    return promised(apps.get_models_iterable())


def promised_table(model: type[Model]) -> Table:
    meta = model._meta
    table = Table(primary_key=(meta.db_pk_column,))
    for name, column in meta.fields_db_projection.items():
        model_field = meta.fields_map[name]
        table.columns[column] = promised_column(model, model_field)
        if model_field.unique and not model_field.pk:
            table.indexes.add(Index((column,), is_unique=True))
        if model_field.index and not model_field.pk:
            table.indexes.add(Index((column,)))
    for name in meta.fk_fields | meta.o2o_fields:
        relation = meta.fields_map[name]
        assert isinstance(relation, ForeignKeyFieldInstance)
        target = f"{relation.related_model._meta.db_table}.{relation.related_model._meta.db_pk_column}"
        assert relation.source_field is not None
        table.foreign_keys.add(ForeignKey(relation.source_field, target, str(relation.on_delete)))
    for constraint in meta.constraints:
        if isinstance(constraint, CheckConstraint):
            table.checks.add(constraint.name)
        if isinstance(constraint, UniqueConstraint):
            table.indexes.add(Index(constraint.fields, is_unique=True, condition=plain(constraint.condition)))
    for columns in meta.unique_together:
        table.indexes.add(Index(columns, is_unique=True))
    for index in meta.indexes:
        assert isinstance(index, ModelIndex)
        condition = plain(index.extra.removeprefix(" WHERE "))
        table.indexes.add(Index(tuple(index.fields), index.INDEX_TYPE == "UNIQUE", condition))
    return table


def promised_column(model: type[Model], model_field: Any) -> Column:
    kind = dialect()
    if model_field.pk and model_field.generated:
        if kind == "sqlite":
            return Column("INTEGER", False, None)
        sequence = f"{model._meta.db_table}_{model_field.model_field_name}_seq"
        return Column("bigint", False, plain(f"nextval('{sequence}'::regclass)"))
    type_name = model_field.get_for_dialect(kind, "SQL_TYPE")
    if kind == "postgres":
        word, parenthesis, size = type_name.partition("(")
        type_name = POSTGRES_TYPES.get(word, word.lower()) + parenthesis + size
    default = None
    if model_field.has_db_default():
        value = model_field.db_default
        default = plain(value.sql if hasattr(value, "sql") else str(model_field.to_db_value(value, model)))
    return Column(type_name, model_field.null, default)


def plain(expression: str | None) -> str | None:
    """An expression without the casts, parentheses, quotes and capitals by which the databases' writings differ."""
    if not expression:
        return None
    without_casts = re.sub(r"::[a-z]+( (varying|precision|with(out)? time zone))*", "", expression)
    return re.sub(r"[()\"]", "", without_casts).strip("'").lower()
