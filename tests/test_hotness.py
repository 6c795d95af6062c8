"""Hotness: Question2Answer's formula, in exact figures."""

from datetime import UTC, datetime, timedelta

import pytest
from crowd import answered_by, asked_by, member

import models
from models import PointsRules, VoteValue
from services import clock, voting
from services.hotness import hotness

RULES = PointsRules(version=1)
EPOCH = datetime(2010, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("asked_after", "answered_after", "answers", "score", "views", "expected"),
    [
        (0 * DAY, None, 0, 0, 0, 0),
        # An unanswered question's age counts twice: as its own, and in place of its newest answer's.
        (1 * DAY, None, 0, 0, 0, 2 * 100 * 86_400),
        (1 * DAY, 2 * DAY, 1, 0, 0, 100 * 86_400 + 100 * 2 * 86_400 + 100 * 160_000),
        (0 * DAY, None, 0, 1, 0, 100 * 160_000),
        (0 * DAY, None, 0, -2, 0, -2 * 100 * 160_000),
        (0 * DAY, None, 0, 0, 3, 3 * 100 * 4_000),
        (5844 * DAY, 5845 * DAY, 2, 14, 171, 50_492_160_000 + 50_500_800_000 + 32_000_000 + 224_000_000 + 68_400_000),
        (timedelta(seconds=0.9), None, 0, 0, 0, 0),
        (timedelta(seconds=-0.1), None, 0, 0, 0, -200),
    ],
)
def test_hotness_adds_up_seconds_since_2010_answers_votes_and_views(
    asked_after: timedelta, answered_after: timedelta | None, answers: int, score: int, views: int, expected: int
) -> None:
    newest = None if answered_after is None else EPOCH + answered_after
    figure = hotness(
        RULES, asked_at=EPOCH + asked_after, newest_answer_at=newest, answers=answers, score=score, views=views
    )
    assert figure == expected


def test_each_part_has_a_weight_of_its_own() -> None:
    rules = PointsRules(
        version=2, hot_question_age=1, hot_answer_age=10, hot_answers=100, hot_votes=1_000, hot_views=10_000
    )
    figure = hotness(
        rules,
        asked_at=EPOCH + timedelta(seconds=3),
        newest_answer_at=EPOCH + timedelta(seconds=5),
        answers=2,
        score=1,
        views=1,
    )
    assert figure == 3 + 50 + 100 * 160_000 * 2 + 1_000 * 160_000 + 10_000 * 4_000


async def test_a_threads_hotness_follows_its_votes_and_answers(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    with clock.standing_at(EPOCH + DAY):
        thread, question = await asked_by(ann)
    assert thread.hotness == 17_280_000
    await voting.cast_vote(bob, question.id, VoteValue.UP)
    assert (await models.Thread.get(id=thread.id)).hotness == 17_280_000 + 16_000_000
    with clock.standing_at(EPOCH + 2 * DAY):
        await answered_by(bob, thread)
    assert (await models.Thread.get(id=thread.id)).hotness == 8_640_000 + 17_280_000 + 16_000_000 + 16_000_000
    await voting.cast_vote(bob, question.id, VoteValue.DOWN)
    assert (await models.Thread.get(id=thread.id)).hotness == 8_640_000 + 17_280_000 + 16_000_000 - 16_000_000


async def test_a_vote_on_an_answer_leaves_the_threads_hotness_and_score_alone(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    thread, _ = await asked_by(ann)
    answer = await answered_by(bob, thread)
    before = await models.Thread.get(id=thread.id)
    await voting.cast_vote(ann, answer.id, VoteValue.UP)
    after = await models.Thread.get(id=thread.id)
    assert (after.hotness, after.score) == (before.hotness, 0)
