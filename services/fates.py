"""Fates: what is decided about a post. Hidden, shown again, approved, rejected, its flags cleared; and put back.

Each is decided about a post that is locked with its thread, in a block of `services.settling`. Deeds on one post and on
many at once (`services.hiding`, `services.moderating`) are made of these.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any

import models
from models import HiddenBy, ModerationDeed, PostKind, PostState
from models.database import after_commit, transaction
from services import changes, clock, happenings, live, log
from services.actors import Actor, wrote
from services.errors import NotPermitted
from services.permissions import (
    PostFacts,
    approve_refusal,
    clear_flags_refusal,
    hide_refusal,
    restore_refusal,
    standing_refusal,
    waits_for_approval,
)
from services.policy import Privilege
from services.settling import settled
from services.visibility import found_post

#: What a deed wrote: by table, each column with what it held and what it holds now, as JSON.
Written = dict[str, dict[str, list[Any]]]


@dataclass(frozen=True)
class Decision:
    """Somebody decides about a post. Each method raises NotPermitted, or does it and notes it in the log."""

    actor: Actor
    post: models.Post
    thread: models.Thread
    reason: str | None = None
    batch: models.ModerationBatch | None = None

    @classmethod
    async def about(
        cls, actor: Actor, post_id: int, reason: str | None = None, batch: models.ModerationBatch | None = None
    ) -> "Decision":
        """A decision about the post as it is now: call it with the lock held."""
        post = await models.Post.get(id=post_id).select_related("thread")
        return cls(actor, post, post.thread, reason, batch)

    async def hide(self) -> None:
        """Hide the post: as its author, if it is the actor's own, else as the staff."""
        self._unless(hide_refusal(self.actor, self._facts))
        own = wrote(self.actor, self.post)
        written = await self._set(
            state=PostState.HIDDEN, hidden_by=HiddenBy.AUTHOR if own else HiddenBy.STAFF, hide_reason=self.reason
        )
        await self._note(ModerationDeed.HIDDEN, written, is_own=own)

    async def restore(self) -> None:
        """Show the post again; of an author who is not trusted with hiding it is subject to approval, as if new."""
        self._unless(restore_refusal(self.actor, self._facts))
        own = wrote(self.actor, self.post) and self.post.hidden_by is HiddenBy.AUTHOR
        waits = not self._is_trusted(Privilege.HIDE) and waits_for_approval(self.actor, self.thread.category_id)
        written = await self._set(
            state=PostState.QUEUED if waits else PostState.VISIBLE, hidden_by=None, hide_reason=None
        )
        await self._note(ModerationDeed.RESTORED, written, is_own=own)

    async def approve(self) -> None:
        """Show a post that waits: as if it had been written now, unless it was seen before and has been replied to."""
        self._unless(approve_refusal(self.actor, self._facts))
        now = clock.not_before(self.thread.last_activity_at)
        of_post: dict[str, Any] = {"state": PostState.VISIBLE}
        of_thread: dict[str, Any] = {"last_activity_at": now}
        if not self.post.child_count:
            of_post["created_at"] = now
            if self.post.kind is PostKind.QUESTION:
                of_thread["created_at"] = now
        written = await self._set(**of_post) | await write(self.thread, of_thread)
        await self._note(ModerationDeed.APPROVED, written)

    async def reject(self) -> None:
        """Hide a post that waits: its author cannot show it again."""
        self._unless(approve_refusal(self.actor, self._facts))
        written = await self._set(state=PostState.HIDDEN, hidden_by=HiddenBy.REJECTION, hide_reason=self.reason)
        await self._note(ModerationDeed.REJECTED, written)

    async def clear_flags(self) -> None:
        """Find that the flags which stand need nothing done: they count no longer."""
        self._unless(clear_flags_refusal(self.actor, self._facts))
        now = clock.now()
        standing = models.Flag.filter(post_id=self.post.id, cleared_at__isnull=True)
        ids: Any = await standing.values_list("id", flat=True)
        await standing.update(cleared_at=now)
        changes.appeared_with(models.Flag, post_id=self.post.id)  # or another now
        written = await self._set(flag_count=0)
        written["flag"] = {"ids": list(ids), "cleared_at": [None, as_json(now)]}
        await self._note(ModerationDeed.FLAGS_CLEARED, written, amount=len(ids))

    @property
    def _facts(self) -> PostFacts:
        return PostFacts.of(self.post, self.thread)

    def _is_trusted(self, privilege: Privilege) -> bool:
        return standing_refusal(self.actor, privilege, "", self.thread.category_id) is None

    @staticmethod
    def _unless(refusal: NotPermitted | None) -> None:
        if refusal is not None:
            raise refusal

    async def _set(self, **columns: Any) -> Written:
        return await write(self.post, columns)

    async def _note(
        self, deed: ModerationDeed, written: Written, *, is_own: bool = False, amount: int | None = None
    ) -> None:
        """Note it in the log, unless somebody did it with what is their own; a batch is noted all the same."""
        if is_own and self.batch is None:
            return
        before = {"id": self.post.id, "written": written} if self.batch else None
        await log.note(
            deed, self.actor, post=self.post, reason=self.reason, amount=amount, before=before, batch=self.batch
        )


