"""Moderating many posts at once: one decision about all of them, in one transaction, that can be undone."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import models
from models import ModerationDeed
from models.database import transaction
from services import changes, clock, log
from services.actors import Actor, user
from services.errors import Findings, NotFound, NotPermitted, Refusal, RefusalReason
from services.fates import Decision, put_back
from services.notifying import notify_of
from services.permissions import nowhere_refusal, standing_refusal
from services.policy import MOST_IN_BATCH, Privilege
from services.settling import settled
from services.text import check_note
from services.visibility import visible_posts


class BatchDeed(StrEnum):
    """What can be done with many posts at once. Deleting is not among them: it cannot be undone."""

    HIDE = "hide"
    RESTORE = "restore"
    APPROVE = "approve"
    REJECT = "reject"
    CLEAR_FLAGS = "clear_flags"


class _Deed(NamedTuple):
    privilege: Privilege
    to_do: str
    decide: Callable[[Decision], Awaitable[None]]


_DEEDS = {
    ModerationDeed.HIDDEN: _Deed(Privilege.HIDE, "hide posts", Decision.hide),
    ModerationDeed.RESTORED: _Deed(Privilege.HIDE, "show posts again", Decision.restore),
    ModerationDeed.APPROVED: _Deed(Privilege.APPROVE, "approve posts", Decision.approve),
    ModerationDeed.REJECTED: _Deed(Privilege.APPROVE, "reject posts", Decision.reject),
    ModerationDeed.FLAGS_CLEARED: _Deed(Privilege.HIDE, "clear flags", Decision.clear_flags),
}
_NOTED_AS = {
    BatchDeed.HIDE: ModerationDeed.HIDDEN,
    BatchDeed.RESTORE: ModerationDeed.RESTORED,
    BatchDeed.APPROVE: ModerationDeed.APPROVED,
    BatchDeed.REJECT: ModerationDeed.REJECTED,
    BatchDeed.CLEAR_FLAGS: ModerationDeed.FLAGS_CLEARED,
}


@dataclass
class Outcome:
    """What became of the posts of a batch: those that were changed, and why the others were not."""

    posts: list[models.Post] = field(default_factory=list)
    refused: list[tuple[int, Refusal]] = field(default_factory=list)


async def moderate_posts(
    actor: Actor, post_ids: Sequence[int], deed: BatchDeed, reason: str | None
) -> tuple[models.ModerationBatch | None, Outcome]:
    """Decide the same about many posts: as the staff, be it about one's own. Each is done, or refused by itself.

    Returns the batch, None where it changed nothing. Raises InvalidInput, and NotPermitted for who may do it nowhere.
    """
    reason = check_note("reason", reason)
    ids = _checked(post_ids)
    noted_as = _NOTED_AS[deed]
    privilege, to_do, decide = _DEEDS[noted_as]
    if refusal := nowhere_refusal(actor, privilege, to_do):
        raise refusal
    outcome = Outcome()
    async with transaction():
        threads = {post.id: post.thread_id for post in await visible_posts(actor).filter(id__in=ids)}
        async with settled(*threads.values()):
            batch = await _new_batch(actor, noted_as)
            for post_id in ids:
                try:
                    if post_id not in threads:
                        raise NotFound("There is no such post.")
                    decision = await Decision.about(actor, post_id, reason, batch)
                    if refusal := standing_refusal(actor, privilege, to_do, decision.thread.category_id):
                        raise refusal
                    await decide(decision)
                except (NotFound, NotPermitted) as refusal:
                    outcome.refused.append((post_id, refusal))
                else:
                    outcome.posts.append(decision.post)
            if outcome.posts:
                changes.appeared(batch)
            else:
                await batch.delete()
        if deed is BatchDeed.APPROVE:
            for post in await models.Post.filter(id__in=[each.id for each in outcome.posts]).order_by("id"):
                await notify_of(post)
    return batch if outcome.posts else None, await _shown(outcome)


async def undo_moderation(actor: Actor, batch_id: int) -> tuple[models.ModerationBatch, Outcome]:
    """Put back what a batch changed, where it is still as the batch left it. Raises NotFound and NotPermitted.

    It takes what the batch took.
    """
    batch = await models.ModerationBatch.get_or_none(id=batch_id)
    if batch is None:
        raise NotFound("There is no such batch.")
    privilege, to_do, _ = _DEEDS[batch.deed]
    if refusal := nowhere_refusal(actor, privilege, to_do):
        raise refusal
    outcome = Outcome()
    async with transaction():
        entries = await models.ModerationEntry.filter(batch_id=batch_id, deed=batch.deed).order_by("id")
        there = await models.Post.filter(id__in=[entry.post_id for entry in entries])
        async with settled(*(post.thread_id for post in there)):
            batch = await models.ModerationBatch.select_for_update(no_key=True).get(id=batch_id)
            if batch.undone_at is not None:
                raise NotPermitted(RefusalReason.ALREADY_DONE, "This batch was undone already.")
            batch.undone_at = clock.now()
            await batch.save(update_fields=["undone_at"])
            changes.changed(batch, "undone_at")
            for entry in entries:
                assert entry.before is not None  # noqa: S101  a batch keeps it of each
                post_id: int = entry.before["id"]
                try:
                    outcome.posts.append(await _undo(actor, entry, privilege, to_do, batch))
                except (NotFound, NotPermitted) as refusal:
                    outcome.refused.append((post_id, refusal))
    return batch, await _shown(outcome)


async def _undo(
    actor: Actor, entry: models.ModerationEntry, privilege: Privilege, to_do: str, batch: models.ModerationBatch
) -> models.Post:
    post = await models.Post.get_or_none(id=entry.post_id).select_related("thread")
    if post is None or entry.before is None:
        raise NotFound("It was deleted meanwhile.")
    if refusal := standing_refusal(actor, privilege, to_do, post.thread.category_id):
        raise refusal
    if not await put_back(post, post.thread, entry.before["written"]):
        raise NotPermitted(RefusalReason.DISABLED, "Something else was done with it meanwhile.")
    await log.note(ModerationDeed.UNDONE, actor, post=post, batch=batch)
    return post


def _checked(post_ids: Sequence[int]) -> list[int]:
    """The ids, each once. Raises InvalidInput."""
    ids = list(dict.fromkeys(post_ids))
    findings = Findings()
    if not 0 < len(ids) <= MOST_IN_BATCH:
        findings.add("postIds", message=f"Name 1 to {MOST_IN_BATCH} posts; these are {len(ids)}.")
    findings.raise_if_any()
    return ids


async def _new_batch(actor: Actor, deed: ModerationDeed) -> models.ModerationBatch:
    account = user(actor)
    return await models.ModerationBatch.create(by_id=account.id if account else None, deed=deed, created_at=clock.now())


async def _shown(outcome: Outcome) -> Outcome:
    """The same with its posts as they are now, each with its thread: who acted may see them no longer."""
    found = models.Post.filter(id__in=[post.id for post in outcome.posts]).select_related("thread")
    now = {post.id: post for post in await found}
    outcome.posts = [now[post.id] for post in outcome.posts]
    return outcome
