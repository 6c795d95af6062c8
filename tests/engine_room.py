"""What the tests of engines and transactions share: disturbing them, looking at them, Tortoise's own beside them."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from tortoise.context import TortoiseContext

from models import database
from models.database import fetch

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
    if turns := getattr(connection, "turns", None):
        return bool(turns.are_over)
    return bool(connection._pool.get_idle_size() == connection._pool.get_size())


@asynccontextmanager
async def own_engine(url: str) -> AsyncIterator[Any]:
    """The database of `library` through Tortoise's own engine instead of ours."""
    settings = database.configuration(url, "library")
    settings["connections"]["default"]["engine"] = OWN_ENGINES[database.dialect()]
    async with TortoiseContext() as context:
        await context.init(settings)
        yield context.connections.get("default")