@asynccontextmanager
async def deciding(actor: Actor, post_id: int, reason: str | None = None) -> AsyncIterator[Decision]:
    """A block of its own transaction in which somebody decides about a post. Raises NotFound."""
    async with transaction():
        post = await found_post(actor, post_id)
        async with settled(post.thread_id):
            yield await Decision.about(actor, post_id, reason)


async def hide_by_flags(post: models.Post) -> None:
    """Hide a post that has as many flags as it takes: nobody decided."""
    await write(post, {"state": PostState.HIDDEN, "hidden_by": HiddenBy.FLAGS, "hide_reason": None})
    await log.note(ModerationDeed.HIDDEN, None, post=post)


async def write(row: models.Post | models.Thread, columns: Mapping[str, Any]) -> Written:
    """Write columns of a row, and tell of it; what they held and hold now."""
    written = {name: [as_json(getattr(row, name)), as_json(value)] for name, value in columns.items()}
    before = row.state
    for name, value in columns.items():
        setattr(row, name, value)
    names = [*columns]
    if isinstance(row, models.Post):
        row.version += 1
        names.append("version")
        after_commit(partial(live.publish, live.post_topic(row.id)))
        happenings.tell_of_state(row, before)
    await row.save(update_fields=names)
    changes.changed(row, *names)
    return {row._meta.db_table: written}


async def put_back(post: models.Post, thread: models.Thread, written: Written) -> bool:
    """Undo what a deed wrote, if the post is still as the deed left it; whether it was.

    What has moved on in the thread meanwhile stays; so do flags that were set again.
    """
    of_post = written[models.Post._meta.db_table]
    if any(as_json(getattr(post, name)) != now for name, (_, now) in of_post.items()):
        return False
    if flags := written.get(models.Flag._meta.db_table):
        cleared_at = datetime.fromisoformat(flags["cleared_at"][1])
        await models.Flag.filter(id__in=flags["ids"], cleared_at=cleared_at).update(cleared_at=None)
        changes.appeared_with(models.Flag, post_id=post.id)
        of_post = {"flag_count": [await models.Flag.filter(post_id=post.id, cleared_at__isnull=True).count(), None]}
    await write(post, _before(post, of_post))
    of_thread = {
        name: [before, now]
        for name, (before, now) in written.get(models.Thread._meta.db_table, {}).items()
        if as_json(getattr(thread, name)) == now
    }
    if of_thread:
        await write(thread, _before(thread, of_thread))
    return True


def as_json(value: Any) -> Any:
    """A value of a column as the log keeps it."""
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else value


def _before(row: models.Post | models.Thread, written: dict[str, list[Any]]) -> dict[str, Any]:
    return {name: row._meta.fields_map[name].to_python_value(before) for name, (before, _) in written.items()}
