"""Rows in plain SQL: objects as Tortoise makes them, and statements that are the same for one row and for many."""

from datetime import UTC, datetime, timedelta

import pytest
from crowd import asked_by, members, points_of
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

import models
from models import VoteValue
from models.database import fetch_rows, transaction
from models.raw import Statement, columns, instance, run, run_together, write_together
from services import voting

_NAMES = Statement("SELECT users.name FROM given JOIN users ON users.id = given.id ORDER BY given.id", id="bigint")
_JOIN = Statement(
    "UPDATE users SET points = given.points, created_at = given.at FROM given WHERE users.id = given.id",
    id="bigint",
    points="integer",
    at="timestamptz",
)
_COUNT = Statement(
    "UPDATE post SET up_votes = given.votes, score = given.votes FROM given WHERE post.id = given.id",
    id="bigint",
    votes="integer",
)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "model",
    [models.Post, models.Thread, models.User, models.Vote, models.PointsEntry, models.PointsRules, models.Revision],
)
async def test_an_object_is_as_tortoise_makes_it(forum: str, model: type[Model]) -> None:
    ann, bob = await members(2)
    _, question = await asked_by(ann)
    await voting.cast_vote(bob, question.id, VoteValue.UP)
    await models.Revision.create(post=question, number=1, body="", body_html="", tags=["a", "b"], edited_at=NOON)
    rows = await fetch_rows(f"SELECT {columns(model)} FROM {model._meta.db_table} ORDER BY 1")
    ours = sorted((instance(model, row) for row in rows), key=lambda each: each.pk)
    theirs = await model.all().order_by(model._meta.pk_attr)
    assert ours
    for our, their in zip(ours, theirs, strict=True):
        assert vars(our) == vars(their)
        assert {name: type(value) for name, value in vars(our).items()} == {
            name: type(value) for name, value in vars(their).items()
        }


async def test_a_statement_is_the_same_for_no_row_one_and_many(forum: str) -> None:
    ann, bob = await members(2)
    async with transaction():
        assert [list(map(tuple, await run(_NAMES, rows))) for rows in ([], [(bob.id,)], [(bob.id,), (ann.id,)])] == [
            [],
            [("member 2",)],
            [("member 1",), ("member 2",)],
        ]


async def test_statements_run_together_come_one_after_the_other(forum: str) -> None:
    [ann] = await members(1)
    async with transaction():
        _, found = await run_together((_JOIN, [(ann.id, 7, NOON)]), (_NAMES, [(ann.id,)]))
        assert [tuple(row) for row in found] == [("member 1",)]
        assert (await models.User.get(id=ann.id)).points == 7


async def test_what_is_written_together_is_written_to_every_row(forum: str) -> None:
    people = await members(3)
    _, question = await asked_by(people[0])
    moments = [NOON, NOON + timedelta(microseconds=1), NOON + timedelta(milliseconds=500)]
    async with transaction():
        await write_together(
            (_JOIN, [(person.id, place, at) for place, (person, at) in enumerate(zip(people, moments, strict=True))]),
            (_COUNT, [(question.id, 5)]),
        )
    written = await models.User.all().order_by("created_at")
    assert [(user.id, user.points, user.created_at) for user in written] == [
        (person.id, place, at) for place, (person, at) in enumerate(zip(people, moments, strict=True))
    ]
    assert (await models.Post.get(id=question.id)).score == 5


async def test_what_is_written_together_stands_or_falls_together(forum: str) -> None:
    [ann] = await members(1)
    _, question = await asked_by(ann)
    with pytest.raises(IntegrityError):
        async with transaction():
            await write_together((_JOIN, [(ann.id, 7, NOON)]), (_COUNT, [(question.id, -1)]))
    assert await points_of(ann) == 120
