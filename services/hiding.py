"""Hiding: posts are hidden, shown again, and deleted for good; by their authors, and by the staff."""

from dataclasses import dataclass
from functools import partial

import models
from models import ModerationDeed, PostKind
from models.database import after_commit, transaction
from services import changes, happenings, live, log
from services.actors import Actor
from services.fates import deciding
from services.happenings import ActivityKind
from services.permissions import PostFacts, delete_refusal
from services.settling import settled
from services.text import check_note
from services.visibility import found_post


@dataclass(frozen=True)
class Deleted:
    """What is left of a deleted post: its thread, and what it stood under; None where they went too."""

    thread: models.Thread | None
    parent: models.Post | None


async def hide_post(actor: Actor, post_id: int, reason: str | None) -> models.Post:
    """Hide a post. Raises InvalidInput, NotFound and NotPermitted.

    What stands under it is buried with it, and it earns nothing while it is hidden; votes on it count on.
    """
    reason = check_note("reason", reason)
    async with deciding(actor, post_id, reason) as decision:
        await decision.hide()
    return await models.Post.get(id=post_id)


async def restore_post(actor: Actor, post_id: int) -> models.Post:
    """Show a hidden post again. Raises NotFound and NotPermitted."""
    async with deciding(actor, post_id) as decision:
        await decision.restore()
    return await models.Post.get(id=post_id)


async def delete_post(actor: Actor, post_id: int) -> Deleted:
    """Delete a hidden post for good, and all that was made of it. Raises NotFound and NotPermitted.

    With a question goes its thread.
    """
    async with transaction():
        post = await found_post(actor, post_id)
        async with settled(post.thread_id):
            post = await models.Post.get(id=post_id).select_related("thread", "author")
            thread = post.thread
            if refusal := delete_refusal(actor, PostFacts.of(post, thread)):
                raise refusal
            is_question = post.kind is PostKind.QUESTION
            await log.note(ModerationDeed.DELETED, actor, post=post, about=post.author)
            await (thread if is_question else post).delete()
            changes.vanished(post, *([thread] if is_question else []))
            after_commit(partial(live.publish, live.post_topic(post_id)))
            happenings.tell(thread.id, ActivityKind.HIDDEN, post_id)
        if is_question:
            return Deleted(None, None)
        parent = await models.Post.get(id=post.parent_id) if post.parent_id else None
        return Deleted(await models.Thread.get(id=thread.id), parent)
