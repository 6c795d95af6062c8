"""A forum that is read from a standby, and where its readers are answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from clients import Client
from conftest import served
from standbys import Pair

from models import replica_metrics, replicas
from models.database import connected
from services import changes
from transports.wire import OPTIONS

#: Seconds after which a test gives up: a standby may take five to look for a primary that was away.
PATIENCE = 60
#: Seconds between two pages of a reader. Whoever reads at the primary without a pause stays there: each answer may have
#: shown more than the replica had.
PAUSE = 3 * replicas.INTERVAL


@asynccontextmanager
async def forum_of(pair: Pair) -> AsyncIterator[Client]:
    """A visitor to a forum that is read from the standby, served from this process."""
    async with (
        pair.forum() as (url, at_standby),
        connected(url),
        replicas.reading(url, [at_standby], changes.told),
        served(url, OPTIONS) as visitor,
    ):
        await until_read_from(visitor)
        yield visitor


async def place(reader: Client, name: str = "site_name", **variables: Any) -> tuple[str, dict[str, Any]]:
    """Where a query is read, and what it answers."""
    before = replica_metrics.counted("replica")
    answer = await reader.run(name, **variables)
    return "replica" if replica_metrics.counted("replica") > before else "primary", answer


async def until_read_from(*readers: Client, where: str = "replica") -> None:
    """Wait until the queries of all of them are read there."""
    async with asyncio.timeout(PATIENCE):
        for reader in readers:
            while (await place(reader))[0] != where:  # noqa: ASYNC110
                await asyncio.sleep(PAUSE)


async def score(reader: Client) -> int:
    """The score of the first question, as somebody is shown it."""
    page = await reader.run("question_page", number=1)
    found: int = page["thread"]["question"]["score"]
    return found


def forget(here: replicas.Replicas | None) -> None:
    """Have this process know as little of what its readers did and saw as another one does."""
    assert here is not None
    here._seen.clear()


async def vote(voter: Client, post_id: str, value: str) -> None:
    result = await voter.do("cast_vote", postId=post_id, value=value)
    assert result["__typename"] == "CastVotePayload", result
