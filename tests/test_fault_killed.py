"""A server that is killed in a storm of votes: each vote that it answered is there, and it starts again as ever."""

import asyncio
import random
import signal
from collections.abc import Sequence

from command_line import qa, serving
from faults import Figures, Stopwatch, migrated, size
from storm import Connection, Vote

from models import VoteValue

KILLS = size(1, 10)
USERS = 60


async def test_every_answered_vote_outlives_a_server_that_is_killed(any_forum_url: str, figures: Figures) -> None:
    forum = await migrated(any_forum_url, USERS)
    votes = [Vote(user, post, VoteValue.UP) for user in range(8, USERS) for post in range(len(forum.posts))]
    random.Random(2).shuffle(votes)
    answered: list[Vote] = []
    starts = []
    for kill in range(1, KILLS + 1):
        async with serving(any_forum_url) as (process, http):
            last = len(answered) + len(votes) // (4 * KILLS)

            async def blow(votes: Sequence[Vote], last: int = last) -> None:
                async with Connection.to(http.base_url) as connection:
                    for vote in votes:
                        assert await forum.cast(connection, vote) == "CastVotePayload"
                        answered.append(vote)
                        if len(answered) == last:
                            process.send_signal(signal.SIGKILL)

            known = set(answered)
            left = [vote for vote in votes if vote not in known]
            blown = await asyncio.gather(*(blow(left[place::10]) for place in range(10)), return_exceptions=True)
            assert all(isinstance(each, OSError | EOFError) for each in blown), blown
        assert len(answered) >= last
        start = Stopwatch()
        async with serving(any_forum_url) as (_, http):
            starts.append(start.seconds)
            assert await forum.counted(http, answered), f"after kill {kill}"
    checked = await asyncio.to_thread(qa, any_forum_url, "check")
    assert (checked.status, checked.errors) == (0, "")
    figures.say(
        f"kill -9 in a storm of votes, {any_forum_url.partition(':')[0]}",
        f"{KILLS} kills, 10 connections, {len(answered)} answered votes: all are there, and `qa check` passes.",
        f"It answers again {max(starts):.1f} s after its start at the latest.",
    )
