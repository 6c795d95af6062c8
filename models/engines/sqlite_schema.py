"""Changing SQLite's schema: a table is rebuilt from its own text, with its rows, indexes, triggers and counter."""

import re
from collections.abc import Mapping
from typing import Any

from tortoise.fields.base import Field
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.schema_editor import SqliteSchemaEditor as StockEditor
from tortoise.models import Model

from models.engines.schema import CannotMigrate, SchemaEditor, column_of, key_field, refuse_other_type
from models.engines.table_text import TableText


class SqliteSchemaEditor(SchemaEditor, StockEditor):
    """Tortoise's editor, whose rebuilt tables lose nothing. It works inside `SqliteClient.changing_schema` only."""

    async def _run_sql(self, sql: str) -> None:
        await self.client.execute_script(sql)

    # SQLite keeps comments as text of the table: another wording would be another table.

    def _get_table_comment_sql(self, table: str, comment: str) -> str:
        return ""

    def _get_column_comment_sql(self, table: str, column: str, comment: str) -> str:
        return ""

    async def add_field(self, model: type[Model], field_name: str) -> None:
        field = key_field(model, field_name)
        value = await self.value_for_old_rows(model, field)
        table = await self.text(model)
        await self.rebuild(
            model,
            table.with_column(self.definition(model, column_of(field))),
            {} if value is None else {column_of(field): value},
        )
        if field.index and not field.pk:
            await self.add_index(model, Index(fields=(column_of(field),)))

    async def remove_field(self, model: type[Model], field: Field[Any]) -> None:
        column = column_of(key_field(model, field.model_field_name))
        for name in await self.indexes_of_only(model, column):
            await self._run_sql(f"DROP INDEX {self.quote(name)}")
        table = (await self.text(model)).without(column)
        await self.refuse_if_still_used(model, table, column)
        await self.rebuild(model, table)

    async def alter_field(self, old_model: type[Model], new_model: type[Model], field_name: str) -> None:
        old, new = key_field(old_model, field_name), key_field(new_model, field_name)
        refuse_other_type(new_model, old, new)
        if column_of(old) != column_of(new):
            await self._run_sql(
                self.RENAME_FIELD_TEMPLATE.format(
                    table=self.table(new_model), old_column=column_of(old), new_column=column_of(new)
                )
            )
        column = column_of(new)
        table, definition = await self.text(new_model), self.definition(new_model, column)
        if table.part(column) != definition:
            values = {}
            if old.null and (value := await self.value_for_old_rows(new_model, new)) is not None:
                values[column] = f"coalesce({self.quote(column)}, {value})"
            await self.rebuild(new_model, table.replacing(column, definition), values)
        await self.toggle_index((old_model, old), (new_model, new))

    async def add_constraint(self, model: type[Model], constraint: UniqueConstraint | CheckConstraint) -> None:
        if isinstance(constraint, CheckConstraint):
            check = self.CHECK_CONSTRAINT_CREATE_TEMPLATE.format(name=constraint.name, check=constraint.check)
            await self.rebuild(model, (await self.text(model)).with_constraint(check))
        else:
            columns = self._resolve_fields_to_columns(model, constraint.fields)
            await self._run_sql(
                self._get_index_sql(
                    model,
                    columns,
                    index_name=self.name_of(model, constraint),
                    index_type="UNIQUE",
                    extra=f" WHERE {constraint.condition}" if constraint.condition else "",
                )
            )

    async def remove_constraint(self, model: type[Model], constraint: UniqueConstraint | CheckConstraint) -> None:
        name = self.name_of(model, constraint)
        old = await self.text(model)
        table = old.without(f"CONSTRAINT {name}")
        if table != old:
            await self.rebuild(model, table)
        else:
            await self._run_sql(f"DROP INDEX {self.quote(name)}")

    async def rename_constraint(
        self,
        model: type[Model],
        old_constraint: UniqueConstraint | CheckConstraint,
        new_constraint: UniqueConstraint | CheckConstraint,
    ) -> None:
        await self.remove_constraint(model, old_constraint)
        await self.add_constraint(model, new_constraint)

    async def rename_index(self, model: type[Model], old_index: Index, new_index: Index) -> None:
        name = self._index_name_for_model(model, old_index)
        [index] = await self.query("SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?", name)
        await self._run_sql(f"DROP INDEX {self.quote(name)}")
        new_name = self.quote(self._index_name_for_model(model, new_index))
        await self._run_sql(index["sql"].replace(self.quote(name), new_name, 1))

    def name_of(self, model: type[Model], constraint: UniqueConstraint | CheckConstraint) -> str:
        """The constraint's name, given or generated."""
        if isinstance(constraint, CheckConstraint):
            return constraint.name
        columns = tuple(self._resolve_fields_to_columns(model, constraint.fields))
        return self._constraint_name_for_model(model, UniqueConstraint(fields=columns, name=constraint.name))

    async def query(self, sql: str, *values: object) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self.client.execute_query_dict(sql, list(values))
        return rows

    async def text(self, model: type[Model]) -> TableText:
        """The table as it was created, or last rebuilt."""
        name = model._meta.db_table
        [table] = await self.query("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", name)
        return TableText.parse(table["sql"])

    async def rebuild(self, model: type[Model], table: TableText, values: Mapping[str, str] | None = None) -> None:
        """Make the table anew, with the rows of the old one and, where given, other values in a column.

        This is the way of https://www.sqlite.org/lang_altertable.html#otheralter; the transaction around it has
        foreign keys off and checks them at its end.
        """
        name, new_name = model._meta.db_table, f"new__{model._meta.db_table}"
        objects = await self.query(
            "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND type <> 'table' AND sql IS NOT NULL", name
        )
        counters = await self.counters(name)
        known = {column: self.quote(column) for column in await self.stored_columns(name)} | dict(values or {})
        await self._run_sql(table.named(new_name))
        copied = [column for column in await self.stored_columns(new_name) if column in known]
        columns, sources = ", ".join(map(self.quote, copied)), ", ".join(known[column] for column in copied)
        await self._run_sql(
            f"INSERT INTO {self.quote(new_name)} ({columns}) SELECT {sources} FROM {self.quote(name)}"  # noqa: S608
        )
        await self._run_sql(f"DROP TABLE {self.quote(name)}")
        # Without this, renaming would check the triggers and views that name the table just dropped.
        await self._run_sql("PRAGMA legacy_alter_table=ON")
        await self._run_sql(f"ALTER TABLE {self.quote(new_name)} RENAME TO {self.quote(name)}")
        await self._run_sql("PRAGMA legacy_alter_table=OFF")
        for counter in counters:
            # The highest id ever given: without it, ids of deleted rows would be given again.
            await self.query("DELETE FROM sqlite_sequence WHERE name = ?", name)
            await self.query("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", name, counter["seq"])
        for created in objects:
            await self.query(created["sql"])

    async def counters(self, table: str) -> list[dict[str, Any]]:
        """The row with the table's highest id ever given, if it counts them."""
        if not await self.query("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'"):
            return []
        return await self.query("SELECT seq FROM sqlite_sequence WHERE name = ?", table)

    async def stored_columns(self, table: str) -> list[str]:
        """The columns that have values of their own: not the generated ones."""
        rows = await self.query("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", table)
        return [row["name"] for row in rows]

    async def indexes_of_only(self, model: type[Model], column: str) -> list[str]:
        """The indexes of that column alone, which go when it goes."""
        rows = await self.query(
            "SELECT list.name FROM pragma_index_list(?) AS list, pragma_index_info(list.name) AS info"
            " WHERE list.origin = 'c' AND NOT list.partial"
            " GROUP BY list.name HAVING count(*) = 1 AND max(info.name) = ?",
            model._meta.db_table,
            column,
        )
        return [row["name"] for row in rows]

    async def refuse_if_still_used(self, model: type[Model], table: TableText, column: str) -> None:
        """Refuse to remove a column that an index, a constraint, a trigger or a view names."""
        word, own = re.compile(rf"\b{re.escape(column)}\b"), re.compile(rf"\b{re.escape(model._meta.db_table)}\b")
        users = [part for part in table.parts if part not in map(table.part, table.columns) and word.search(part)]
        for row in await self.query("SELECT type, name, sql FROM sqlite_schema WHERE type <> 'table' AND sql > ''"):
            if own.search(row["sql"]) and word.search(row["sql"]):
                users.append(f"{row['type']} {row['name']}")
        if users:
            raise CannotMigrate(
                f"{model._meta.db_table}.{column} is still used by {'; '.join(users)}: "
                "remove those before it (RemoveIndex, RemoveConstraint, RunSQL), and make anew what shall stay."
            )
