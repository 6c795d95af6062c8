"""How long work may take, and for whom: it stops at the time limit, and when the client has gone.

Nearly all requests are done before anybody could hang up, and pay for no timer and no task of their own: a look every
tenth of a second finds those that are still under way, and only then is the socket watched.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from graphql import GraphQLError
from starlette.types import Receive

from schema.execution import GivenUp

Result = TypeVar("Result")
#: From when on work is watched, in seconds, about: it is found by the next look.
WATCHED_AFTER = 0.1


class Gone(GivenUp):
    """The client went before it had its answer; nobody is to be told anything."""


class TooLong(GraphQLError):
    """The time limit is over, as the client is told."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"This took longer than {seconds:g} seconds, and was given up. Ask for less at once.",
            extensions={"code": "TIMEOUT"},
        )


async def watched(work: Awaitable[Result], seconds: float, receive: Receive | None = None) -> Result:
    """What `work` gives; it is cancelled after so many seconds, and when the client hangs up.

    `receive` tells of that; the body of the request must have been received. Raises TooLong and Gone.
    """
    watch = _Watch(seconds, receive)
    _looks.add(watch)
    try:
        return await work
    except asyncio.CancelledError:
        # As asyncio.timeout does it: if somebody else has cancelled it too, it is cancelled.
        if watch.reason is None or watch.task.uncancel() > watch.cancelling:
            raise
        raise watch.reason from None
    finally:
        _looks.discard(watch)
        if watch.waiting:
            watch.end()


class _Watch:
    """Work that is under way."""

    __slots__ = ("began_at", "cancelling", "loop", "reason", "receive", "seconds", "task", "waiting")

    def __init__(self, seconds: float, receive: Receive | None) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a coroutine runs in one
        self.task = task
        self.cancelling = task.cancelling()
        self.loop = task.get_loop()
        self.began_at = self.loop.time()
        self.seconds = seconds
        self.receive = receive
        #: Why it was cancelled, if it was.
        self.reason: Exception | None = None
        #: What would cancel it, once it is watched.
        self.waiting: list[asyncio.TimerHandle | asyncio.Task[Any]] = []

    def begin(self) -> None:
        """Watch it from now on."""
        self.waiting.append(self.loop.call_at(self.began_at + self.seconds, self._stop, TooLong(self.seconds)))
        if self.receive is not None:
            self.waiting.append(self.loop.create_task(self._hear(self.receive)))

    async def _hear(self, receive: Receive) -> None:
        # After the whole body nothing else can come.
        if (await receive())["type"] == "http.disconnect":
            self._stop(Gone())

    def _stop(self, reason: Exception) -> None:
        if self.reason is None:
            self.reason = reason
            self.task.cancel()

    def end(self) -> None:
        """Nothing is left to cancel."""
        for each in self.waiting:
            each.cancel()


class _Looks:
    """Looks for work that has taken a while, as long as there is any under way."""

    def __init__(self) -> None:
        self._under_way: set[_Watch] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, watch: _Watch) -> None:
        self._under_way.add(watch)
        if self._loop is not watch.loop:  # the first one, or that of another loop, as tests have them
            self._loop = watch.loop
            self._loop.call_later(WATCHED_AFTER, self._look, watch.loop)

    def discard(self, watch: _Watch) -> None:
        self._under_way.discard(watch)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not loop:
            return
        long_ago = loop.time() - WATCHED_AFTER
        for each in self._under_way:
            if not each.waiting and each.began_at <= long_ago and each.loop is loop:
                each.begin()
        if self._under_way:
            loop.call_later(WATCHED_AFTER, self._look, loop)
        else:
            self._loop = None


_looks = _Looks()
