"""PostgreSQL stopped and started under load: what cannot be done is said clearly, and the server goes on by itself."""

import asyncio
import random
from collections import Counter
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from command_line import qa, serving, tell
from faults import BrokenPostgres, Figures, Stopwatch, migrated, size, worst
from storm import Connection, Vote

from models import VoteValue

USERS = 40
#: Seconds that it is away.
AWAY = size(2, 10)
AROUND = size(1, 3)
MESSAGES = {
    "The database does not answer at the moment. Try again in some seconds.",
    "The database has too much to do at the moment. Try again in some seconds.",
}


async def asked(url: str, question: str) -> Any:
    """What a server answers to a question with one answer."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_the_server_outlives_a_postgres_that_goes(cluster: BrokenPostgres, mode: str, figures: Figures) -> None:
    name = f"stopped_{mode}"
    await tell(cluster.url, f"CREATE DATABASE {name}")
    url = f"postgres://postgres@127.0.0.1:{cluster.port}/{name}"
    forum = await migrated(url, USERS)
    votes = [Vote(user, post, VoteValue.UP) for user in range(8, USERS) for post in range(len(forum.posts))]
    random.Random(3).shuffle(votes)
    answered: dict[Vote, None] = {}
    refused: list[float] = []
    messages: Counter[str] = Counter()
    is_over, counts_again = asyncio.Event(), asyncio.Event()
    is_back = False
    async with serving(url, PYTHONUNBUFFERED="1") as (process, http):

        async def blow(mine: list[Vote]) -> None:
            chance = random.Random(len(mine))
            async with Connection.to(http.base_url) as connection:
                while not is_over.is_set():
                    vote, asked = chance.choice(mine), Stopwatch()
                    answer = await forum.try_to_cast(connection, vote)
                    if answer.status == 200:
                        assert answer.content == {"data": {"castVote": {"__typename": "CastVotePayload"}}}
                        answered[vote] = None
                        if is_back:
                            counts_again.set()
                        continue
                    refused.append(asked.seconds)
                    [error] = answer.content["errors"]
                    messages[error["message"]] += 1
                    assert (answer.status, error["extensions"]["code"]) == (503, "SERVICE_UNAVAILABLE"), answer
                    assert b"retry-after: 5" in answer.headers
                    assert answer.length < 1_000
                    await asyncio.sleep(0.02)

        async with asyncio.TaskGroup() as blowing:
            for place in range(10):
                blowing.create_task(blow(votes[place::10]))
            await asyncio.sleep(AROUND)
            await asyncio.to_thread(cluster.stop, mode)
            assert answered
            await asyncio.sleep(AWAY / 2)
            assert (await http.get("/healthz")).status_code == 200
            ready = await http.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
            assert ready.json()["parts"]["database"] != "ok"
            await asyncio.sleep(AWAY / 2)
            await asyncio.to_thread(cluster.start)
            back, is_back = Stopwatch(), True
            await counts_again.wait()
            recovered = back.seconds
            await asyncio.sleep(AROUND)
            is_over.set()
        await asyncio.sleep(1.1)
        assert (await http.get("/readyz")).json()["status"] == "ready"
        assert refused
        assert set(messages) <= MESSAGES
        assert await forum.counted(http, list(answered))
        connections = await asked(url, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'plainspoken'")
        process.terminate()
        logged, errors = await process.communicate()
    assert b"Traceback" not in logged + errors, (logged + errors)[-5000:].decode()
    checked = await asyncio.to_thread(qa, url, "check")
    assert (checked.status, checked.errors) == (0, "")
    figures.say(
        f"PostgreSQL stopped ({mode}) and started under load",
        f"{AWAY} s away, 10 connections vote all the time: {len(refused)} votes were answered 503, {worst(refused)}.",
        f"The first vote counted {recovered:.2f} s after PostgreSQL answered again; {connections} connections.",
        "No traceback in the log; every answered vote is there, and `qa check` passes.",
    )
