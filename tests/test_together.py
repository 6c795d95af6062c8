"""Deeds that are done together: batches gather while one is under way, and each caller gets an answer of its own."""

import asyncio
from collections.abc import Sequence

import pytest

from models.database import DatabaseBusy, in_transaction, transaction
from services.together import MOST_TOGETHER, Together


class Doubling:
    """Work that doubles numbers, slowly; it notes its batches, refuses those with a 13, and answers 7 with an error."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun = asyncio.Event()
        self.refusal: Exception = ValueError("thirteen")

    async def __call__(self, items: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(items))
        self.begun.set()
        await asyncio.sleep(0.01)
        if 13 in items:
            raise self.refusal
        return [LookupError("seven") if item == 7 else 2 * item for item in items]


async def test_who_comes_alone_is_done_alone_and_at_once() -> None:
    work = Doubling()
    assert await Together(work).do(1) == 2
    assert work.batches == [[1]]


async def test_what_comes_while_a_batch_is_under_way_is_the_next_batch() -> None:
    work = Doubling()
    together = Together(work)
    first = asyncio.create_task(together.do(1))
    await work.begun.wait()
    assert await asyncio.gather(*(together.do(number) for number in (2, 3, 4))) == [4, 6, 8]
    assert await first == 2
    assert work.batches == [[1], [2, 3, 4]]


async def test_an_error_of_one_is_nobody_elses() -> None:
    results = await asyncio.gather(*map(Together(Doubling()).do, (1, 7, 2)), return_exceptions=True)
    assert [type(each) for each in results] == [int, LookupError, int]


async def test_a_batch_that_fails_is_done_in_halves() -> None:
    work = Doubling()
    results = await asyncio.gather(*map(Together(work).do, (1, 13, 2)), return_exceptions=True)
    assert [type(each) for each in results] == [int, ValueError, int]
    assert work.batches == [[1, 13, 2], [1], [13, 2], [13], [2]]


async def test_where_the_database_is_busy_nobody_waits_for_it_again() -> None:
    work = Doubling()
    work.refusal = DatabaseBusy("busy")
    results = await asyncio.gather(*map(Together(work).do, (1, 13, 2)), return_exceptions=True)
    assert [type(each) for each in results] == [DatabaseBusy] * 3
    assert work.batches == [[1, 13, 2]]


async def test_who_leaves_harms_nobody() -> None:
    work = Doubling()
    together = Together(work)
    staying, leaving = (asyncio.create_task(together.do(number)) for number in (1, 2))
    await work.begun.wait()
    leaving.cancel()
    assert await staying == 2
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await together.do(3) == 6


async def test_who_leaves_before_it_begins_is_left_out() -> None:
    work = Doubling()
    together = Together(work)
    staying, leaving = (asyncio.create_task(together.do(number)) for number in (1, 2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 2
    assert work.batches == [[1]]


async def test_nobody_waits_for_a_batch_that_was_ended() -> None:
    work = Doubling()
    together = Together(work)
    asked = [asyncio.create_task(together.do(number)) for number in (1, 2)]
    others = asyncio.all_tasks()
    await work.begun.wait()
    [worker] = asyncio.all_tasks() - others
    worker.cancel()
    await asyncio.wait(asked, timeout=5)
    assert all(task.cancelled() for task in asked)
    assert await together.do(3) == 6


async def test_a_batch_is_in_nobodys_transaction(forum: str) -> None:
    async def are_in_transaction(items: Sequence[int]) -> list[bool | Exception]:
        return [in_transaction() for _ in items]

    async with transaction():
        assert await Together(are_in_transaction).do(1) is False


async def test_a_batch_has_its_most() -> None:
    work = Doubling()
    await asyncio.gather(*map(Together(work).do, [1] * (MOST_TOGETHER + 1)))
    assert [len(batch) for batch in work.batches] == [MOST_TOGETHER, 1]


async def test_finishing_waits_for_all_that_was_asked() -> None:
    together = Together(Doubling())
    asked = [asyncio.create_task(together.do(number)) for number in range(3)]
    await asyncio.sleep(0)
    await together.finish()
    await asyncio.sleep(0)
    assert all(task.done() for task in asked)
    await together.finish()


def test_an_event_loop_that_ended_is_forgotten() -> None:
    together = Together(Doubling())

    async def leave() -> None:
        asyncio.get_running_loop().create_task(together.do(1))
        await asyncio.sleep(0)

    asyncio.run(leave())
    assert asyncio.run(together.do(2)) == 4
