"""Flagging: a user thinks that the staff should look at a post. Enough of them hide it."""

import models
from models import FlagReason
from models.database import transaction
from services import clock, quotas
from services.actors import Actor, user
from services.changes import appeared, vanished
from services.fates import deciding, hide_by_flags, write
from services.permissions import PostFacts, flag_refusal
from services.policy import FLAGS_THAT_HIDE, Limited
from services.settling import settled
from services.text import check_note
from services.visibility import found_post


async def flag_post(
    actor: Actor, post_id: int, reason: FlagReason, note: str | None = None, *, flagged: bool = True
) -> models.Post:
    """Set the flag of `actor` on a post, or take it back. The same again changes nothing.

    Returns the post with its thread, which the flag may have hidden even from who set it. Raises InvalidInput,
    NotFound, NotPermitted, and RateLimited: taking back is free.
    """
    note = check_note("note", note)
    with quotas.spending(Limited.FLAGS, actor) if flagged else quotas.free() as spent:
        async with transaction():
            post = await found_post(actor, post_id)
            async with settled(post.thread_id):
                post = await models.Post.get(id=post_id).select_related("thread")
                if refusal := flag_refusal(actor, PostFacts.of(post, post.thread)):
                    raise refusal
                is_new = await (_set(actor, post, reason, note) if flagged else _take_back(actor, post))
                if not is_new:
                    spent.give_back()
                elif post.flag_count >= FLAGS_THAT_HIDE:
                    await hide_by_flags(post)
    return await models.Post.get(id=post_id).select_related("thread")


async def clear_flags(actor: Actor, post_id: int) -> models.Post:
    """Find that the flags on a post need nothing done. Raises NotFound and NotPermitted.

    Whoever set one may flag the post anew. A post that they have hidden stays so until it is restored.
    """
    async with deciding(actor, post_id) as decision:
        await decision.clear_flags()
    return await models.Post.get(id=post_id)


async def _set(actor: Actor, post: models.Post, reason: FlagReason, note: str | None) -> bool:
    """Have the actor's flag stand; whether it did not before."""
    flag = await _flag_of(actor, post)
    is_new = flag is None or flag.cleared_at is not None
    if flag is None:
        flag = models.Flag(post_id=post.id, user_id=actor and actor.id)
    elif not is_new and (flag.reason, flag.note) == (reason, note):
        return False
    flag.reason, flag.note, flag.cleared_at = reason, note, None
    flag.created_at = clock.now() if is_new else flag.created_at
    await flag.save()
    appeared(flag)
    if is_new:
        await write(post, {"flag_count": post.flag_count + 1})
    return is_new


async def _take_back(actor: Actor, post: models.Post) -> bool:
    """Have no flag of the actor's stand. That is never a new one."""
    flag = await _flag_of(actor, post)
    if flag is not None and flag.cleared_at is None:
        await flag.delete()
        vanished(flag)
        await write(post, {"flag_count": post.flag_count - 1})
    return False


async def _flag_of(actor: Actor, post: models.Post) -> models.Flag | None:
    account = user(actor)
    return await models.Flag.get_or_none(post_id=post.id, user_id=account.id) if account else None
