"""Migrations make what the models promise, on both databases, and lose nothing that was there."""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from library import Author, Book
from shape import ForeignKey, Index, Shape, present, promised
from tortoise import fields
from tortoise.cli.cli import run_cli_async
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext, require_context
from tortoise.exceptions import IntegrityError
from tortoise.migrations import operations as ops
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_editor import SqliteSchemaEditor as StockEditor
from tortoise.migrations.schema_generator.operation_generator import OperationGenerator
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.transactions import in_transaction

from models import migrating
from models.database import configuration, connected, dialect, execute, fetch
from models.indexes import SortedIndex
from models.migrating import CannotMigrate, migrate, pending

#: The ledger's version of the rules: rules are never deleted, and one index entry a line would be for nothing.
FOREIGN_KEYS_WITHOUT_INDEX = {"points_entry": ["rules_id"]}


def promise() -> Shape:
    """What the models of the connected package promise."""
    apps = require_context().apps
    assert apps is not None
    return promised(apps.get_models_iterable())


class Change:
    """The library's schema under change, by the operations that migrations consist of."""

    def __init__(self) -> None:
        self.state = State(models={}, apps=StateApps(default_connections={"models": "default"}))
        for operation in self.creation():
            operation.state_forward("models", self.state)

    @staticmethod
    def creation() -> list[ops.TortoiseOperation]:
        models = {("models", model.__name__): ModelState.make_from_model("models", model) for model in (Author, Book)}
        return OperationGenerator(State({}, StateApps()), State(models, StateApps())).generate()

    async def apply(self, *operations: ops.Operation) -> None:
        """Change the database as a migration of these operations would."""
        migration = Migration("change", "models")
        migration.operations = list(operations)
        before, connection = self.state.clone(), get_connection("default")
        try:
            async with connection.changing_schema() as transaction:  # type: ignore[attr-defined]
                await migration.apply(self.state, schema_editor=transaction.schema_editor(transaction))
        except BaseException:
            self.state = before
            raise

    def promise(self) -> Shape:
        """What the models would promise after the changes."""
        return promised(self.state.apps.get_models_iterable())


@pytest.fixture
def change(library: str) -> Change:
    """A change of the library's schema, in a database of either kind that has one book of one author."""
    return Change()


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


async def test_a_changed_column_keeps_rows_children_indexes_and_all(change: Change) -> None:
    await execute("CREATE INDEX by_hand ON author (lower(name)) WHERE name <> 'Le Guin; Ursula'")
    if dialect() == "sqlite":
        await execute("CREATE TRIGGER lend AFTER UPDATE ON author BEGIN UPDATE book SET copies = 9; SELECT 1; END")
        await execute("CREATE VIEW names AS SELECT name FROM author")
    await Author.create(id=50, name="the last id ever given")
    await Author.filter(id=50).delete()
    await change.apply(ops.AlterField("Author", "name", fields.CharField(max_length=60, unique=True)))

    assert (await present())["author"].columns["name"].type.endswith("(60)")
    assert await Book.all().values_list("title", "author__name") == [("The Dispossessed", "Le Guin")]
    created = "sqlite_schema WHERE sql > ''" if dialect() == "sqlite" else "pg_indexes"
    column = "name" if dialect() == "sqlite" else "indexname"
    assert {"by_hand"} <= {row[column] for row in await fetch(f"SELECT {column} FROM {created}")}
    with pytest.raises(IntegrityError):
        await Author.create(name="Le Guin")
    with pytest.raises(IntegrityError):
        await Book.create(title="Nobody's", author_id=77)
    if dialect() == "sqlite":
        assert (await Author.create(name="Lem")).id == 51
        await Author.filter(id=1).update(name="Ursula")
        assert (await Book.get(id=1)).copies == 9
        assert {"name": "Ursula"} in await fetch("SELECT name FROM names")
        await execute("DROP INDEX by_hand")
        assert await present() == change.promise()


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_tortoises_own_editor_loses_children_and_indexes(change: Change) -> None:
    migration = Migration("change", "models")
    migration.operations = [
        ops.AlterField("Author", "name", fields.CharField(max_length=60, unique=True)),
        ops.AlterField("Book", "title", fields.CharField(max_length=60, db_index=True)),
    ]
    async with in_transaction("default") as transaction:
        await migration.apply(change.state, schema_editor=StockEditor(transaction))
    assert await Book.all().count() == 0  # of one
    assert (await present())["book"].indexes == set()  # of six


