"""The engines keep what Tortoise's own lose: locks and connections under cancellation, writes of several processes.

The tests of Tortoise's own engines show why ours exist. When one of those fails, that part of ours can go.
"""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from library import Author, Book
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import IntegrityError, TransactionManagementError
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from models import database
from models.database import DatabaseBusy, after_commit, execute, fetch, transaction

OWN_ENGINES = {"sqlite": "tortoise.backends.sqlite", "postgres": "tortoise.backends.asyncpg"}


async def copies() -> int:
    [row] = await fetch("SELECT copies FROM book WHERE id = $1", [1])
    count: int = row["copies"]
    return count


async def cancel_somewhere(work: Callable[[], Awaitable[object]], rounds: int) -> None:
    """Start the work again and again, and cancel it each time at another moment."""
    moments = random.Random(1)
    for _ in range(rounds):
        task = asyncio.ensure_future(work())
        for _ in range(moments.randrange(15)):
            await asyncio.sleep(0)
        if moments.random() < 0.5:
            await asyncio.sleep(moments.random() * 0.004)
        task.cancel()
        await asyncio.wait((task,))
        assert task.cancelled() or task.exception() is None


def is_at_rest(connection: Any) -> bool:
    """Whether nobody has SQLite's lock, or a connection of PostgreSQL's pool."""
    if database.dialect() == "sqlite":
        return not connection._lock.locked() and not connection._connection.in_transaction
    return bool(connection._pool.get_idle_size() == connection._pool.get_size())


@asynccontextmanager
async def own_engine(url: str) -> AsyncIterator[Any]:
    """The database of `library` through Tortoise's own engine instead of ours."""
    settings = database.configuration(url, "library")
    settings["connections"]["default"]["engine"] = OWN_ENGINES[database.dialect()]
    async with TortoiseContext() as context:
        await context.init(settings)
        yield context.connections.get("default")


async def test_a_transaction_cancelled_anywhere_leaves_nothing_behind(library: str) -> None:
    lent = 0

    def count() -> None:
        nonlocal lent
        lent += 1

    async def lend() -> None:
        async with transaction():
            after_commit(count)
            book = await Book.get(id=1)
            book.copies += 1
            await book.save(update_fields=["copies"])
            async with transaction():
                await Book.filter(id=1).update(shelf="L2")

    await cancel_somewhere(lend, rounds=150)
    async with asyncio.timeout(5):
        await lend()
    assert 1 < lent < 151
    assert await copies() == 1 + lent
    assert is_at_rest(get_connection("default"))


async def test_a_statement_cancelled_anywhere_leaves_nothing_behind(library: str) -> None:
    async def lend() -> None:
        await Book.bulk_create([Book(title=f"{random.random()}", author_id=1) for _ in range(2)])
        await Book.filter(id=1).update(copies=F("copies") + 1)
        await Book.get(id=1)

    await cancel_somewhere(lend, rounds=100)
    assert await Book.filter(id=1).update(copies=7) == 1
    assert is_at_rest(get_connection("default"))
    assert (await Book.all().count()) % 2 == 1


async def test_tortoises_own_engine_hangs_after_one_cancelled_begin(library: str) -> None:
    async with own_engine(library) as connection:

        async def lend() -> None:
            async with in_transaction("default"):
                await Book.get(id=1)

        await lend()
        task = asyncio.ensure_future(lend())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait((task,))
        await asyncio.sleep(0.2)
        is_stuck = not is_at_rest(connection)
        if database.dialect() == "postgres":
            connection._pool.terminate()
            connection._pool = None
    assert is_stuck


async def lend_in_three_processes(engine: str, file: Path) -> int:
    """Have three processes lend the book at once; the number of their transactions that failed."""
    here = Path(__file__).parent
    environment = os.environ | {"PYTHONPATH": f"{here.parent}{os.pathsep}{here}"}
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, here / "borrower.py", engine, file), env=environment, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    return sum([int((await process.communicate())[0]) for process in processes])


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_three_processes_write_to_one_sqlite_file(library: str) -> None:
    assert await lend_in_three_processes("models.engines.sqlite", Path(library.removeprefix("sqlite://"))) == 0
    assert await copies() == 151


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_tortoises_own_engine_fails_where_processes_meet(library: str) -> None:
    assert await lend_in_three_processes(OWN_ENGINES["sqlite"], Path(library.removeprefix("sqlite://"))) > 0


