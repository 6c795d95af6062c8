"""Changing PostgreSQL's schema: nothing is dropped that was not named, and foreign keys follow their models."""

from typing import Any

from tortoise.fields.base import Field
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.indexes import Index
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor as StockEditor
from tortoise.models import Model

from models.engines.schema import SchemaEditor, column_of, key_field, refuse_other_type


class PostgresSchemaEditor(SchemaEditor, StockEditor):
    """Tortoise's editor without CASCADE: who depends on what is dropped makes it fail."""

    DELETE_TABLE_TEMPLATE = "DROP TABLE {table}"
    DELETE_FIELD_TEMPLATE = 'ALTER TABLE {table} DROP COLUMN "{column}"'

    async def add_field(self, model: type[Model], field_name: str) -> None:
        field = key_field(model, field_name)
        column, value = column_of(field), await self.value_for_old_rows(model, field)
        default = "" if value is None else f" DEFAULT {value}"
        await self._run_sql(f"ALTER TABLE {self.table(model)} ADD COLUMN {self.definition(model, column)}{default}")
        if default:
            await self._run_sql(f"ALTER TABLE {self.table(model)} ALTER COLUMN {self.quote(column)} DROP DEFAULT")
        if field.index and not field.pk:
            await self.add_index(model, Index(fields=(column,)))
        if field.description:
            await self._alter_column_comment(model, field, field)

    async def remove_field(self, model: type[Model], field: Field[Any]) -> None:
        await super().remove_field(model, key_field(model, field.model_field_name))

    async def alter_field(self, old_model: type[Model], new_model: type[Model], field_name: str) -> None:
        old, new = key_field(old_model, field_name), key_field(new_model, field_name)
        refuse_other_type(new_model, old, new)
        if old.null and not new.null and (value := await self.value_for_old_rows(new_model, new)) is not None:
            column, table = self.quote(column_of(old)), self.table(new_model)
            await self._run_sql(f"UPDATE {table} SET {column} = {value} WHERE {column} IS NULL")  # noqa: S608
        await super().alter_field(old_model, new_model, field_name)
        old_relation, new_relation = old_model._meta.fields_map[field_name], new_model._meta.fields_map[field_name]
        if isinstance(old_relation, ForeignKeyFieldInstance) and isinstance(new_relation, ForeignKeyFieldInstance):
            await self._alter_foreign_key(new_model, old_relation, new_relation)

    async def _alter_foreign_key(
        self, model: type[Model], old: ForeignKeyFieldInstance[Any], new: ForeignKeyFieldInstance[Any]
    ) -> None:
        old_target, new_target = old.related_model._meta.db_table, new.related_model._meta.db_table
        if (old.on_delete, old_target) == (new.on_delete, new_target):
            return
        column, to_column = column_of(new), column_of(new.to_field_instance)
        rows = await self.client.execute_query_dict(
            "SELECT conname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND ARRAY[attnum] = conkey"
            " WHERE conrelid = to_regclass($1) AND contype = 'f' AND attname = $2",
            [self.table(model), column],
        )
        drops = "".join(f"DROP CONSTRAINT {self.quote(row['conname'])}, " for row in rows)
        name = self._generate_fk_name(model._meta.db_table, column, new_target, to_column)
        await self._run_sql(
            f"ALTER TABLE {self.table(model)} {drops}"
            f"ADD CONSTRAINT {self.quote(name)} FOREIGN KEY ({self.quote(column)})"
            f" REFERENCES {self.table(new.related_model)} ({self.quote(to_column)}) ON DELETE {new.on_delete}"
        )