async def test_a_removed_column_takes_its_own_index_and_nothing_else(change: Change) -> None:
    await change.apply(ops.AddField("Book", "pages", fields.IntField(null=True, db_index=True)))
    assert await present() == change.promise()
    await change.apply(ops.RemoveField("Book", "pages"))
    assert await present() == change.promise()
    assert await Book.all().values_list("title", "copies") == [("The Dispossessed", 1)]


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("user", ["index by_copies", "trigger count_copies", "view stock"])
async def test_a_column_that_something_uses_is_not_removed(change: Change, user: str) -> None:
    await change.apply(ops.RemoveConstraint("Book", name="book_copies"), ops.RemoveIndex("Book", name="book_by_copies"))
    await execute(
        {
            "index by_copies": "CREATE INDEX by_copies ON book (title) WHERE copies > 1",
            "trigger count_copies": "CREATE TRIGGER count_copies AFTER DELETE ON book BEGIN SELECT old.copies; END",
            "view stock": "CREATE VIEW stock AS SELECT copies FROM book",
        }[user]
    )
    with pytest.raises(CannotMigrate, match=f"book.copies is still used by {user}"):
        await change.apply(ops.RemoveField("Book", "copies"))
    assert (await Book.get(id=1)).copies == 1
    await execute(f"DROP {user}")
    await change.apply(ops.RemoveField("Book", "copies"))
    assert await present() == change.promise()


async def test_a_constraint_that_names_a_removed_column_goes_first(change: Change) -> None:
    if dialect() == "sqlite":
        with pytest.raises(CannotMigrate, match="book_copies"):
            await change.apply(ops.RemoveIndex("Book", name="book_by_copies"), ops.RemoveField("Book", "copies"))
    await change.apply(
        ops.RemoveConstraint("Book", name="book_copies"),
        ops.RemoveIndex("Book", name="book_by_copies"),
        ops.RemoveField("Book", "copies"),
    )
    assert await present() == change.promise()


async def test_an_added_column_has_its_index_and_fills_the_rows(change: Change) -> None:
    await change.apply(
        ops.AddField("Book", "pages", fields.IntField(default=300, db_index=True)),
        ops.AddField("Book", "note", fields.CharField(max_length=20, default="it's new")),
        ops.AddField("Book", "is_new", fields.BooleanField(db_default=True, description="It's on show.")),
        ops.AddField("Book", "isbn", fields.CharField(max_length=13, null=True, unique=True)),
        ops.AddField(
            "Book",
            "translator",
            fields.ForeignKeyField(
                "models.Author", related_name="translations", null=True, on_delete=fields.SET_NULL, db_index=True
            ),
        ),
    )
    assert await present() == change.promise()
    [row] = await fetch("SELECT pages, note, is_new, isbn, translator_id, copies FROM book")
    assert list(row.values()) == [300, "it's new", True, None, None, 1]
    assert await execute("UPDATE book SET translator_id = author_id") == 1


async def test_a_required_column_without_a_value_for_the_rows_is_refused(change: Change) -> None:
    with pytest.raises(CannotMigrate, match=r"Book.pages must not be null .* db_default"):
        await change.apply(ops.AddField("Book", "pages", fields.IntField()))
    await Book.all().delete()
    await change.apply(ops.AddField("Book", "pages", fields.IntField()))
    assert await present() == change.promise()


async def test_a_column_that_becomes_required_gets_its_default(change: Change) -> None:
    await Book.create(title="Rocannon's World", author_id=1)
    await change.apply(ops.AlterField("Book", "shelf", fields.CharField(max_length=10, default="floor")))
    assert await present() == change.promise()
    assert [row["shelf"] for row in await fetch("SELECT shelf FROM book ORDER BY id")] == ["L1", "floor"]


async def test_index_uniqueness_and_default_of_a_column_come_and_go(change: Change) -> None:
    changed = fields.CharField(max_length=50, unique=True, db_default="untitled")
    await change.apply(ops.AlterField("Book", "title", changed))
    assert await present() == change.promise()
    await change.apply(ops.AlterField("Book", "title", fields.CharField(max_length=50, db_index=True)))
    assert await present() == change.promise()
    assert await Book.all().count() == 1