async def test_a_reader_does_not_wait_for_a_writer_and_sees_what_is_committed(library: str) -> None:
    has_written = asyncio.Event()

    async def read() -> tuple[int, int]:
        await has_written.wait()
        return await copies(), (await Book.get(id=1)).copies

    reading = asyncio.ensure_future(read())
    async with transaction():
        await Book.filter(id=1).update(copies=5)
        has_written.set()
        async with asyncio.timeout(5):
            assert await reading == (1, 1)
    assert await read() == (5, 5)


async def test_a_transaction_reads_its_own_writes(library: str) -> None:
    async with transaction():
        await Book.filter(id=1).update(copies=5)
        assert (await Book.get(id=1)).copies == 5
        assert await copies() == 5
        assert await Author.get_or_create(name="Lem") == (await Author.get(name="Lem"), True)


async def test_a_query_set_made_before_a_transaction_belongs_to_it_inside(library: str) -> None:
    books = Book.all()
    async with transaction():
        assert await books.update(copies=5) == 1
        assert [book.copies for book in await books] == [5]
        await Book.bulk_create([Book(title="The Telling", author_id=1)], using_db=books._db)
        assert await Book.all().delete() == 2
    assert not await books.exists()


async def test_a_task_that_outlives_its_transaction_is_refused(library: str) -> None:
    is_over = asyncio.Event()

    async def write_late() -> None:
        await is_over.wait()
        assert not database.in_transaction()
        await Book.filter(id=1).update(copies=5)

    async def nest_late() -> None:
        await is_over.wait()
        async with transaction():
            pass

    async with transaction():
        late = [asyncio.ensure_future(write_late()), asyncio.ensure_future(nest_late())]
    async with transaction():
        is_over.set()
        for task in late:
            with pytest.raises(TransactionManagementError, match="must not outlive it"):
                await task
    assert await copies() == 1


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_tortoises_own_engine_takes_a_late_task_into_another_transaction(library: str) -> None:
    is_over = asyncio.Event()

    async def write_late() -> int:
        await is_over.wait()
        return await Book.filter(id=1).update(copies=5)

    async def roll_back() -> None:
        async with in_transaction("default"):
            is_over.set()
            assert await late == 1
            raise ZeroDivisionError

    async with own_engine(library):
        async with in_transaction("default"):
            late = asyncio.ensure_future(write_late())
        with pytest.raises(ZeroDivisionError):
            await roll_back()
        assert (await Book.get(id=1)).copies == 1  # the late task was told that it had written 5


async def test_tasks_of_one_transaction_take_turns(library: str) -> None:
    async with transaction():
        assert await asyncio.gather(*(Book.filter(id=1).update(copies=F("copies") + 1) for _ in range(5))) == [1] * 5
        unfinished = asyncio.ensure_future(Book.filter(id=1).update(copies=F("copies") + 10))
        await asyncio.sleep(0)
    assert await unfinished == 1
    assert await copies() == 16


async def test_a_nested_block_is_undone_alone(library: str) -> None:
    async def fail() -> None:
        async with transaction():
            await Book.filter(id=1).update(copies=3)
            await Author.create(name="Le Guin")

    async with transaction():
        await Book.filter(id=1).update(copies=2)
        with pytest.raises(IntegrityError):
            await fail()
        async with transaction():
            await Book.filter(id=1).update(shelf="L2")
    assert await Book.all().values_list("copies", "shelf") == [(2, "L2")]


async def test_a_timeout_in_a_nested_block_undoes_the_block_alone(library: str) -> None:
    async def hang() -> None:
        async with asyncio.timeout(0.05), transaction():
            await Book.filter(id=1).update(copies=3)
            await asyncio.sleep(5)

    async with transaction():
        await Book.filter(id=1).update(copies=2)
        with pytest.raises(TimeoutError):
            await hang()
        await Book.filter(id=1).update(shelf="L2")
    assert await Book.all().values_list("copies", "shelf") == [(2, "L2")]


