"""Votes from all sides: other processes, other deeds and people who leave, and every count stays right."""

import asyncio
import random
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from command_line import outcome, started
from crowd import answered_by, asked_by, commented_by, members, points_of, words
from engine_room import cancel_somewhere, is_at_rest
from tortoise.connection import get_connection
from voters import VOTES, vote

import models
from models import VoteValue
from models.database import dialect, fetch
from services import audit, choosing, posting, voting

VOTERS = Path(__file__).with_name("voters.py")


async def threads_of(people: list[models.User]) -> list[tuple[models.Thread, list[models.Post]]]:
    """A thread by each of the first three, with answers of others and a comment; and the posts of each."""
    made = []
    for place, asker in enumerate(people[:3]):
        thread, question = await asked_by(asker)
        answers = [await answered_by(people[place + other], thread) for other in (3, 4, 5)]
        made.append((thread, [question, *answers, await commented_by(people[0], answers[0])]))
    return made


async def offences() -> list[str]:
    """What `qa check` finds wrong."""
    return [finding.name async for finding in audit.check() if finding.offenders]


async def test_processes_that_vote_at_once_count_each_others_votes(forum: str) -> None:
    await threads_of(await members(12))
    async with started(sys.executable, VOTERS, forum, "1") as one, started(sys.executable, VOTERS, forum, "2") as other:
        ours, *theirs = await asyncio.gather(vote(random.Random(3), VOTES), outcome(one), outcome(other))
    assert [(each.status, each.errors) for each in theirs] == [(0, "")] * 2
    assert all(counted > VOTES * 0.8 for counted in (ours, *(int(each.output) for each in theirs)))
    assert await offences() == []


async def test_votes_among_other_deeds_end_and_are_counted(forum: str) -> None:
    people = await members(12)
    threads = await threads_of(people)
    chance = random.Random(4)

    async def repeat(deed: Any, times: int = 15) -> None:
        for _ in range(times):
            await deed()

    def choose() -> Coroutine[Any, Any, object]:
        thread, (_, *answers, _) = chance.choice(threads)
        return choosing.choose_best_answer(
            next(each for each in people if each.id == thread.author_id), thread.id, chance.choice(answers).id
        )

    def comment() -> Coroutine[Any, Any, object]:
        _, posts = chance.choice(threads)
        return posting.post_comment(chance.choice(people), chance.choice(posts[:-1]).id, words())

    def answer() -> Coroutine[Any, Any, object]:
        thread, _ = chance.choice(threads)
        return posting.post_answer(chance.choice(people), thread.id, words())

    await asyncio.gather(vote(chance, VOTES), *map(repeat, (choose, choose, comment, answer)))
    assert await offences() == []
    if dialect() == "postgres":
        [row] = await fetch("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert row["deadlocks"] == 0


async def test_callers_who_leave_at_any_moment_harm_nobody(forum: str) -> None:
    ann, bob, cas = await members(3)
    _, question = await asked_by(ann)
    chance = random.Random(5)
    is_over = False

    async def keep_voting() -> int:
        votes = 0
        while not is_over:
            value = chance.choice(list(VoteValue))
            assert (await voting.cast_vote(bob, question.id, value)).actors_vote is value
            votes += 1
        return votes

    async def vote_and_leave() -> None:
        await voting.cast_vote(cas, question.id, chance.choice(list(VoteValue)))

    staying = asyncio.create_task(keep_voting())
    await cancel_somewhere(vote_and_leave, rounds=60)
    is_over = True
    async with asyncio.timeout(10):
        assert await staying > 3
        await voting.finish()
    assert await offences() == []
    assert is_at_rest(get_connection("default"))
    assert await points_of(bob) in (100, 110)
