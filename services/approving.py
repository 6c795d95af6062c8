"""Approving: what waits is shown to all, or rejected."""

import models
from models.database import transaction
from services.actors import Actor
from services.fates import deciding
from services.notifying import notify_of
from services.text import check_note


async def approve_post(actor: Actor, post_id: int) -> models.Post:
    """Show a post that waits to everybody, as if it had been written now. Raises NotFound and NotPermitted."""
    async with transaction():
        async with deciding(actor, post_id) as decision:
            await decision.approve()
        # Whom it replies to hears of it now: it was not there before.
        await notify_of(await models.Post.get(id=post_id))
    return await models.Post.get(id=post_id)


async def reject_post(actor: Actor, post_id: int, reason: str | None) -> models.Post:
    """Hide a post that waits, for good unless the staff restore it. Raises InvalidInput, NotFound and NotPermitted.

    Returns the post with its thread: who may approve posts does not always see hidden ones.
    """
    reason = check_note("reason", reason)
    async with deciding(actor, post_id, reason) as decision:
        await decision.reject()
    return await models.Post.get(id=post_id).select_related("thread")
