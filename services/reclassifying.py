"""Reclassifying: a thread is moved to another category, or gets other tags. Open or closed, it takes both."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import models
from models import ModerationDeed, PostKind
from models.database import transaction
from services import classification, log
from services.actors import Actor, wrote
from services.errors import Findings, NotFound, NotPermitted
from services.permissions import ThreadFacts, move_refusal, retag_refusal
from services.policy import Measured
from services.revising import Content, Revised, revise
from services.settling import settled
from services.text import check_length
from services.visibility import visible_threads


async def move_thread(actor: Actor, thread_id: int, path: str | None, reason: str | None = None) -> Revised:
    """Move a thread to the category at `path`; None: to no category. Where it is already, nothing changes.

    Raises NotFound, NotPermitted and InvalidInput.
    """
    findings = Findings()
    category = await classification.check_category(findings, path)
    return await _reclassify(
        actor,
        thread_id,
        findings,
        reason,
        refusal=move_refusal,
        deed=ModerationDeed.MOVED,
        change=lambda content: replace(content, category=category),
    )


async def retag_thread(actor: Actor, thread_id: int, tags: Sequence[str], reason: str | None = None) -> Revised:
    """Let `tags` be a thread's tags, in this order; a synonym gives its tag, a new word a new tag.

    Raises NotFound, NotPermitted and InvalidInput.
    """
    findings = Findings()
    names = tuple(classification.check_tags(findings, tags))
    return await _reclassify(
        actor,
        thread_id,
        findings,
        reason,
        refusal=retag_refusal,
        deed=ModerationDeed.RETAGGED,
        change=lambda content: replace(content, tags=names),
    )


async def _reclassify(
    actor: Actor,
    thread_id: int,
    findings: Findings,
    reason: str | None,
    *,
    refusal: Callable[[Actor, ThreadFacts], NotPermitted | None],
    deed: ModerationDeed,
    change: Callable[[Content], Content],
) -> Revised:
    comment = check_length(findings, "reason", reason or "", Measured.NOTE) or None
    async with transaction():
        if not await visible_threads(actor).filter(id=thread_id).exists():
            raise NotFound("There is no such thread.")
        async with settled(thread_id):
            # As they are, now that nobody else changes them.
            thread = await models.Thread.get(id=thread_id)
            question = await models.Post.get(thread_id=thread_id, kind=PostKind.QUESTION)
            if refused := refusal(actor, ThreadFacts.of(thread)):
                raise refused
            findings.raise_if_any()
            content = change(await Content.of(question, thread))
            revised = await revise(question, thread, content, actor, comment=comment)
            if revised.has_changed and not wrote(actor, thread):
                await log.note(deed, actor, post=question, reason=comment)
    return await revised.counted()
