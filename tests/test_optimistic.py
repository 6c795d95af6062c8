"""Votes without locks, on PostgreSQL: what somebody else writes in between has them counted anew, under locks."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any

import pytest
from crowd import answered_by, asked_by, members, offences, points_of
from tortoise.exceptions import BaseORMException
from used_again import UsedAgain

import models
from models import PointsReason, VoteValue
from models.database import after_commit, autocommit, committing, execute, transaction
from models.optimistic import Outdated
from services import changes, clock, hiding, origin, points, quotas, reckoning, rules, voting
from services.errors import NotFound
from services.points import Payment
from services.policy import Limited
from services.tally import Pairs, Tally
from services.unlocked_tally import UnlockedTally
from services.voting import Cast

UP, DOWN = VoteValue.UP, VoteValue.DOWN


@pytest.fixture
async def forum_url(postgres_template: str, used_again: UsedAgain) -> str:
    """A forum on PostgreSQL."""
    return await used_again.like(postgres_template)


@pytest.fixture
def tallies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which tallies were made: without locks, or with."""
    made: list[str] = []

    def noting(kind: type[Tally], name: str) -> None:
        make = kind.of

        async def of(pairs: Pairs) -> Tally:
            made.append(name)
            return await make(pairs)

        monkeypatch.setattr(kind, "of", of)

    noting(UnlockedTally, "unlocked")
    noting(Tally, "locked")
    return made


async def vote_anew(voter: models.User, post: models.Post, value: VoteValue) -> None:
    """Vote as another process does: under locks, in a transaction of its own."""
    async with transaction():
        await voting.cast_vote(voter, post.id, value)


async def pay(user: models.User) -> None:
    async with transaction():
        await points.pay([Payment(user.id, 5, PointsReason.ADJUSTMENT)], await points.rules_in_force())


#: What may come between: by the author, by another voter, or by the voter themselves.
Deed = Callable[[models.User, models.User, models.User, models.Post], Awaitable[Any]]
BETWEEN: dict[str, Deed] = {
    "another vote": lambda author, voter, other, post: vote_anew(other, post, DOWN),
    "the voter's own vote": lambda author, voter, other, post: vote_anew(voter, post, DOWN),
    "points of the author": lambda author, voter, other, post: pay(author),
    "points of the voter": lambda author, voter, other, post: pay(voter),
    "other rules": lambda author, voter, other, post: rules.put_in_force({"vote_cast": 3, "answer_upvoted": 7}),
    "a hidden post": lambda author, voter, other, post: hiding.hide_post(author, post.id, None),
    "a post that is gone": lambda author, voter, other, post: execute("DELETE FROM post WHERE id = $1", [post.id]),
}


def come_between(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], Awaitable[Any]]) -> None:
    """Have a deed done once, after a tally was read without locks and before it is written."""
    make = UnlockedTally.of

    async def do_it() -> None:
        await deed()

    async def of(pairs: Pairs) -> Tally:
        tally = await make(pairs)
        monkeypatch.setattr(UnlockedTally, "of", make)
        await asyncio.create_task(do_it(), context=Context())  # as another process does it: nobody's part
        return tally

    monkeypatch.setattr(UnlockedTally, "of", of)


