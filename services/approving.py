"""Approving: what waits is shown to all, or rejected."""

import models
from models.database import transaction
from services.actors import Actor
from services.errors import NotFound
from services.fates import Decision
from services.settling import settled
from services.text import check_note
from services.visibility import visible_posts


async def approve_post(actor: Actor, post_id: int) -> models.Post:
    """Show a post that waits to everybody, as if it had been written now. Raises NotFound and NotPermitted."""
    async with transaction():
        post = await _found(actor, post_id)
        async with settled(post.thread_id):
            await (await Decision.about(actor, post_id)).approve()
    return await models.Post.get(id=post_id)


async def reject_post(actor: Actor, post_id: int, reason: str | None) -> models.Post:
    """Hide a post that waits, for good unless the staff restore it. Raises InvalidInput, NotFound and NotPermitted.

    Returns the post with its thread: who may approve posts does not always see hidden ones.
    """
    reason = check_note("reason", reason)
    async with transaction():
        post = await _found(actor, post_id)
        async with settled(post.thread_id):
            await (await Decision.about(actor, post_id, reason)).reject()
    return await models.Post.get(id=post_id).select_related("thread")


async def _found(actor: Actor, post_id: int) -> models.Post:
    post = await visible_posts(actor).get_or_none(id=post_id)
    if post is None:
        raise NotFound("There is no such post.")
    return post
