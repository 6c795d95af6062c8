"""The engines keep what Tortoise's own lose: connections under cancellation, writes of several processes.

The tests of Tortoise's own engines show why ours exist. When one of those fails, that part of ours can go.
"""

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest
from engine_room import OWN_ENGINES, cancel_somewhere, copies, is_at_rest, own_engine
from library import Book
from tortoise.connection import get_connection
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from models import database
from models.database import DatabaseBusy, execute, fetch, transaction


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


async def test_the_wait_for_a_turn_is_bounded(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = 1 if database.dialect() == "sqlite" else 10
    all_hold, is_over = asyncio.Barrier(everybody + 1), asyncio.Event()

    async def hold() -> None:
        async with transaction():
            await all_hold.wait()
            await is_over.wait()

    holding = [asyncio.ensure_future(hold()) for _ in range(everybody)]
    await all_hold.wait()
    engine = "turns" if database.dialect() == "postgres" else "sqlite"
    monkeypatch.setattr(f"models.engines.{engine}.TURN_TIMEOUT", 0.05)
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


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_a_triggers_rows_are_not_counted(library: str) -> None:
    await execute("CREATE TRIGGER lend AFTER UPDATE ON book BEGIN UPDATE author SET name = name || '!'; END")
    assert await Book.filter(id=1).update(copies=5) == 1
    assert await Book.filter(id=2).update(copies=5) == 0
