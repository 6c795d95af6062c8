"""The database floor's public surface: connecting, transactions and what runs after them, statements in SQL."""

import asyncio
import logging
from pathlib import Path

import pytest
from library import Author, Book
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction as tortoise_transaction

from models import database
from models.database import (
    DatabaseUnavailable,
    after_commit,
    configuration,
    connected,
    execute,
    fetch,
    in_transaction,
    transaction,
)


@pytest.fixture
def told() -> list[str]:
    """What the actions of a test have told."""
    return []


async def test_actions_run_in_order_after_the_outermost_commit(library: str, told: list[str]) -> None:
    async def tell_the_count() -> None:
        told.append(f"third, {len(await Author.all())} authors, in a transaction: {in_transaction()}")

    async with transaction():
        after_commit(lambda: told.append("first"))
        async with transaction():
            after_commit(lambda: told.append("second"))
            await Author.create(name="Lem")
        after_commit(tell_the_count)
        assert told == []
    assert told == ["first", "second", "third, 2 authors, in a transaction: False"]


async def test_a_rollback_forgets_the_actions_of_its_block_and_of_no_other(library: str, told: list[str]) -> None:
    async def fail() -> None:
        async with transaction():
            after_commit(lambda: told.append("undone"))
            async with transaction():
                after_commit(lambda: told.append("undone with it"))
            await Author.create(name="Le Guin")

    async with transaction():
        after_commit(lambda: told.append("kept"))
        with pytest.raises(IntegrityError):
            await fail()
    with pytest.raises(IntegrityError):
        await fail()
    assert told == ["kept"]


async def test_the_actions_of_a_commit_run_although_the_task_is_cancelled(library: str, told: list[str]) -> None:
    async def cancelled_while_committing() -> None:
        async with transaction():
            after_commit(lambda: told.append("committed"))
            await Author.create(name="Lem")
            task = asyncio.current_task()
            assert task is not None
            asyncio.get_running_loop().call_soon(task.cancel)

    task = asyncio.ensure_future(cancelled_while_committing())
    await asyncio.wait((task,))
    assert task.cancelled()
    assert told == ["committed"]
    assert await Author.filter(name="Lem").exists()


async def test_all_actions_of_a_commit_run_although_the_task_is_cancelled_among_them(
    library: str, told: list[str]
) -> None:
    async def cancel_and_go_on() -> None:
        task.cancel()
        await asyncio.sleep(0.01)
        told.append("first")

    async def commit() -> None:
        async with transaction():
            after_commit(cancel_and_go_on)
            after_commit(lambda: told.append("second"))

    task = asyncio.ensure_future(commit())
    await asyncio.wait((task,))
    assert task.cancelled()
    assert told == ["first", "second"]


async def test_a_cancelled_block_is_rolled_back_and_its_actions_do_not_run(library: str, told: list[str]) -> None:
    async def cancelled_inside() -> None:
        async with transaction():
            after_commit(lambda: told.append("committed"))
            await Author.create(name="Lem")
            await asyncio.sleep(5)

    task = asyncio.ensure_future(cancelled_inside())
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait((task,))
    assert task.cancelled()
    assert told == []
    assert not await Author.filter(name="Lem").exists()