@pytest.mark.parametrize("between", BETWEEN)
async def test_what_is_written_in_between_has_a_vote_counted_anew(
    forum: str, between: str, tallies: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    author, voter, other = await members(3)
    thread, _ = await asked_by(other)
    answer = await answered_by(author, thread)
    come_between(monkeypatch, lambda: BETWEEN[between](author, voter, other, answer))
    if between in ("a hidden post", "a post that is gone"):
        with pytest.raises(NotFound):
            await voting.cast_vote(voter, answer.id, UP)
        assert not await models.Vote.exists(user_id=voter.id)
    else:
        voted = await voting.cast_vote(voter, answer.id, UP)
        stored = await models.Post.get(id=answer.id)
        assert (voted.up_votes, voted.down_votes, voted.version) == (stored.up_votes, stored.down_votes, stored.version)
        assert (await models.Vote.get(user_id=voter.id)).value is UP
    assert [each for each in tallies if each == "unlocked"] == ["unlocked"]
    assert tallies[-1] == "locked"
    async for _ in reckoning.finish():
        pass
    assert between == "a post that is gone" or await offences() == []


async def test_alone_a_vote_takes_no_lock(forum: str, tallies: list[str]) -> None:
    author, voter = await members(2)
    _, question = await asked_by(author)
    assert (await voting.cast_vote(voter, question.id, UP)).up_votes == 1
    assert tallies == ["unlocked"]
    assert await offences() == []


async def test_a_vote_that_came_in_between_is_no_change_and_costs_nothing(
    forum: str, setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(rate_limits=True)
    author, voter = await members(2)
    _, question = await asked_by(author)
    with origin.coming_from("192.0.2.1"):
        before = quotas.left(Limited.VOTES, voter)
        come_between(monkeypatch, lambda: vote_anew(voter, question, UP))
        assert (await voting.cast_vote(voter, question.id, UP)).version == 2
        assert quotas.left(Limited.VOTES, voter) == before


async def test_who_waits_for_a_lock_sees_what_was_written_meanwhile(forum: str) -> None:
    author, voter, other = await members(3)
    _, question = await asked_by(author)
    async with autocommit():
        tally = await UnlockedTally.of([(voter.id, question.id)])
        tally.set_vote(voter.id, tally.posts[question.id], UP, clock.now())
        is_locked, go_on = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            async with transaction():
                await voting.cast_vote(other, question.id, UP)
                is_locked.set()
                await go_on.wait()

        holding = asyncio.create_task(hold(), context=Context())
        await is_locked.wait()
        writing = asyncio.create_task(tally.write_and_pay())
        await asyncio.wait([writing], timeout=0.2)
        assert not writing.done()
        go_on.set()
        await holding
        with pytest.raises(Outdated):
            await writing
    assert await models.Vote.all().count() == 1
    assert await points_of(voter) == 100


@pytest.mark.parametrize("what", ["thread", "rules"])
async def test_locks_are_taken_in_the_order_of_all_deeds(forum: str, what: str) -> None:
    """Another deed holds what a vote waits for; what it takes after that, the vote must not have yet."""
    author, voter = await members(2)
    thread, question = await asked_by(author)
    is_held, go_on = asyncio.Event(), asyncio.Event()

    async def other_deed() -> None:
        async with transaction():
            if what == "thread":
                await execute("UPDATE thread SET view_count = view_count + 1 WHERE id = $1", [thread.id])
            else:
                await execute("UPDATE post SET version = version + 1 WHERE id = $1", [question.id])
            is_held.set()
            await go_on.wait()
            in_force = await points.rules_in_force()
            await points.pay([Payment(author.id, 5, PointsReason.ADJUSTMENT)], in_force)

    deed = asyncio.create_task(other_deed(), context=Context())
    await is_held.wait()
    vote = asyncio.create_task(voting.cast_vote(voter, question.id, UP))
    await asyncio.wait([vote], timeout=0.2)
    assert not vote.done()
    change = asyncio.create_task(rules.put_in_force({"vote_cast": 3})) if what == "rules" else None
    await asyncio.sleep(0.2)
    go_on.set()
    await asyncio.gather(deed, vote, *([change] if change else []))
    async for _ in reckoning.finish():
        pass
    assert (await models.Post.get(id=question.id)).up_votes == 1
    assert not {"points = sum of the ledger", "each ledger entry's total is the sum so far"} & {*await offences()}


async def test_many_processes_vote_on_few_posts_at_once(forum: str, tallies: list[str]) -> None:
    """Each batch is counted as another process would: beside all others, not after them."""
    author, *voters = await members(13)
    thread, question = await asked_by(author)
    posts = [question, *[await answered_by(author, thread) for _ in range(2)]]

    async def process(first: int) -> None:
        for turn in range(4):
            batch = [
                Cast(voter, posts[(place + turn) % 3].id, (UP, DOWN)[(turn + place) % 2])
                for place, voter in enumerate(voters[first : first + 4] + voters[:2])
            ]
            assert not [each for each in await voting._count_all(batch) if isinstance(each, Exception)]

    await asyncio.gather(*(asyncio.create_task(process(first), context=Context()) for first in (0, 4, 8) * 2))
    assert {"unlocked", "locked"} == set(tallies)
    assert await offences() == []


async def test_a_cancellation_while_it_is_written_is_raised_after_what_follows_the_commit(forum: str) -> None:
    done: list[str] = []

    async def write() -> None:
        async with autocommit():
            after_commit(lambda: done.append("told"))
            await committing("SELECT pg_sleep(0.1) IS NOT NULL", [])

    writing = asyncio.create_task(write())
    await asyncio.sleep(0.03)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert done == ["told"]


@pytest.mark.parametrize("statement", ["SELECT 1 / 0", "SELECT FALSE", None])
async def test_nothing_follows_where_nothing_was_written(forum: str, statement: str | None) -> None:
    done: list[str] = []

    async def write() -> None:
        async with autocommit():
            after_commit(lambda: done.append("told"))
            if statement:
                await committing(statement, [])
            raise RuntimeError

    with pytest.raises((RuntimeError, BaseORMException)):
        await write()
    assert done == []


async def test_what_was_not_written_for_it_was_outdated_is_not_told(
    forum: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    author, voter, other = await members(3)
    _, question = await asked_by(author)
    heard: list[str] = []
    come_between(monkeypatch, lambda: vote_anew(other, question, UP))
    with changes.hearing(lambda change: heard.append(change.table)):
        await voting.cast_vote(voter, question.id, UP)
    assert heard.count("post") == 2  # once for each vote


async def test_it_is_no_part_of_a_transaction(forum: str) -> None:
    async with transaction():
        with pytest.raises(RuntimeError, match="outside"):
            async with autocommit():
                pass