async def test_nested_blocks_side_by_side_are_refused(library: str) -> None:
    has_begun = asyncio.Event()

    async def end_first() -> None:
        async with transaction():
            await has_begun.wait()

    async def end_last() -> None:
        async with transaction():
            has_begun.set()
            await asyncio.sleep(0.05)

    with pytest.raises(TransactionManagementError, match="out of order"):
        async with transaction():
            await asyncio.gather(end_first(), end_last())
    assert is_at_rest(get_connection("default"))


@pytest.mark.parametrize("any_url", ["postgres"], indirect=True)
async def test_a_commit_that_postgres_made_a_rollback_of_is_an_error(library: str) -> None:
    async def go_on_after_an_error() -> None:
        async with transaction():
            await Book.filter(id=1).update(copies=5)
            with pytest.raises(IntegrityError):
                await Author.create(name="Le Guin")

    with pytest.raises(TransactionManagementError, match="Nothing was committed"):
        await go_on_after_an_error()
    assert await copies() == 1


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_a_commit_after_sqlite_ended_the_transaction_is_an_error(library: str) -> None:
    async def go_on_after_an_error() -> None:
        async with transaction():
            await Book.filter(id=1).update(copies=5)
            with pytest.raises(IntegrityError):
                await execute("INSERT OR ROLLBACK INTO author (name) VALUES ('Le Guin')")
            with pytest.raises(TransactionManagementError):
                await Book.filter(id=1).update(copies=6)

    with pytest.raises(TransactionManagementError):
        await go_on_after_an_error()
    assert await copies() == 1


async def test_the_wait_for_a_turn_is_bounded(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = 1 if database.dialect() == "sqlite" else 10
    all_hold, is_over = asyncio.Barrier(everybody + 1), asyncio.Event()

    async def hold() -> None:
        async with transaction():
            await all_hold.wait()
            await is_over.wait()

    holding = [asyncio.ensure_future(hold()) for _ in range(everybody)]
    await all_hold.wait()
    monkeypatch.setattr(f"models.engines.{database.dialect()}.TURN_TIMEOUT", 0.05)
    for attempt in (hold(), execute("UPDATE book SET copies = 5")):
        with pytest.raises(DatabaseBusy, match=r"0\.05 s"):
            await attempt
    is_over.set()
    await asyncio.gather(*holding)
    assert is_at_rest(get_connection("default"))


async def test_an_interrupted_read_does_not_keep_the_next_one_waiting(library: str) -> None:
    endless = "WITH RECURSIVE number AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM number) SELECT max(n) FROM number"
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await fetch(endless)
    async with asyncio.timeout(5):
        assert await copies() == 1


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_a_short_read_of_sqlite_does_not_leave_the_event_loop(library: str) -> None:
    with pytest.raises(StopIteration):
        copies().send(None)


async def test_a_long_read_leaves_the_event_loop_to_others(library: str) -> None:
    numbers = "WITH RECURSIVE number AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM number WHERE n < $1)"
    for _ in range(2):
        reading, turns = asyncio.ensure_future(fetch(f"{numbers} SELECT max(n) AS last FROM number", [300_000])), 0
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1
        assert reading.result() == [{"last": 300_000}]
        assert turns > 10


async def test_a_script_in_a_transaction_does_not_commit_it(library: str) -> None:
    async def roll_back() -> None:
        async with transaction():
            await get_connection("default").execute_script(
                "UPDATE book SET copies = 5; -- a comment; and a text:\nUPDATE book SET shelf = 'a;b';"
            )
            assert await Book.all().values_list("copies", "shelf") == [(5, "a;b")]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await roll_back()
    assert await copies() == 1


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_a_triggers_rows_are_not_counted(library: str) -> None:
    await execute("CREATE TRIGGER lend AFTER UPDATE ON book BEGIN UPDATE author SET name = name || '!'; END")
    assert await Book.filter(id=1).update(copies=5) == 1
    assert await Book.filter(id=2).update(copies=5) == 0
