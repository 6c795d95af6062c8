"""Claiming: what somebody wrote without an account becomes their account's."""

from collections.abc import Sequence
from contextlib import ExitStack

import models
from models import PostKind, VoteValue
from models.database import transaction
from services import claims, clock, quotas
from services.actors import Actor, user
from services.changes import changed
from services.errors import Findings
from services.permissions import PostFacts, claim_refusal
from services.policy import MOST_IN_BATCH, Limited
from services.settling import settled

_LIMITS = {
    PostKind.QUESTION: Limited.QUESTIONS,
    PostKind.ANSWER: Limited.ANSWERS,
    PostKind.COMMENT: Limited.COMMENTS,
}


async def claim_posts(actor: Actor, tokens: Sequence[str]) -> list[models.Post]:
    """Make the posts of these claim tokens the actor's, all or none; returns them in that order, each once.

    Raises InvalidInput with every token that is none, NotPermitted, and RateLimited: a claim counts as a post
    (Question2Answer, a6). The points are paid to the account, which has no vote on what is now its own.
    """
    ids = await _posts_of(tokens)
    async with transaction():
        threads = await models.Post.filter(id__in=ids).values_list("thread_id", flat=True)
        async with settled(*threads):  # type: ignore[arg-type]
            # As they are, now that nobody else changes them.
            found = {post.id: post for post in await models.Post.filter(id__in=ids).select_related("thread")}
            posts = [found[each] for each in ids if each in found]
            for post in posts:
                if refusal := claim_refusal(actor, PostFacts.of(post, post.thread)):
                    raise refusal
            with ExitStack() as spent:
                for post in posts:
                    spent.enter_context(quotas.spending(_LIMITS[post.kind], actor))
                for post in posts:
                    await _make_own(post, actor)
    return posts


async def _posts_of(tokens: Sequence[str]) -> list[int]:
    """The posts that tokens are for. Raises InvalidInput."""
    findings = Findings()
    if len(tokens) > MOST_IN_BATCH:
        findings.add("tokens", message=f"Claim at most {MOST_IN_BATCH} posts at once; these are {len(tokens):,}.")
        findings.raise_if_any()
    ids = [claims.claimed(token) for token in tokens]
    there = {post.id for post in await models.Post.filter(id__in=[each for each in ids if each]).only("id")}
    for index, each in enumerate(ids):
        if each not in there:
            findings.add("tokens", str(index), message="This is no claim token of a post here.")
    findings.raise_if_any()
    return list(dict.fromkeys(each for each in ids if each))


async def _make_own(post: models.Post, actor: Actor) -> None:
    """Give a post to an account; neither its vote nor its flag on it stands (Question2Answer, a7)."""
    account = user(actor)
    assert account is not None  # noqa: S101  the others were refused
    vote = await models.Vote.get_or_none(user_id=account.id, post_id=post.id)
    if vote is not None:
        post.up_votes -= vote.value is VoteValue.UP
        post.down_votes -= vote.value is VoteValue.DOWN
        # Nor does the staff give back one that was set aside.
        written = {"value": VoteValue.NONE, "set_aside": None, "set_aside_by_id": None, "updated_at": clock.now()}
        await models.Vote.filter(id=vote.id).update(**written)
        changed(vote, *written)
    post.flag_count -= await models.Flag.filter(user_id=account.id, post_id=post.id, cleared_at=None).count()
    await models.Flag.filter(user_id=account.id, post_id=post.id).delete()
    post.score = post.up_votes - post.down_votes
    post.author_id, post.writer_key, post.author_name = account.id, None, None
    post.version += 1
    columns = ("author_id", "writer_key", "author_name", "up_votes", "down_votes", "score", "flag_count", "version")
    await post.save(update_fields=columns)
    changed(post, *columns)
