"""Migrations make what the models promise, one after the other, whoever else migrates."""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest
from shape import Shape, present, promise
from tortoise.cli.cli import run_cli_async
from tortoise.context import TortoiseContext, require_context
from tortoise.migrations.autodetector import MigrationAutodetector

from models import migrating
from models.database import configuration, connected, execute, fetch
from models.migrating import CannotMigrate, migrate, pending

#: The ledger's version of the rules: rules are never deleted, and one index entry a line would be for nothing.
FOREIGN_KEYS_WITHOUT_INDEX = {"points_entry": ["rules_id"]}


async def test_the_migrations_make_what_the_models_promise(any_url: str) -> None:
    async with connected(any_url):
        names = await pending()
        told: list[str] = []
        assert await migrate(told.append) == told == names
        assert await pending() == await migrate(told.append) == []
        assert await present() == promise()


async def test_every_foreign_key_has_an_index() -> None:
    async with connected("sqlite://:memory:"):
        lacking = {name: table.foreign_keys_without_index() for name, table in promise().items()}
        assert {name: columns for name, columns in lacking.items() if columns} == FOREIGN_KEYS_WITHOUT_INDEX


async def test_the_models_promise_no_more_than_the_migrations_say() -> None:
    async with connected("sqlite://:memory:"):
        apps = require_context().apps
        assert apps is not None
        changes = await MigrationAutodetector(apps, configuration("sqlite://:memory:")["apps"]).changes()
    assert [writer.as_string() for writer in changes] == []


async def test_later_migrations_keep_the_rows_of_the_first(any_url: str) -> None:
    async with connected(any_url):
        names = await pending()
        assert await migrating.apply_next(lambda name: None, "models") == names[0]
        rows = await fill(await present())
        assert await migrate(lambda name: None) == names[1:]
        for table, count in rows.items():
            [after] = await fetch(f"SELECT count(*) AS rows FROM {table}")
            assert after["rows"] >= count, table
        assert await present() == promise()


async def fill(shape: Shape) -> dict[str, int]:
    """Put one row into every table, with the least that it takes; how many rows each table has."""
    rows: dict[str, int] = {}
    while len(rows) < len(shape):
        for name, table in shape.items():
            targets = {key.target.partition(".")[0] for key in table.foreign_keys}
            if name in rows or not targets <= rows.keys() | {name}:
                continue
            keys = {*table.primary_key, *(key.column for key in table.foreign_keys)}
            needed = {
                column: 77 if column in keys else example(details.type)
                for column, details in table.columns.items()
                if column in table.primary_key or (not details.is_nullable and details.default is None)
            }
            numbers = ", ".join(f"${number}" for number in range(1, len(needed) + 1))
            rows[name] = await execute(
                f"INSERT INTO {name} ({', '.join(needed)}) VALUES ({numbers})", list(needed.values())
            )
    return rows


def example(type_name: str) -> object:
    """A value of that type; 77 is nobody's id yet, and 1 is within every limit."""
    if type_name.upper().startswith("TIMESTAMP"):
        return datetime(2020, 2, 29, tzinfo=UTC)
    if "CHAR" in type_name.upper() or type_name.upper() == "TEXT":
        return "x"
    return 1


Package = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """Makes a package with the library's models and the given migrations; its name."""

    def made(**migrations: str) -> str:
        folder = tmp_path / "bookshop" / "migrations"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
        (folder.parent / "__init__.py").write_text("from library import Author, Book\n")
        (folder.parent / "config.py").write_text(
            "from models.database import configuration\nCONFIG = configuration('sqlite://:memory:', 'bookshop')\n"
        )
        for name, operations in migrations.items():
            (folder / f"{name}.py").write_text(
                "from tortoise import fields, migrations\nfrom tortoise.migrations import operations as ops\n\n"
                f"class Migration(migrations.Migration):\n    {dedent(operations)}\n"
            )
        return "bookshop"

    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "bookshop"]:
        monkeypatch.delitem(sys.modules, name)
    return made


LOANS = """operations = [ops.RunSQL('CREATE TABLE loan (id BIGINT PRIMARY KEY)')]"""
LATE_LOANS = """dependencies = [('models', 'm1_loans')]; operations = [
        ops.RunSQL('ALTER TABLE loan ADD COLUMN due TEXT'), ops.RunSQL('INSERT INTO loan (id) VALUES (1)'),
        ops.RunSQL('nonsense')]"""


async def test_a_migration_that_fails_leaves_nothing_half_done(any_url: str, package: Package) -> None:
    name = package(m1_loans=LOANS, m2_late=LATE_LOANS)
    async with connected(any_url, name):
        told: list[str] = []
        with pytest.raises(Exception, match="nonsense") as failure:
            await migrate(told.append, name)
        assert told == ["m1_loans", "m2_late"]
        assert "in migration m2_late" in failure.value.__notes__[0]
        assert await pending(name) == ["m2_late"]
        assert await fetch("SELECT * FROM loan") == []
        assert list((await present())["loan"].columns) == ["id"]


async def test_a_database_of_a_newer_version_is_left_alone(any_url: str, package: Package) -> None:
    name = package(m1_loans=LOANS)
    async with connected(any_url, name):
        await migrate(lambda name: None, name)
        await execute("UPDATE tortoise_migrations SET name = 'm9_from_the_future'")
        for attempt in (pending(name), migrate(lambda name: None, name)):
            with pytest.raises(CannotMigrate, match="newer version"):
                await attempt


async def test_a_migration_that_is_not_one_transaction_is_refused(sqlite_url: str, package: Package) -> None:
    name = package(m1_loans=f"atomic = False; {LOANS}")
    async with connected(sqlite_url, name):
        with pytest.raises(CannotMigrate, match="one transaction"):
            await migrate(lambda name: None, name)


async def test_two_processes_may_migrate_at_once(any_url: str) -> None:
    async def process() -> list[str]:
        async with TortoiseContext() as context:
            await context.init(configuration(any_url))
            return await migrate(lambda name: None)

    first, second = await asyncio.gather(asyncio.create_task(process()), asyncio.create_task(process()))
    async with connected(any_url):
        assert await pending() == []
        applied = await fetch("SELECT name FROM tortoise_migrations ORDER BY id")
        assert sorted(first + second) == [row["name"] for row in applied]


async def test_tortoises_command_writes_migrations_that_keep_the_promise(
    any_url: str, package: Package, capsys: pytest.CaptureFixture[str]
) -> None:
    name = package()
    assert await run_cli_async(["-c", "bookshop.config.CONFIG", "makemigrations", "-n", "first"]) == 0
    async with connected(any_url, name):
        assert await migrate(lambda name: None, name) == ["0001_first"]
        assert await present() == promise()
    assert await run_cli_async(["-c", "bookshop.config.CONFIG", "makemigrations"]) == 0
    assert "No changes detected" in capsys.readouterr().out