async def test_an_action_that_fails_is_logged_and_the_next_one_runs(
    library: str, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with transaction():
        after_commit(lambda: told.remove("nothing"))
        after_commit(lambda: told.append("next"))
    assert told == ["next"]
    [record] = [record for record in caplog.records if record.name == "models.database"]
    assert record.exc_info is not None
    assert "after a commit failed" in record.message


async def test_after_commit_belongs_in_an_open_transaction(library: str) -> None:
    with pytest.raises(RuntimeError, match="inside"):
        after_commit(lambda: None)
    is_over = asyncio.Event()

    async def late() -> None:
        await is_over.wait()
        after_commit(lambda: None)

    async with transaction():
        task = asyncio.ensure_future(late())
    is_over.set()
    with pytest.raises(RuntimeError, match="inside"):
        await task


async def test_tortoises_own_transaction_may_not_be_around_ours(library: str) -> None:
    async with tortoise_transaction("default"):
        with pytest.raises(RuntimeError, match=r"models\.database\.transaction"):
            async with transaction():
                pass


async def test_in_transaction_is_true_inside_and_in_tasks_started_inside(library: str) -> None:
    async def ask() -> bool:
        return in_transaction()

    assert not in_transaction()
    async with transaction():
        assert in_transaction()
        assert await asyncio.create_task(ask())
        async with transaction():
            assert in_transaction()
        assert in_transaction()
    assert not in_transaction()


async def test_placeholders_are_the_same_on_both_databases(library: str) -> None:
    assert await execute("INSERT INTO author (name) VALUES ($1), ($2)", ["Lem", "Huxley"]) == 2
    assert await execute("UPDATE author SET name = $2 WHERE name = $1", ["Lem", "costs $1"]) == 1
    assert await execute("DELETE FROM author WHERE name = 'costs $2'") == 0
    rows = await fetch("SELECT name FROM author WHERE name > $1 AND name <> $2 ORDER BY name DESC", ["A", "Huxley"])
    assert rows == [{"name": "costs $1"}, {"name": "Le Guin"}]
    async with transaction():
        assert await fetch("UPDATE book SET copies = copies + $1 RETURNING id, copies", [2]) == [{"id": 1, "copies": 3}]


async def test_every_statement_is_logged_and_no_begin_or_commit(library: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "tortoise.db_client"):
        async with transaction():
            await Book.get(id=1)
            async with transaction():
                await execute("UPDATE book SET copies = 5")
        await fetch("SELECT 1")
        await Book.bulk_create([Book(title="The Word for World", author_id=1)])
    assert [record.message.split()[0] for record in caplog.records] == ["SELECT", "UPDATE", "SELECT", "INSERT"]


async def test_the_database_is_there_for_tasks_that_were_started_elsewhere(any_url: str) -> None:
    go_on = asyncio.Event()

    async def ask() -> str:
        await go_on.wait()
        return f"{await fetch('SELECT 1 AS one')} on {database.dialect()}"

    before = asyncio.ensure_future(ask())
    await asyncio.create_task(database.connect(any_url, "library"))
    go_on.set()
    assert (await before).startswith("[{'one': 1}] on ")
    await asyncio.create_task(database.disconnect())
    await database.disconnect()


async def test_a_second_connect_is_refused(library: str) -> None:
    with pytest.raises(RuntimeError, match="disconnect"):
        await database.connect(library, "library")
    assert await fetch("SELECT 1 AS one") == [{"one": 1}]


async def test_sqlite_gets_its_folder_and_leaves_one_file(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "test.db"
    async with connected(f"sqlite://{file}", "library"):
        await execute("CREATE TABLE leaf (id INTEGER)")
        [settings] = await fetch("SELECT * FROM pragma_journal_mode, pragma_synchronous, pragma_foreign_keys")
    assert list(settings.values()) == ["wal", 2, 1]
    assert [path.name for path in file.parent.iterdir()] == ["test.db"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://localhost/forum", "neither sqlite://FILE nor postgres://"),
        ("postgres://somebody:secret@127.0.0.1:1", "neither sqlite://FILE nor postgres://"),
        ("postgres://somebody:secret@127.0.0.1:1/forum?colour=red", "colour"),
        ("postgres://somebody:secret@127.0.0.1:1/forum", "Is the server running"),
        ("sqlite:///dev/null/test.db", "must be writable"),
        ("sqlite://{folder}", "must be writable"),
    ],
)
async def test_a_database_that_cannot_be_opened_says_what_to_do(tmp_path: Path, url: str, reason: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=reason) as refusal:
        await database.connect(url.format(folder=tmp_path), "library")
    assert "secret" not in str(refusal.value)
    async with connected("sqlite://:memory:", "library"):
        assert await fetch("SELECT 1 AS one") == [{"one": 1}]


async def test_a_missing_postgres_database_is_named(postgres_url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="`createdb nowhere`"):
        await database.connect(f"{postgres_url.rpartition('/')[0]}/nowhere", "library")


def test_a_postgres_url_may_say_more_about_the_pool() -> None:
    credentials = configuration("postgresql://me:secret@db:5433/forum?maxsize=20")["connections"]["default"][
        "credentials"
    ]
    assert (credentials["host"], credentials["port"], credentials["database"]) == ("db", 5433, "forum")
    assert credentials["maxsize"] == "20"
