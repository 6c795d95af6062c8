"""A transaction is whole whatever is cancelled, keeps to itself, and ends when it ends.

The test of Tortoise's own engine shows why ours exist. When it fails, that part of ours can go.
"""

import asyncio

import pytest
from engine_room import cancel_somewhere, copies, is_at_rest, own_engine
from library import Author, Book
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError, TransactionManagementError
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from models import database
from models.database import after_commit, execute, transaction


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
