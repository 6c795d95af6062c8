"""Closing: a thread takes no more answers, for a reason; and opening it again."""

import models
from models import ClosureReason, ModerationDeed
from models.database import transaction
from services import clock, happenings, log
from services.actors import Actor, user, wrote
from services.changes import changed
from services.errors import Findings
from services.happenings import ActivityKind
from services.permissions import ThreadFacts, close_refusal, reopen_refusal
from services.policy import Measured
from services.settling import settled
from services.text import check_length
from services.visibility import found_thread, visible_threads

_CLOSURE = ("closed_at", "close_reason", "close_note", "closed_by_id", "duplicate_of_id")


async def close_thread(
    actor: Actor, thread_id: int, reason: ClosureReason, note: str | None = None, duplicate_of_id: int | None = None
) -> models.Thread:
    """Close a thread; as a duplicate of another one if that is the reason. Raises InvalidInput, NotFound, NotPermitted.

    The other one is no duplicate itself. So no thread leads back to itself, and no chain has to be followed.
    """
    findings = Findings()
    note = check_length(findings, "note", note or "", Measured.NOTE) or None
    if reason is ClosureReason.DUPLICATE and duplicate_of_id is None:
        findings.add("duplicateOfId", message="Say which thread asked the same before.")
    elif reason is not ClosureReason.DUPLICATE and duplicate_of_id is not None:
        findings.add("duplicateOfId", message="Leave it out, or give the reason DUPLICATE.")
    elif duplicate_of_id == thread_id:
        findings.add("duplicateOfId", message="Give another thread: none is a duplicate of itself.")
    findings.raise_if_any()
    async with transaction():
        await found_thread(actor, thread_id)
        async with settled(thread_id, *([duplicate_of_id] if duplicate_of_id is not None else [])):
            thread = await models.Thread.get(id=thread_id)
            if refusal := close_refusal(actor, ThreadFacts.of(thread)):
                raise refusal
            await _check_original(actor, duplicate_of_id)
            account = user(actor)
            closure = (clock.now(), reason, note, account.id if account else None, duplicate_of_id)
            await _write(thread, dict(zip(_CLOSURE, closure, strict=True)))
            happenings.tell(thread_id, ActivityKind.CLOSED)
            if not wrote(actor, thread):
                await log.note(ModerationDeed.CLOSED, actor, thread_id=thread_id, reason=note)
    return await models.Thread.get(id=thread_id)


async def reopen_thread(actor: Actor, thread_id: int) -> tuple[models.Thread, models.Thread | None]:
    """Open a thread again; also the one that it is no longer a duplicate of. Raises NotFound and NotPermitted."""
    async with transaction():
        former_id = (await found_thread(actor, thread_id)).duplicate_of_id
        async with settled(thread_id, *([former_id] if former_id is not None else [])):
            thread = await models.Thread.get(id=thread_id)
            if refusal := reopen_refusal(actor, ThreadFacts.of(thread)):
                raise refusal
            await _write(thread, dict.fromkeys(_CLOSURE))
            happenings.tell(thread_id, ActivityKind.REOPENED)
            if not wrote(actor, thread):
                await log.note(ModerationDeed.REOPENED, actor, thread_id=thread_id)
    former = await visible_threads(actor).get_or_none(id=former_id) if former_id is not None else None
    return await models.Thread.get(id=thread_id), former


async def _check_original(actor: Actor, thread_id: int | None) -> None:
    """Raise InvalidInput where that thread cannot be what another one is a duplicate of."""
    if thread_id is None:
        return
    findings = Findings()
    original = await visible_threads(actor).get_or_none(id=thread_id)
    if original is None:
        findings.add("duplicateOfId", message="There is no such thread.")
    elif original.duplicate_of_id is not None:
        number = original.duplicate_of_id
        findings.add("duplicateOfId", message=f"That is a duplicate itself: give the thread with the number {number}.")
    findings.raise_if_any()


async def _write(thread: models.Thread, columns: dict[str, object]) -> None:
    for name, value in columns.items():
        setattr(thread, name, value)
    await thread.save(update_fields=[*columns])
    changed(thread, *columns)
