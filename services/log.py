"""The log of moderation: a line for each deed of the staff, for all to read. Call it inside the deed's transaction."""

from typing import Any

import models
from models import ModerationDeed
from services import changes, clock
from services.actors import Actor, user


async def note(
    deed: ModerationDeed,
    by: Actor,
    *,
    post: models.Post | None = None,
    thread_id: int | None = None,
    about: models.User | None = None,
    tag_id: int | None = None,
    reason: str | None = None,
    amount: int | None = None,
    before: dict[str, Any] | None = None,
    batch: models.ModerationBatch | None = None,
) -> models.ModerationEntry:
    """Add a line: who did it, to what, and why. `before` is for whoever undoes it, and read by nobody else.

    What writers do to their own posts is not moderation, and is not noted: see `services.actors.wrote`.
    """
    account = user(by)
    entry = await models.ModerationEntry.create(
        deed=deed,
        by_id=account.id if account else None,
        post_id=post.id if post else None,
        thread_id=post.thread_id if post else thread_id,
        user_id=about.id if about else None,
        tag_id=tag_id,
        batch_id=batch.id if batch else None,
        reason=reason,
        amount=amount,
        before=before,
        created_at=clock.now(),
    )
    changes.appeared(entry)
    return entry
