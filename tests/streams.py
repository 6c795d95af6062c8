"""Streams of server-sent events, as the tests read them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import orjson
from clients import Client

EVENTS = "text/event-stream"


class Stream:
    """A stream of events that is being read."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()
        self.comments = 0

    async def event(self) -> tuple[str, Any]:
        """The next event: its name, and what it carries. Raises StopAsyncIteration where the stream ends."""
        name, data = "", ""
        async for line in self._lines:
            if line.startswith(":"):
                self.comments += 1
            elif line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data:"):
                data = line.removeprefix("data:").strip()
            elif not line and name:
                return name, orjson.loads(data) if data else None
        raise StopAsyncIteration

    async def rest(self) -> list[tuple[str, Any]]:
        """All events that are left."""
        events = []
        try:
            while True:
                events.append(await self.event())
        except StopAsyncIteration:
            return events


@asynccontextmanager
async def streamed(
    client: Client, asked: dict[str, Any], method: str = "POST", accept: str = EVENTS
) -> AsyncIterator[Stream]:
    """The answer to a request, as it comes."""
    headers = {"accept": accept, **client.headers}
    options: dict[str, Any] = {"json": asked}
    if method == "GET":
        options = {"params": {k: v if isinstance(v, str) else orjson.dumps(v).decode() for k, v in asked.items()}}
    async with client.http.stream(method, "/graphql", headers=headers, **options) as response:
        yield Stream(response)
