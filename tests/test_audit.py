"""The audit: what the deeds have added up is what recomputing gives, and what is broken is found and put right."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from crowd import answered_by, asked_by, category_at, commented_by, member, members
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import models
from models import VoteValue
from models.database import execute, transaction
from services import accounts, audit, choosing, voting
from services.invariants import INVARIANTS

PEOPLE = 5


class _Undo(Exception):
    pass


async def found() -> dict[str, Sequence[Any]]:
    """The offenders by invariant, of those that have some."""
    return {finding.name: finding.offenders async for finding in audit.check() if finding.offenders}


@asynccontextmanager
async def undone() -> AsyncIterator[None]:
    """A block whose changes do not stay."""
    with suppress(_Undo):
        async with transaction():
            yield
            raise _Undo


@dataclass(frozen=True)
class Vote:
    """Somebody sets their vote on one of the posts."""

    voter: int
    post: int
    value: VoteValue


@dataclass(frozen=True)
class Choice:
    """The asker chooses one of the answers, or with None takes the choice back."""

    answer: int | None


# Question, two answers (the second one the asker's own) and a comment: of each, one has the author that others lack.
POSTS = 4
DEEDS = st.one_of(
    st.builds(Vote, st.integers(0, PEOPLE - 1), st.integers(0, POSTS - 1), st.sampled_from(VoteValue)),
    st.builds(Choice, st.sampled_from([None, 0, 1])),
)


async def with_low_caps() -> None:
    """Rules whose caps a few votes reach, in the middle of a vote's worth too."""
    rules = await models.PointsRules.get(version=1)
    await models.PointsRules.create(
        version=2,
        created_at=rules.created_at,
        question_max_gain=15,
        question_max_loss=15,
        answer_max_gain=50,
        answer_max_loss=30,
    )


@settings(max_examples=12, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(DEEDS, min_size=5, max_size=25))
async def test_whatever_is_voted_and_chosen_ends_where_recomputing_ends(forum: str, deeds: list[Vote | Choice]) -> None:
    # One database serves all examples; each has people and a thread of its own.
    example = await models.Thread.all().count()
    if example == 0:
        await with_low_caps()
    asker, answerer, *others = [await member(f"p{example} {index}") for index in range(PEOPLE)]
    people = [asker, answerer, *others]
    thread, question = await asked_by(asker)
    answers = [await answered_by(answerer, thread), await answered_by(asker, thread)]
    posts = [question, *answers, await commented_by(others[0], question)]
    standing: dict[tuple[int, int], VoteValue] = {}
    for deed in deeds:
        match deed:
            case Vote(voter, place, value) if posts[place].author_id != people[voter].id:
                await voting.cast_vote(people[voter], posts[place].id, value)
                standing[voter, place] = value
            case Choice(answer):
                await choosing.choose_best_answer(asker, thread.id, None if answer is None else answers[answer].id)
    for index, post in enumerate(posts):
        votes = [value for (_, on), value in standing.items() if on == index]
        await post.refresh_from_db()
        assert (post.up_votes, post.down_votes) == (votes.count(VoteValue.UP), votes.count(VoteValue.DOWN))
    assert await found() == {}
    assert [(name, wrong) async for name, wrong in audit.recount() if wrong] == []


@pytest.fixture
async def small_forum(forum: str) -> models.Thread:
    """A thread with a bit of everything in it, and one without."""
    ann, bob = await member("ann"), await member("bob")
    await category_at("life/home")
    thread, question = await asked_by(ann, category="life/home", tags=("plants",))
    await asked_by(bob)
    answer = await answered_by(bob, thread)
    await commented_by(ann, answer)
    await voting.cast_vote(bob, question.id, VoteValue.UP)
    await voting.cast_vote(ann, answer.id, VoteValue.DOWN)
    await choosing.choose_best_answer(ann, thread.id, answer.id)
    now = answer.created_at
    await models.Revision.create(post=answer, number=1, body="b", body_html="<p>b</p>", edited_at=now)
    await models.Session.create(token_hash="0", user=ann, created_at=now, expires_at=now + accounts.SESSION_LIFE)
    return thread