async def test_a_foreign_key_follows_its_model(change: Change) -> None:
    relation: Any = fields.ForeignKeyField(
        "models.Author", related_name="books", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    await change.apply(ops.AlterField("Book", "author", relation))
    assert (await present())["book"].foreign_keys == {ForeignKey("author_id", "author.id", "SET NULL")}
    assert await present() == change.promise()
    await Author.all().delete()
    assert await fetch("SELECT author_id FROM book") == [{"author_id": None}]


async def test_constraints_and_indexes_come_and_go(change: Change) -> None:
    await change.apply(
        ops.AddConstraint("Book", CheckConstraint(check="title <> ''", name="book_has_title")),
        ops.AddConstraint("Book", UniqueConstraint(fields=("title",), name="book_lost_once", condition="is_lost")),
        ops.AddConstraint("Book", UniqueConstraint(fields=("title", "shelf"))),
        ops.AddIndex("Book", SortedIndex(fields=("shelf", "-id"), name="book_by_shelf", condition={"is_lost": True})),
        ops.RenameConstraint("Book", "book_copies", "book_copies_counted"),
        ops.RenameConstraint("Book", "book_once", "book_only_once"),
    )
    assert await present() == change.promise()
    for failing in ("UPDATE book SET title = ''", "UPDATE book SET copies = -1"):
        with pytest.raises(IntegrityError):
            await execute(failing)
    await change.apply(
        ops.RemoveConstraint("Book", name="book_has_title"),
        ops.RemoveConstraint("Book", name="book_lost_once"),
        ops.RemoveConstraint("Book", fields=["title", "shelf"]),
        ops.RemoveIndex("Book", name="book_by_shelf"),
        ops.RenameConstraint("Book", "book_copies_counted", "book_copies"),
        ops.RenameConstraint("Book", "book_only_once", "book_once"),
    )
    assert await present() == change.promise() == promise()


async def test_a_constraint_that_the_rows_do_not_meet_is_refused(change: Change) -> None:
    with pytest.raises(Exception, match="book_is_short"):
        await change.apply(ops.AddConstraint("Book", CheckConstraint(check="title < 'A'", name="book_is_short")))
    assert await present() == promise()
    assert await Book.all().count() == 1


async def test_renamed_tables_and_columns_keep_their_rows(change: Change) -> None:
    await change.apply(ops.RenameField("Author", "name", "full_name"), ops.RenameModel("Author", "Writer"))
    assert await fetch("SELECT full_name, title FROM writer JOIN book ON author_id = writer.id") == [
        {"full_name": "Le Guin", "title": "The Dispossessed"}
    ]
    await change.apply(ops.RenameIndex("Book", "book_by_stock", old_name="book_by_copies"))
    assert Index(("-copies", "id")) in (await present())["book"].indexes


async def test_a_model_comes_and_goes(change: Change) -> None:
    loan = ops.CreateModel(
        "Loan",
        [
            ("id", fields.BigIntField(primary_key=True)),
            ("book", fields.ForeignKeyField("models.Book", related_name="")),
        ],
        {"table": "loan", "unique_together": (("id", "book_id"),)},
    )
    await change.apply(loan)
    assert await present() == change.promise()
    await change.apply(ops.DeleteModel("Loan"))
    assert await present() == change.promise() == promise()


@pytest.mark.parametrize(
    ("operation", "remedy"),
    [
        (ops.AlterField("Book", "copies", fields.CharField(max_length=5)), "add a new field"),
        (ops.AddField("Book", "readers", fields.ManyToManyField("models.Author", related_name="read")), "as a model"),
        (ops.AddField("Book", "cover", fields.BinaryField(default=b"\0")), "SqlDefault"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_a_remedy(
    change: Change, operation: ops.Operation, remedy: str
) -> None:
    with pytest.raises(CannotMigrate, match=remedy):
        await change.apply(operation)
    assert await present() == promise()


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_a_change_that_leaves_rows_without_their_parent_is_undone(change: Change) -> None:
    with pytest.raises(IntegrityError, match="book -> author"):
        await change.apply(ops.RunSQL("DELETE FROM author"))
    assert await Author.all().count() == 1
    with pytest.raises(IntegrityError):
        await Book.create(title="Nobody's", author_id=77)


async def test_sql_may_hold_several_statements(change: Change) -> None:
    await change.apply(
        ops.RunSQL("UPDATE book SET title = 'a;b'; UPDATE book SET shelf = 'c'; -- and; a comment"),
        ops.RunSQL([("UPDATE book SET copies = $1", [7])] if dialect() == "postgres" else "UPDATE book SET copies = 7"),
    )
    assert await Book.all().values_list("title", "shelf", "copies") == [("a;b", "c", 7)]


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
