"""A change of the schema loses nothing that was there, and ends in what the models promise."""

from typing import Any

import pytest
from library import Author, Book
from shape import ForeignKey, Index, Shape, present, promise, promised
from tortoise import fields
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_editor import SqliteSchemaEditor as StockEditor
from tortoise.migrations.schema_generator.operation_generator import OperationGenerator
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.transactions import in_transaction

from models.database import dialect, execute, fetch
from models.indexes import SortedIndex
from models.migrating import CannotMigrate


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
