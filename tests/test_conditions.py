"""Conditions on a row by what other tables hold."""

import pytest
from crowd import answered_by, asked_by, category_at, member
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

import models
from models import PostKind
from models.conditions import Among, Exists, OfOne, Within


@pytest.fixture
async def answered(forum: str) -> list[models.Thread]:
    """Three threads: with two answers, with one, and with none."""
    ann, bob = await member("ann"), await member("bob")
    threads = [(await asked_by(ann, category=(await category_at("life")).path))[0] for _ in range(3)]
    for thread in (threads[0], threads[0], threads[1]):
        await answered_by(bob, thread)
    return threads


def answers() -> QuerySet[models.Post]:
    return models.Post.filter(kind=PostKind.ANSWER)


async def test_who_has_some_and_who_has_none_are_all_of_them(answered: list[models.Thread]) -> None:
    threads = models.Thread.all().order_by("id")
    assert await threads.filter(Exists(answers(), "thread_id")) == answered[:2]
    assert await threads.filter(Exists(answers(), "thread_id", wanted=False)) == answered[2:]


async def test_each_row_is_found_once_whichever_way(answered: list[models.Thread]) -> None:
    for way in (Among, Within):
        assert await models.Thread.filter(way("id", answers(), "thread_id")).order_by("id") == answered[:2]


async def test_among_no_rows_is_nothing(answered: list[models.Thread]) -> None:
    nobody = models.User.filter(name="nobody")
    for way in (Among, Within, OfOne):
        assert await models.Thread.filter(way("author_id", nobody)) == []


async def test_conditions_go_together_with_others(answered: list[models.Thread]) -> None:
    ann = models.User.filter(name="ann")
    either = Q(id=answered[2].id) | Among("id", answers(), "thread_id")
    found = models.Thread.filter(either, OfOne("author_id", ann), Exists(answers(), "thread_id", wanted=False))
    assert await found == answered[2:]


async def test_conditions_stand_within_conditions(answered: list[models.Thread]) -> None:
    busy = models.Thread.filter(Exists(answers().filter(Exists(models.PointsEntry.all(), "post_id")), "thread_id"))
    assert await busy.order_by("id") == answered[:2]
    assert await models.Category.filter(Among("id", busy, "category_id")).count() == 1
