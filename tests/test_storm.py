"""The storm: everybody votes at once, over real HTTP, and nothing is lost, counted twice or told wrong."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from clients import Client, Socket
from storm import Connection, Vote, expected, filled

from models import database
from services import audit

VOTES = 2_000


@dataclass
class Witness:
    """Watches all posts on one socket."""

    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    versions: dict[str, list[int]] = field(default_factory=dict)

    async def watch(self, socket: Socket) -> None:
        while True:
            post = (await socket.next())["votesChanged"]
            assert post["score"] == post["upVotes"] - post["downVotes"]
            self.counts[post["id"]] = post["upVotes"], post["downVotes"]
            self.versions.setdefault(post["id"], []).append(post["version"])

    async def has_seen(self, counts: dict[str, tuple[int, int]]) -> bool:
        """Whether these become the last counts that it was told."""
        for _ in range(500):
            if self.counts == counts:
                return True
            await asyncio.sleep(0.01)
        return False


@pytest.fixture
def forum_url(any_forum_url: str) -> str:
    """The storm goes over both kinds of database."""
    return any_forum_url


async def test_nothing_is_lost_in_a_storm(visitor: Client) -> None:
    forum = await filled(users=200)
    queues = forum.storm(VOTES, seed=1)
    outcomes: Counter[str] = Counter()
    witness = Witness()

    async def blow(votes: Sequence[Vote]) -> None:
        async with Connection.to(visitor.http.base_url) as connection:
            for vote in votes:
                outcomes[await forum.cast(connection, vote)] += 1

    async with visitor.socket() as socket:
        await socket.subscribe("watch_votes", postIds=forum.posts)
        watching = asyncio.create_task(witness.watch(socket))
        try:
            async with asyncio.TaskGroup() as connections:
                for queue in queues:
                    connections.create_task(blow(queue))
            final = dict(zip(forum.posts, expected(forum, queues), strict=True))
            assert await witness.has_seen(final), (witness.counts, final)
            assert not watching.done()
        finally:
            watching.cancel()
    own = sum(forum.authors[vote.post] == vote.user for queue in queues for vote in queue)
    assert own > 0
    assert outcomes == {"CastVotePayload": VOTES - own, "NotPermitted": own}
    assert all(versions == sorted(versions) for versions in witness.versions.values())
    rows = await database.fetch("SELECT id, version FROM post ORDER BY id")
    assert [row["version"] for row in rows] == [witness.versions[post][-1] for post in forum.posts]
    assert [finding for finding in [finding async for finding in audit.check()] if finding.offenders] == []
