"""Turns at a pool: who waits longest is next, and no connection is lost, whoever is cancelled."""

import asyncio
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from models.engines.turns import Turns
from models.engines.waiting import DatabaseBusy


class Connection:
    """One that can be closed, with a word to the pool or without."""

    def __init__(self) -> None:
        self.closed = False
        self.is_known_closed = False

    def is_closed(self) -> bool:
        if self.is_known_closed:
            raise asyncpg.InterfaceError("released back to the pool")
        return self.closed

    def terminate(self) -> None:
        self.closed = True


class Pool:
    """A pool that counts."""

    def __init__(self) -> None:
        self.out: list[Connection] = []
        self.is_broken = False

    async def acquire(self) -> Connection:
        if self.is_broken:
            raise OSError("no database")
        self.out.append(Connection())
        return self.out[-1]

    async def release(self, connection: Connection) -> None:
        self.out.remove(connection)


def turns(size: int) -> tuple[Turns, Any]:
    pool = Pool()
    return Turns(pool, size), pool


async def test_a_connection_that_rests_is_taken_again() -> None:
    taken, pool = turns(2)
    connection = await taken.take()
    taken.rest(connection)
    assert await taken.take() is connection
    assert len(pool.out) == 1
    assert not taken.are_over


async def test_who_waits_longest_is_next() -> None:
    taken, _ = turns(1)
    connection = await taken.take()
    order: list[int] = []

    async def wait(number: int) -> None:
        mine = await taken.take()
        order.append(number)
        taken.rest(mine)

    waiting = [asyncio.ensure_future(wait(number)) for number in range(3)]
    await asyncio.sleep(0)
    taken.rest(connection)
    await asyncio.gather(*waiting)
    assert order == [0, 1, 2]
    assert taken.are_over


async def test_who_is_cancelled_with_a_connection_in_hand_passes_it_on() -> None:
    taken, _ = turns(1)
    connection = await taken.take()
    cancelled, next_one = (asyncio.ensure_future(taken.take()) for _ in range(2))
    await asyncio.sleep(0)
    taken.rest(connection)
    cancelled.cancel()
    assert await next_one is connection
    assert cancelled.cancelled()
    gone = asyncio.ensure_future(taken.take())
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    taken.rest(connection)
    assert taken.are_over


async def test_a_broken_connection_makes_room_for_another() -> None:
    taken, pool = turns(1)
    broken = await taken.take()
    waiting = asyncio.ensure_future(taken.take())
    await asyncio.sleep(0)
    await taken.release(broken)
    fresh = await waiting
    assert fresh is not broken
    assert pool.out == [fresh]


@pytest.mark.parametrize("is_known", [False, True])
async def test_one_that_was_closed_while_it_rested_is_not_taken(is_known: bool) -> None:
    taken, _ = turns(1)
    closed = await taken.take()
    taken.rest(closed)
    closed.closed, closed.is_known_closed = True, is_known
    assert await taken.take() is not closed


async def test_no_wait_lasts_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.engines.turns.TURN_TIMEOUT", 0.01)
    taken, _ = turns(1)
    connection = await taken.take()
    with pytest.raises(DatabaseBusy, match=r"All 1 connections to the database were in use for 0\.01 s"):
        await taken.take()
    taken.rest(connection)
    assert await taken.take() is connection


async def test_a_pool_that_gives_none_is_asked_again() -> None:
    taken, pool = turns(1)
    pool.is_broken = True
    with pytest.raises(OSError, match="no database"):
        await taken.take()
    pool.is_broken = False
    assert await taken.take() in pool.out


async def test_what_rests_can_be_given_back_to_the_pool() -> None:
    taken, pool = turns(2)
    one, other = await taken.take(), await taken.take()
    taken.rest(one)
    taken.rest(other)
    one.closed = True
    await taken.clear()
    assert pool.out == [one]  # which the pool hears of by itself
    assert taken.are_over


async def test_what_comes_back_at_the_end_goes_to_the_pool() -> None:
    taken, pool = turns(2)
    one, other = await taken.take(), await taken.take()
    taken.rest(one)
    await taken.end()
    assert pool.out == [other]
    taken.rest(other)
    await asyncio.sleep(0)
    assert pool.out == []
    assert taken.are_over
