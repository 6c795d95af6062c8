"""What moderation leaves behind, by chance: flags, batches, lines of the log, blocked addresses."""

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import TypeVar

from tortoise.models import Model

import models
from models import FlagReason, ModerationDeed

Row = TypeVar("Row", bound=Model)

_MOMENTS = [datetime(2026, 3, day, 12, microsecond=day % 2, tzinfo=UTC) for day in (1, 1, 2, 3)]
_TEXTS = ["Spam.", "Größe & <b>bold</b>", "日本語"]


async def random_flags(chance: Random, posts: Sequence[models.Post], users: Sequence[models.User]) -> list[models.Flag]:
    """Flags, some of them cleared."""
    return await _made(
        models.Flag,
        [
            models.Flag(
                post_id=post.id,
                user_id=user.id,
                reason=chance.choice(list(FlagReason)),
                note=chance.choice((None, *_TEXTS)),
                created_at=chance.choice(_MOMENTS),
                cleared_at=chance.choice((None, None, *_MOMENTS[:1])),
            )
            for post in posts
            for user in users
            if chance.random() < 0.05
        ],
    )


async def random_batches(chance: Random, users: Sequence[models.User]) -> list[models.ModerationBatch]:
    """Batches, undone long ago."""
    return await _made(
        models.ModerationBatch,
        [
            models.ModerationBatch(
                by_id=chance.choice(users).id,
                deed=chance.choice(list(ModerationDeed)),
                created_at=chance.choice(_MOMENTS),
                undone_at=chance.choice(_MOMENTS),
            )
            for _ in range(4)
        ],
    )


async def random_log(
    chance: Random,
    posts: Sequence[models.Post],
    users: Sequence[models.User],
    tags: Sequence[models.Tag],
    batches: Sequence[models.ModerationBatch],
) -> list[models.ModerationEntry]:
    """Lines about all kinds of things, and about nothing."""
    lines = []
    for _ in range(30):
        post = chance.choice((None, *posts))
        lines.append(
            models.ModerationEntry(
                deed=chance.choice(list(ModerationDeed)),
                by_id=chance.choice((None, *(each.id for each in users))),
                post_id=post and post.id,
                thread_id=post and post.thread_id,
                user_id=chance.choice((None, *(each.id for each in users))),
                tag_id=chance.choice((None, *(each.id for each in tags))),
                batch_id=chance.choice((None, *(each.id for each in batches))),
                reason=chance.choice((None, *_TEXTS)),
                amount=chance.choice((None, 3)),
                before=chance.choice((None, {"range": "203.0.113.0/24"})),
                created_at=chance.choice(_MOMENTS),
            )
        )
    return await _made(models.ModerationEntry, lines)


async def random_blocks(chance: Random, users: Sequence[models.User]) -> list[models.AddressBlock]:
    """Ranges of addresses."""
    return await _made(
        models.AddressBlock,
        [
            models.AddressBlock(
                lowest=f"{number:032x}",
                highest=f"{number + 1:032x}",
                range=f"range {number}",
                reason=chance.choice((None, *_TEXTS)),
                by_id=chance.choice((None, *(each.id for each in users))),
                created_at=chance.choice(_MOMENTS),
            )
            for number in range(3)
        ],
    )


async def _made(model: type[Row], rows: list[Row]) -> list[Row]:
    await model.bulk_create(rows)
    return await model.all().order_by("id")