#: A damage for each invariant but those that both databases uphold by themselves.
DAMAGES = {
    "votes up = standing votes up + imported": "UPDATE post SET up_votes = 2, score = 2 WHERE kind = 'question'",
    "votes down = standing votes down + imported": "UPDATE vote SET value = 0 WHERE value = -1",
    "nobody votes on their own post": "UPDATE vote SET user_id = (SELECT id FROM users WHERE name = 'ann')",
    "comment count = visible comments": "UPDATE post SET comment_count = 0",
    "child count = posts that stand under it": "UPDATE post SET child_count = 7",
    "a post is buried while something above it is not visible": "UPDATE post SET is_buried = TRUE",
    "comments stand in the thread of their question or answer": (
        "UPDATE post SET thread_id = (SELECT MAX(id) FROM thread) WHERE kind = 'comment'"
    ),
    "a post's version is 1 or higher": "UPDATE post SET version = 0",
    "revisions are numbered from 1 without gaps": "UPDATE revision SET number = 2",
    "a thread has one question": "DELETE FROM post WHERE kind = 'question'",
    "a thread has its question's score": "UPDATE thread SET score = 7",
    "a thread has its question's state": "UPDATE thread SET state = 'hidden'",
    "a thread has its question's author": "UPDATE thread SET author_id = NULL",
    "a thread has its question's writer": "UPDATE thread SET writer_key = 'nobody'",
    "duplicate count = threads closed as its duplicates": "UPDATE thread SET duplicate_count = 1",
    "answer count = visible answers": "UPDATE thread SET answer_count = 7",
    "nothing happened in a thread before it was there": (
        "UPDATE thread SET created_at = (SELECT expires_at FROM session), last_activity_at = created_at"
    ),
    "a category's path leads through its parent": "UPDATE category SET path = 'home' WHERE path = 'life/home'",
    "a category stands one level below its parent": "UPDATE category SET depth = 1",
    "a category counts the visible threads in and below it": (
        "UPDATE category SET thread_count = 0 WHERE path = 'life'"
    ),
    "a tag counts the visible threads that carry it": "UPDATE tag SET thread_count = 0",
    "no synonym is a tag": "INSERT INTO tag_synonym (name, tag_id) SELECT name, id FROM tag",
    "points = sum of the ledger": "UPDATE users SET points = points + 1",
    "points = recomputed from posts and votes": "UPDATE post SET is_best = FALSE",
    "each ledger entry's total is the sum so far": "UPDATE points_entry SET total = total + 1",
    "hotness = reckoned from the thread": "UPDATE thread SET hotness = hotness + 1",
}
UPHELD = {"score = votes up - votes down", "the best answer is one answer of its thread"}


async def test_a_forum_that_the_deeds_made_breaks_no_invariant(small_forum: models.Thread) -> None:
    findings = [finding async for finding in audit.check()]
    assert [finding.name for finding in findings if finding.offenders] == []
    assert {invariant.name for invariant in INVARIANTS} < {finding.name for finding in findings}
    checked = {finding.name: finding.checked for finding in findings}
    assert checked["a thread has one question"] == checked["hotness = reckoned from the thread"] == 2
    assert checked["score = votes up - votes down"] == 4


def test_every_invariant_is_broken_here_once() -> None:
    assert {invariant.name for invariant in INVARIANTS} - UPHELD == DAMAGES.keys() - {
        "hotness = reckoned from the thread"
    }


async def test_what_is_broken_is_found(small_forum: models.Thread) -> None:
    for broken, damage in DAMAGES.items():
        async with undone():
            assert await execute(damage) > 0, broken
            offenders = (await found()).get(broken, ())
            assert len(offenders) > 0, broken
            for _, has, should in offenders:
                assert has != should, broken
    assert await found() == {}


async def test_an_offender_is_told_with_what_it_has_and_what_it_should_have(small_forum: models.Thread) -> None:
    await models.Thread.filter(id=small_forum.id).update(answer_count=7)
    assert (await found())["answer count = visible answers"] == [(small_forum.id, 7, 1)]


async def test_of_many_offenders_the_first_five_are_told(forum: str) -> None:
    await members(8)
    await execute("UPDATE users SET points = 1")
    assert len((await found())["points = sum of the ledger"]) == 5


REPAIRS: dict[str, dict[str, int]] = {
    "UPDATE users SET points = points + 1": {"points of users": 2},
    "UPDATE post SET up_votes = 9, score = 9 - down_votes WHERE kind <> 'comment'": {"votes of posts": 3},
    "UPDATE post SET comment_count = 3": {"comment counts": 4},
    "UPDATE thread SET answer_count = 3": {"answer counts": 2},
    "UPDATE thread SET score = 3, author_id = NULL": {"threads' scores, states and authors": 2},
    "UPDATE thread SET hotness = 0": {"hotness of threads": 2},
    "UPDATE category SET thread_count = 3": {"thread counts of categories": 2},
    "UPDATE tag SET thread_count = 0": {"thread counts of tags": 1},
}


async def test_a_recount_puts_right_what_follows_from_the_rest(small_forum: models.Thread) -> None:
    for damage, put_right in REPAIRS.items():
        await execute(damage)
        assert await found() != {}, damage
        assert {name: wrong async for name, wrong in audit.recount() if wrong} == put_right
        assert await found() == {}, damage
        assert [name async for name, wrong in audit.recount() if wrong] == []
