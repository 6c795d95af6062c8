"""Setting aside the votes of a cheat: they count no more, and can be restored.

A vote that is set aside is a vote taken back which remembers what it was and by which entry of the log. So whatever
counts votes need not know of it; and whoever votes again on such a post has a vote like any other.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from tortoise.queryset import QuerySet

import models
from models import ModerationDeed, VoteValue
from models.conditions import Among
from models.database import transaction
from services import clock, log, points
from services.actors import Actor
from services.errors import Findings, NotFound, NotPermitted, RefusalReason
from services.permissions import set_aside_refusal
from services.points import Payment
from services.policy import Measured
from services.tally import Tally
from services.text import check_length

Item = TypeVar("Item")

#: Votes that are counted at a time; all of them are one transaction.
_BATCH = 500


@dataclass(frozen=True)
class Chosen:
    """Which of a user's votes: those set from `since` on and before `until`, on the posts of one author."""

    voter_id: int
    since: datetime | None = None
    until: datetime | None = None
    author_id: int | None = None


@dataclass(frozen=True)
class Decided:
    """Whose votes are set aside or restored, how many, and the entry of the log that says so."""

    voter: models.User
    amount: int
    entry: models.ModerationEntry


async def set_votes_aside(actor: Actor, chosen: Chosen, reason: str | None = None) -> Decided:
    """Have a user's votes that stand count no more. Raises NotFound, NotPermitted and InvalidInput.

    The log says how many they were and whose, never on which posts or which way.
    """
    findings = Findings()
    noted = check_length(findings, "reason", reason or "", Measured.NOTE)
    if chosen.since is not None and chosen.until is not None and chosen.since >= chosen.until:
        findings.add("until", message="Give a time after `since`.")
    async with transaction():
        voter = await _voter(actor, chosen.voter_id)
        if chosen.author_id is not None and not await models.User.exists(id=chosen.author_id):
            raise NotFound("There is no such author.")
        findings.raise_if_any()
        votes = await _locked(_standing(chosen), chosen.author_id)
        if not votes:
            raise NotPermitted(RefusalReason.ALREADY_DONE, f"No such votes of {voter.name} stand.")
        deed = ModerationDeed.VOTES_SET_ASIDE
        entry = await log.note(deed, actor, about=voter, reason=noted or None, amount=len(votes))
        await _set_all(votes, lambda vote: VoteValue.NONE, set_aside_by=entry.id)
    return Decided(await models.User.get(id=voter.id), len(votes), entry)


async def restore_votes(actor: Actor, entry_id: int) -> Decided:
    """Have the votes count again that an entry of the log set aside. Raises NotFound and NotPermitted.

    But for those that the user has set anew since, and those on posts that have become their own.
    """
    async with transaction():
        former = await models.ModerationEntry.get_or_none(id=entry_id, deed=ModerationDeed.VOTES_SET_ASIDE)
        if former is None or former.user_id is None:
            raise NotFound("There is no such entry by which votes were set aside.")
        voter = await _voter(actor, former.user_id)
        aside = models.Vote.filter(set_aside_by_id=former.id, value=VoteValue.NONE)
        votes = await _locked(aside, not_of=voter.id)
        if not votes:
            raise NotPermitted(RefusalReason.ALREADY_DONE, "None of these votes is set aside any more.")
        entry = await log.note(ModerationDeed.VOTES_RESTORED, actor, about=voter, amount=len(votes))
        await _set_all(votes, lambda vote: vote.set_aside or VoteValue.NONE)
    return Decided(await models.User.get(id=voter.id), len(votes), entry)


async def _voter(actor: Actor, user_id: int) -> models.User:
    """The user whose votes `actor` may decide on. Raises NotFound and NotPermitted."""
    voter = await models.User.get_or_none(id=user_id)
    if voter is None:
        raise NotFound("There is no such user.")
    if refusal := set_aside_refusal(actor, voter):
        raise refusal
    return voter


def _standing(chosen: Chosen) -> QuerySet[models.Vote]:
    votes = models.Vote.filter(user_id=chosen.voter_id, value__in=(VoteValue.UP, VoteValue.DOWN))
    if chosen.since is not None:
        votes = votes.filter(updated_at__gte=chosen.since)
    if chosen.until is not None:
        votes = votes.filter(updated_at__lt=chosen.until)
    return votes


async def _locked(
    votes: QuerySet[models.Vote], author_id: int | None = None, *, not_of: int | None = None
) -> Sequence[models.Vote]:
    """The votes as they are once all their posts are locked, in the order of those: of this author, or not of that."""
    posts = models.Post.filter(Among("id", votes, "post_id"))
    if author_id is not None:
        posts = posts.filter(author_id=author_id)
    if not_of is not None:
        posts = posts.filter(author_id__not=not_of)
    ids = await posts.order_by("id").select_for_update(no_key=True).values_list("id", flat=True)
    return [vote for some in _batches(ids) for vote in await votes.filter(post_id__in=some).order_by("post_id")]


async def _set_all(
    votes: Sequence[models.Vote], value_of: Callable[[models.Vote], VoteValue], *, set_aside_by: int | None = None
) -> None:
    """Set votes whose posts are locked, and pay for all of them in the end: users are locked last.

    When they were cast stays as it was, so that a time chosen again chooses the same votes.
    """
    payments: list[Payment] = []
    for some in _batches(votes):
        tally = await Tally.of([(vote.user_id, vote.post_id) for vote in some])
        for vote in some:
            post = tally.posts[vote.post_id]
            at, paid_at = vote.updated_at, clock.now()
            tally.set_vote(vote.user_id, post, value_of(vote), at, paid_at=paid_at, set_aside_by=set_aside_by)
        await tally.write()
        payments += tally.payments
    await points.locked({payment.user_id for payment in payments if payment.user_id is not None})
    for due in _batches(payments):
        await points.pay(due, tally.rules)


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for first in range(0, len(items), _BATCH):
        yield items[first : first + _BATCH]
