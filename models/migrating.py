"""Bringing the database to this version's schema, with Tortoise's migration files and its table of those applied."""

from collections.abc import Callable
from typing import Any

from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_editor import BaseSchemaEditor

from models.engines.schema import CannotMigrate

__all__ = ["CannotMigrate", "migrate", "pending"]


async def pending(package: str = "models") -> list[str]:
    """The names of the migrations that this database still needs, in order.

    Raises CannotMigrate if it has some that this version does not know.
    """
    return [migration.name for migration in await Executor(get_connection("default"), package).pending()]


async def migrate(on_progress: Callable[[str], object], package: str = "models") -> list[str]:
    """Apply the pending migrations, calling `on_progress` with the name of each before it; return their names.

    Each takes place entirely, with its line in the table of those applied, or not at all, and then its error ends
    the run. Several processes may migrate at once: each looks what is next when it has the schema for itself.
    Raises CannotMigrate for what the schema editors refuse.
    """
    applied: list[str] = []
    while name := await apply_next(on_progress, package):
        applied.append(name)
    return applied


async def apply_next(on_progress: Callable[[str], object], package: str) -> str | None:
    """Apply the next migration, if there is one; return its name."""
    connection: Any = get_connection("default")
    async with connection.changing_schema() as transaction:
        executor = Executor(transaction, package)
        await executor.recorder.ensure_schema(executor._schema_editor())
        migration = next(iter(await executor.pending()), None)
        if migration is None:
            return None
        on_progress(migration.name)
        EXECUTOR_CACHE.clear()  # statements for the tables as they were
        try:
            await executor.apply(migration)
        except Exception as error:
            error.add_note(f"This happened in migration {migration.name}, of which nothing was done.")
            raise
        finally:
            EXECUTOR_CACHE.clear()
    return migration.name


class Executor(MigrationExecutor):
    """Tortoise's executor, with the schema editors of our engines, inside the transaction that it is given."""

    connection: Any

    def __init__(self, connection: Any, package: str) -> None:
        super().__init__(connection, {"models": {"migrations": f"{package}.migrations"}})

    def _schema_editor(self, atomic: bool = True, collect_sql: bool = False) -> BaseSchemaEditor:
        editor: BaseSchemaEditor = self.connection.schema_editor(self.connection, atomic, collect_sql)
        return editor

    async def pending(self) -> list[Migration]:
        """The migrations to apply, in order."""
        plan = await self.plan()
        unknown = sorted(key.name for key in self.loader.applied_migrations - self.loader.disk_migrations.keys())
        if unknown:
            raise CannotMigrate(
                f"This database was migrated by a newer version ({', '.join(unknown)}): use that version, or a backup."
            )
        return [step.migration for step in plan]

    async def apply(self, migration: Migration) -> None:
        """Apply one migration and note that it is."""
        if not migration.atomic:
            raise CannotMigrate(f"{migration.name} says atomic = False: every migration is one transaction here.")
        state = await self._project_state(self.loader.applied_migrations)
        await migration.apply(state, schema_editor=self._schema_editor())
        await self.recorder.record_applied(migration.app_label, migration.name)
