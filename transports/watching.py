"""How long work may take, and for whom: it stops at the time limit, and when the client has gone.

Nearly all requests are done before anybody could hang up. So the socket is looked at only once work has taken a while:
until then all that it costs is a timer.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from graphql import GraphQLError
from starlette.types import Receive

Result = TypeVar("Result")
#: From when on the client is watched, in seconds.
WATCHED_AFTER = 0.1


class Gone(Exception):
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
    timer = asyncio.get_running_loop().call_later(min(WATCHED_AFTER, seconds), watch.begin)
    try:
        async with watch.limit:
            return await work
    except TimeoutError as error:
        if not watch.limit.expired():
            raise  # the work's own
        raise (Gone() if watch.is_gone else TooLong(seconds)) from error
    finally:
        timer.cancel()
        watch.end()


class _Watch:
    def __init__(self, seconds: float, receive: Receive | None) -> None:
        self.limit = asyncio.timeout(None)
        self.is_gone = False
        self._receive = receive
        self._ends_at = asyncio.get_running_loop().time() + seconds
        self._watching: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self.limit.reschedule(self._ends_at)
        if self._receive is not None:
            self._watching = asyncio.create_task(self._watch(self._receive))

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True
        self.limit.reschedule(0)

    def end(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
