"""What Tortoise's schema editors leave out on both databases."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from tortoise.fields.base import Field
from tortoise.fields.relational import ManyToManyFieldInstance
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_editor.data import ModelSqlData
from tortoise.models import Model

from models.engines.table_text import TableText


class CannotMigrate(Exception):
    """A change of the schema that would lose something or is not understood; the message names another way."""


class SchemaEditor(BaseSchemaEditor):
    """Creates all that a model's Meta promises, writes texts as SQL texts, and gives new columns index and values."""

    def _escape_default_value(self, default: object) -> str:
        return literal(default)

    def _format_index_fields(self, field_names: Sequence[str]) -> str:
        return ", ".join(map(self._index_column, field_names))

    def _index_column(self, name: str) -> str:
        return f"{self.quote(name[1:])} DESC" if name.startswith("-") else super()._format_index_fields([name])

    def _get_index_sql(
        self,
        model: type[Model],
        field_names: Sequence[str],
        safe: bool = False,
        index_name: str | None = None,
        index_type: str | None = None,
        extra: str | None = None,
    ) -> str:
        name = index_name or self._generate_index_name("idx", model, list(field_names))
        kind = "UNIQUE INDEX" if index_type == "UNIQUE" else "INDEX"
        method = f"USING {index_type} " if index_type and index_type != "UNIQUE" else ""
        columns = self._format_index_fields(self._resolve_fields_to_columns(model, list(field_names)))
        return f"CREATE {kind} {self.quote(name)} ON {self.table(model)} {method}({columns}){extra or ''};"

    def _get_model_sql_data(self, model: type[Model]) -> ModelSqlData:
        self._checks = [
            self.CHECK_CONSTRAINT_CREATE_TEMPLATE.format(name=constraint.name, check=constraint.check)
            for constraint in model._meta.constraints
            if isinstance(constraint, CheckConstraint)
        ]
        return super()._get_model_sql_data(model)

    def _get_inner_statements(self) -> list[str]:
        return self._checks

    async def create_model(self, model: type[Model]) -> None:
        for name in model._meta.m2m_fields:
            refuse_many_to_many(model, model._meta.fields_map[name])
        await super().create_model(model)
        for constraint in model._meta.constraints:
            if isinstance(constraint, UniqueConstraint):
                await self.add_constraint(model, constraint)

    def table(self, model: type[Model]) -> str:
        """The model's table, quoted."""
        return self._qualify_table_name(model._meta.db_table, model._meta.schema)

    def definition(self, model: type[Model], column: str) -> str:
        """The column as CREATE TABLE would write it, so that added and altered columns are like created ones."""
        return TableText.parse(self._get_model_sql_data(model).table_sql).part(column)

    async def value_for_old_rows(self, model: type[Model], field: Field[Any]) -> str | None:
        """What a column that must not be null holds in the rows that are there, or None if nothing is to be done.

        Raises CannotMigrate if there are rows, and no value for them.
        """
        if field.null or field.has_db_default() or field.generated:
            return None
        if field.default is not None and not callable(field.default):
            return literal(field.to_db_value(field.default, model))
        _, rows = await self.client.execute_query(f"SELECT 1 FROM {self.table(model)} LIMIT 1")  # noqa: S608
        if rows:
            raise CannotMigrate(
                f"{model.__name__}.{field.model_field_name} must not be null and has no fixed default, but there are "
                "rows: give it db_default, or add it with null=True, fill it with RunSQL or RunPython, then alter it."
            )
        return None

    async def toggle_index(self, old: tuple[type[Model], Field[Any]], new: tuple[type[Model], Field[Any]]) -> None:
        """Create or drop the index of a column that now has or no longer has db_index=True."""
        (old_model, old_field), (new_model, new_field) = old, new
        if new_field.index and not old_field.index:
            await self.add_index(new_model, Index(fields=(column_of(new_field),)))
        if old_field.index and not new_field.index:
            await self.remove_index(old_model, Index(fields=(column_of(old_field),)))


def column_of(field: Field[Any]) -> str:
    """The field's column."""
    return field.source_field or field.model_field_name


def key_field(model: type[Model], name: str) -> Field[Any]:
    """The field that has the column: for a foreign key `author` that is `author_id`.

    Raises CannotMigrate for a field that has none.
    """
    field = model._meta.fields_map[name]
    refuse_many_to_many(model, field)
    return field if field.has_db_field else model._meta.fields_map[column_of(field)]


def refuse_many_to_many(model: type[Model], field: Field[Any]) -> None:
    """Refuse Tortoise's linking tables: they have neither a key nor an index."""
    if isinstance(field, ManyToManyFieldInstance) and not field._generated:
        raise CannotMigrate(
            f"{model.__name__}.{field.model_field_name}: write the linking table as a model with two foreign keys."
        )


def refuse_other_type(model: type[Model], old: Field[Any], new: Field[Any]) -> None:
    """Refuse to make a column of one type into one of another."""
    if old.field_type != new.field_type:
        raise CannotMigrate(
            f"{model.__name__}.{new.model_field_name} changes from {old.field_type.__name__} to "
            f"{new.field_type.__name__}: add a new field, fill it with RunSQL or RunPython, then remove the old one."
        )


def literal(value: object) -> str:
    """The value as SQLite and PostgreSQL both read it. Raises CannotMigrate for a type they would not agree on."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float() | Decimal():
            return f"{value}"
        case date():
            return f"'{value.isoformat()}'"
        case str() | UUID():
            return "'" + str(value).replace("'", "''") + "'"
    raise CannotMigrate(f"{value!r} as a default: say it in SQL with db_default=SqlDefault(...)")
