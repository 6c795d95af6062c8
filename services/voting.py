"""Voting: a user's vote on a post, set to a value."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import models
from models import VoteValue
from models.database import autocommit, dialect, in_transaction, transaction
from models.optimistic import Outdated
from services import clock, origin, quotas
from services.actors import Actor, user
from services.errors import NotFound
from services.permissions import PostFacts, vote_refusal
from services.policy import Limited
from services.tally import Pairs, Tally
from services.together import Together
from services.unlocked_tally import UnlockedTally
from services.visibility import everybody_sees, visible_posts


@dataclass
class Cast:
    """What somebody asks for: their vote on a post, set to a value."""

    actor: Actor
    post_id: int
    value: VoteValue
    address: str | None = field(default_factory=origin.address)
    at: datetime = field(default_factory=clock.now)
    #: Whether the vote is another one now.
    has_changed: bool = False


async def cast_vote(actor: Actor, post_id: int, value: VoteValue) -> models.Post:
    """Set the vote of `actor` on a post to `value`; the same value again changes nothing.

    Returns the post, with the vote in `actors_vote`. Raises NotFound, NotPermitted and RateLimited. Up, down, switch
    and retract are one path, so the points of all of them are the difference between the post as it was and as it is.
    Votes that arrive together share a transaction; each is answered after its commit.
    """
    cast = Cast(actor, post_id, value)
    with quotas.spending(Limited.VOTES, actor) as spent:
        if in_transaction():
            [voted] = await _count_all([cast])
            if isinstance(voted, Exception):
                raise voted
        else:
            voted = await _votes.do(cast)
        if not cast.has_changed:
            spent.give_back()
    return voted


async def finish() -> None:
    """Wait for the votes that are being counted."""
    await _votes.finish()


async def _count_all(batch: Sequence[Cast]) -> list[models.Post | Exception]:
    """Count votes in one transaction: in their order, each as if the ones before it had been counted alone.

    Where the database can, at first without locks: others who write about the same at the same time are few.
    """
    if dialect() == "postgres" and not in_transaction():
        with suppress(Outdated):
            async with autocommit():
                return await _counted(batch, UnlockedTally.of)
    async with transaction():
        return await _counted(batch, Tally.of)


async def _counted(
    batch: Sequence[Cast], tally_of: Callable[[Pairs], Awaitable[Tally]]
) -> list[models.Post | Exception]:
    voters = [user(cast.actor) for cast in batch]
    tally = await tally_of(
        [(voter.id if voter else None, cast.post_id) for voter, cast in zip(voters, batch, strict=True)]
    )
    refusals = [await _refused_or_counted(cast, tally) for cast in batch]
    if tally.has_changed:
        await tally.write_and_pay()
    return [
        refusal or tally.post_for(voter, cast.post_id)
        for voter, cast, refusal in zip(voters, batch, refusals, strict=True)
    ]


async def _refused_or_counted(cast: Cast, tally: Tally) -> Exception | None:
    """Why a vote is not counted; None where it is."""
    post = tally.posts.get(cast.post_id)
    if post is None or not (everybody_sees(post) or await visible_posts(cast.actor).filter(id=post.id).exists()):
        return NotFound("There is no such post.")
    with origin.coming_from(cast.address):
        refusal = vote_refusal(cast.actor, PostFacts.of_alone(post), cast.value)
    if refusal is None:
        _count(cast, tally)
    return refusal


def _count(cast: Cast, tally: Tally) -> None:
    """Record a vote that is allowed."""
    voter = user(cast.actor)
    assert voter is not None  # noqa: S101  the others were refused
    cast.has_changed = cast.value is not tally.vote(voter.id, cast.post_id)
    if cast.has_changed:
        tally.set_vote(voter.id, tally.posts[cast.post_id], cast.value, cast.at)


_votes = Together(_count_all)
