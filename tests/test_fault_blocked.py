"""One process that stands still, with whatever it holds: the others go on, and so does it when it moves again."""

import asyncio
import random
import signal

import httpx2
from command_line import qa, serving
from faults import Figures, Stopwatch, migrated, size, worst
from prometheus_client.parser import text_string_to_metric_families
from storm import Connection, Vote

from models import VoteValue

USERS = 40
#: Seconds that it stands still.
STILL = size(2, 8)


async def test_the_others_go_on_while_one_process_stands_still(any_forum_url: str, figures: Figures) -> None:
    forum = await migrated(any_forum_url, USERS)
    votes = [Vote(user, post, VoteValue.UP) for user in range(8, USERS) for post in range(len(forum.posts))]
    random.Random(4).shuffle(votes)
    waits: list[float] = []
    async with serving(any_forum_url) as (still, first), serving(any_forum_url) as (_, second):

        async def blow(http: httpx2.AsyncClient, mine: list[Vote], waited: list[float]) -> None:
            async with Connection.to(http.base_url) as connection:
                for vote in mine:
                    watch = Stopwatch()
                    assert await forum.cast(connection, vote) == "CastVotePayload"
                    waited.append(watch.seconds)

        async with asyncio.TaskGroup() as blowing:
            for place in range(10):
                http, waited = (first, []) if place % 2 else (second, waits)
                blowing.create_task(blow(http, votes[place::10], waited))
            await asyncio.sleep(0.2)
            still.send_signal(signal.SIGSTOP)
            await asyncio.sleep(STILL)
            still.send_signal(signal.SIGCONT)
        for http in (first, second):
            assert await forum.counted(http, votes)
        await asyncio.sleep(1.1)
        assert await late(first) >= 1 > await late(second)
    checked = await asyncio.to_thread(qa, any_forum_url, "check")
    assert (checked.status, checked.errors) == (0, "")
    figures.say(
        f"One of two processes stands still for {STILL} s, {any_forum_url.partition(':')[0]}",
        f"{len(votes)} votes by 10 connections, half to the other process: each counted. There, {worst(waits)}.",
        "Its lateness is in `event_loop_late_seconds`; `qa check` passes.",
    )


async def late(http: httpx2.AsyncClient) -> float:
    """How often the event loop was late by a second or more."""
    text = (await http.get("/metrics")).text
    samples = {
        sample.labels["le"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "event_loop_late_seconds_bucket"
    }
    return samples["+Inf"] - samples["1.0"]
