"""The live connections of this process, sockets and event streams: how many there are, and that they are alive."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from ipaddress import ip_address
from typing import Protocol

from settings import settings

#: How often whoever is signed in on a connection is looked for anew, in seconds: a session may have run out.
LOOK_AGAIN = 60.0
#: So many connections have their turn before others do.
_SLICE = 200


class TooMany(Exception):
    """An address has as many connections as it may have."""


class Connection(Protocol):
    """A socket or an event stream."""

    def beat(self) -> None:
        """Give a sign of life."""

    async def look_again(self) -> None:
        """See whether whoever is signed in still is, and what they may see by now."""


_open: dict[Connection, None] = {}
_from: Counter[str] = Counter()


@contextmanager
def admitted(connection: Connection, address: str | None) -> Iterator[None]:
    """Have a connection among the open ones while the block lasts. Raises TooMany."""
    counted = address if address is not None and not _is_of_this_machine(address) else None
    if counted is not None:
        if _from[counted] >= settings().live_connections:
            raise TooMany
        _from[counted] += 1
    _open[connection] = None
    try:
        yield
    finally:
        del _open[connection]
        if counted is not None:
            _from[counted] -= 1
            if not _from[counted]:
                del _from[counted]


@asynccontextmanager
async def kept_alive() -> AsyncIterator[None]:
    """Give all connections their signs of life, and look after who is signed in on them, while the block lasts."""
    tasks = [asyncio.create_task(_beating()), asyncio.create_task(_looking())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _beating() -> None:
    while True:
        await asyncio.sleep(settings().live_heartbeat_seconds)
        for number, connection in enumerate(tuple(_open), start=1):
            connection.beat()
            if number % _SLICE == 0:
                await asyncio.sleep(0)


async def _looking() -> None:
    while True:
        await asyncio.sleep(LOOK_AGAIN)
        for connection in tuple(_open):
            with suppress(Exception):  # the database is away, say: next time then
                await connection.look_again()


def _is_of_this_machine(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return True  # a local socket has no address
