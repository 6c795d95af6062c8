"""Voting: a user's vote on a post, set to a value."""

from functools import partial

from tortoise.expressions import F

import models
from models import PointsReason, PostKind, VoteValue
from models.database import after_commit, transaction
from services import clock, live, points
from services.errors import NotFound
from services.hotness import VOTE_SECONDS
from services.permissions import visible_posts, vote_refusal
from services.points import Payment


async def cast_vote(actor: models.User | None, post_id: int, value: VoteValue) -> models.Post:
    """Set the vote of `actor` on a post to `value`; the same value again changes nothing.

    Raises NotFound and NotPermitted. Up, down, switch and retract are one path, so the points of all of them are
    the difference between the post as it was and as it is.
    """
    async with transaction():
        post = await visible_posts(actor).select_for_update(no_key=True).get_or_none(id=post_id)
        if post is None:
            raise NotFound("There is no such post.")
        if refusal := vote_refusal(actor, post, value):
            raise refusal
        assert actor is not None  # noqa: S101  visitors were refused above
        before = await _record(actor, post, value)
        if value is not before:
            rules = await points.rules_in_force()
            worth_before = points.for_votes(rules, post)
            await _count(post, before, value, rules)
            cast = points.for_casting(rules, post.kind) * (abs(value) - abs(before))
            received = points.for_votes(rules, post) - worth_before
            await points.pay(
                [
                    Payment(actor.id, cast, PointsReason.VOTE_CAST, post.id),
                    Payment(post.author_id, received, PointsReason.VOTE_RECEIVED, post.id),
                ],
                rules,
            )
            after_commit(partial(live.publish, live.post_topic(post.id)))
    return post


async def _record(actor: models.User, post: models.Post, value: VoteValue) -> VoteValue:
    """Write the vote down; returns what it was before. The post's lock keeps a user's own haste apart."""
    now = clock.now()
    vote = await models.Vote.get_or_none(user_id=actor.id, post_id=post.id)
    if vote is None:
        if value is not VoteValue.NONE:
            await models.Vote.create(user_id=actor.id, post_id=post.id, value=value, created_at=now, updated_at=now)
        return VoteValue.NONE
    if vote.value is not value:
        await models.Vote.filter(id=vote.id).update(value=value, updated_at=now)
    return vote.value


async def _count(post: models.Post, before: VoteValue, value: VoteValue, rules: models.PointsRules) -> None:
    """Bring the post's counts, and its thread's, to the new vote."""
    up = (value is VoteValue.UP) - (before is VoteValue.UP)
    down = (value is VoteValue.DOWN) - (before is VoteValue.DOWN)
    post.up_votes += up
    post.down_votes += down
    post.score += up - down
    post.version += 1
    await post.save(update_fields=["up_votes", "down_votes", "score", "version"])
    if post.kind is PostKind.QUESTION:
        await models.Thread.filter(id=post.thread_id).update(
            score=post.score, hotness=F("hotness") + float(rules.hot_votes * VOTE_SECONDS * (up - down))
        )
