"""Turns at a pool of connections to PostgreSQL, for statements that take less time than the pool's own bookkeeping.

asyncpg's pool starts a task whenever a connection is given back. Here one that comes back whole goes to who waits
longest, or rests until somebody comes; the pool is asked for new ones alone, and looks after broken ones.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import TypeAlias

import asyncpg  # type: ignore[import-untyped]

from models.engines.waiting import TURN_TIMEOUT, DatabaseBusy

Connection: TypeAlias = asyncpg.pool.PoolConnectionProxy


class Turns:
    """Who has which connection next. At most `size` are out of the pool at a time."""

    def __init__(self, pool: asyncpg.Pool, size: int) -> None:
        self._pool = pool
        self._size = size
        self._out = 0
        self._resting: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._is_over = False
        self._releases: set[asyncio.Task[None]] = set()

    @property
    def are_over(self) -> bool:
        """Whether nobody has a connection."""
        return self._out == len(self._resting)

    async def take(self) -> Connection:
        """A connection, to be given back by `rest` or `release`; a cancelled wait has got none. Raises DatabaseBusy."""
        while True:
            while self._resting:
                connection = self._resting.pop()
                if not is_closed(connection):
                    return connection
                self._out -= 1
            if self._out < self._size:
                return await self._another()
            if connection := await self._given():
                return connection

    def rest(self, connection: Connection) -> None:
        """Give a connection back that is as it was."""
        if self._is_over:
            release = asyncio.ensure_future(self.release(connection))
            self._releases.add(release)
            release.add_done_callback(self._releases.discard)
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._resting.append(connection)

    async def release(self, connection: Connection) -> None:
        """Give a connection back that may not be: the pool sees to it."""
        self._out -= 1
        try:
            await self._pool.release(connection)
        finally:
            self._wake()

    async def clear(self) -> None:
        """Give the pool what rests."""
        while self._resting:
            connection = self._resting.pop()
            if is_closed(connection):
                self._out -= 1
            else:
                await self.release(connection)

    async def end(self) -> None:
        """Give the pool all that rests, and from now on whatever comes back: it is to be closed."""
        self._is_over = True
        await self.clear()

    async def _another(self) -> Connection:
        self._out += 1
        try:
            async with asyncio.timeout(TURN_TIMEOUT):
                return await self._pool.acquire()
        except BaseException as error:
            self._out -= 1
            self._wake()
            if isinstance(error, TimeoutError):
                raise self._busy() from None
            raise

    async def _given(self) -> Connection | None:
        """What somebody gives back; None where it is time to look again."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Connection | None] = loop.create_future()
        self._waiting.append(waiter)
        timer = loop.call_later(TURN_TIMEOUT, self._expire, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                # It came just before the cancellation.
                connection = waiter.result()
                self._wake() if connection is None else self.rest(connection)
            raise
        finally:
            timer.cancel()

    def _wake(self) -> None:
        """Have who waits longest look again."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _expire(self, waiter: asyncio.Future[Connection | None]) -> None:
        if not waiter.done():
            waiter.set_exception(self._busy())

    def _busy(self) -> DatabaseBusy:
        return DatabaseBusy(
            f"All {self._size} connections to the database were in use for {TURN_TIMEOUT:g} s. "
            "More are had with `?maxsize=` at the end of the database's URL."
        )


def is_closed(connection: Connection) -> bool:
    """Whether a connection was closed meanwhile; what the pool does not know of that, it hears now."""
    with suppress(asyncpg.InterfaceError):  # the pool knows, and has taken it
        if not connection.is_closed():
            return False
        connection.terminate()
    return True
