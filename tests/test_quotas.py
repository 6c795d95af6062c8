"""Quotas: so much in an hour of the clock, by user and by address."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from crowd import asked_by, member

import models
from models import PostKind, PostState, VoteValue
from services import clock, origin, quotas, voting
from services.actors import Actor, Writer
from services.errors import NotPermitted, RateLimited, RefusalReason
from services.permissions import PostAction, PostFacts, post_permission
from services.policy import LIMITS, Limit, Limited
from services.quotas import Quota, left, spend, spending
from settings import settings

# Later than any hour that other tests count in: the hours of quotas never go back.
NOON = datetime(2126, 5, 1, 12, tzinfo=UTC)
ANN, BOB, WRITER = models.User(id=1), models.User(id=2), Writer("a" * 64)


@pytest.fixture(autouse=True)
def limited(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A site that limits, at noon; a request from 192.0.2.1."""
    monkeypatch.setattr(settings(), "rate_limits", True)
    monkeypatch.setattr(quotas, "_hour", datetime.min.replace(tzinfo=UTC))
    monkeypatch.setitem(LIMITS, Limited.FLAGS, Limit(2, 3))
    quotas.forget()
    with clock.standing_at(NOON + timedelta(minutes=10)), origin.coming_from("192.0.2.1"):
        yield
    quotas.forget()


def remaining(actor: Actor, limited: Limited = Limited.FLAGS) -> int:
    quota = left(limited, actor)
    assert quota is not None
    return quota.remaining


def test_a_user_has_so_many_in_an_hour_of_the_clock() -> None:
    assert left(Limited.FLAGS, ANN) == Quota(2, NOON + timedelta(hours=1))
    for _ in range(2):
        spend(Limited.FLAGS, ANN)
    assert remaining(ANN) == 0
    with pytest.raises(RateLimited, match=r"That is enough for this hour: go on at 13:00 UTC\.") as refusal:
        spend(Limited.FLAGS, ANN)
    assert refusal.value.retry_at == NOON + timedelta(hours=1)
    with clock.standing_at(NOON + timedelta(minutes=59, seconds=59)):
        assert remaining(ANN) == 0
    with clock.standing_at(NOON + timedelta(hours=1)):
        assert left(Limited.FLAGS, ANN) == Quota(2, NOON + timedelta(hours=2))
        spend(Limited.FLAGS, ANN)
    # A clock that is set back gives nobody another hour.
    assert left(Limited.FLAGS, ANN) == Quota(1, NOON + timedelta(hours=2))


def test_users_of_one_address_share_what_the_address_may() -> None:
    spend(Limited.FLAGS, ANN)
    spend(Limited.FLAGS, BOB)
    assert (remaining(ANN), remaining(BOB), remaining(WRITER), remaining(None)) == (1, 1, 1, 1)
    spend(Limited.FLAGS, WRITER)
    for actor in (ANN, BOB, WRITER, None):
        with pytest.raises(RateLimited):
            spend(Limited.FLAGS, actor)
    with origin.coming_from("192.0.2.2"):
        assert (remaining(ANN), remaining(WRITER), remaining(None)) == (1, 1, 3)


def test_a_user_is_counted_wherever_they_are_and_each_limit_apart() -> None:
    for number in range(2):
        with origin.coming_from(f"192.0.2.{number}"):
            spend(Limited.FLAGS, ANN)
    with origin.coming_from("198.51.100.1"), pytest.raises(RateLimited):
        spend(Limited.FLAGS, ANN)
    assert remaining(ANN, Limited.VOTES) == 300
    assert remaining(None, Limited.SIGN_UPS) == 5


def test_what_failed_or_changed_nothing_is_given_back_once() -> None:
    with pytest.raises(ZeroDivisionError), spending(Limited.FLAGS, ANN):
        raise ZeroDivisionError
    assert remaining(ANN) == 2
    with spending(Limited.FLAGS, ANN) as spent:
        assert remaining(ANN) == 1
        spent.give_back()
        spent.give_back()
    assert remaining(ANN) == 2
    with spending(Limited.FLAGS, ANN):
        pass
    assert remaining(ANN) == 1


def test_what_comes_from_within_and_sites_without_limits_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    with origin.coming_from(None):
        assert left(Limited.FLAGS, ANN) is None
        for _ in range(9):
            spend(Limited.FLAGS, ANN)
    assert remaining(ANN) == 2
    monkeypatch.setattr(settings(), "rate_limits", False)
    for _ in range(9):
        spend(Limited.FLAGS, ANN)
    assert left(Limited.FLAGS, ANN) is None


def test_viewer_can_tells_what_is_left_and_refuses_when_nothing_is() -> None:
    post = PostFacts(PostKind.ANSWER, 9, None, PostState.VISIBLE, False, None, 0, 0, None, None, None, 0)
    permission = post_permission(ANN, post, PostAction.FLAG)
    assert (permission.refusal, permission.quota) == (None, Quota(2, NOON + timedelta(hours=1)))
    assert post_permission(ANN, post, PostAction.EDIT).quota is None
    for _ in range(2):
        spend(Limited.FLAGS, ANN)
    permission = post_permission(ANN, post, PostAction.FLAG)
    assert isinstance(permission.refusal, NotPermitted)
    assert permission.refusal.reason is RefusalReason.RATE_LIMIT
    assert permission.quota == Quota(0, NOON + timedelta(hours=1))


async def test_votes_are_counted_but_for_those_that_change_nothing_or_are_refused(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    with origin.coming_from("192.0.2.9"):
        for value in (VoteValue.UP, VoteValue.UP, VoteValue.DOWN):
            await voting.cast_vote(bob, question.id, value)
        assert remaining(bob, Limited.VOTES) == 298
        with pytest.raises(NotPermitted):
            await voting.cast_vote(ann, question.id, VoteValue.UP)
        assert remaining(ann, Limited.VOTES) == 300
