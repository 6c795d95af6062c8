"""What the staff did, for all to read; and what they work with: flags, and addresses that may not write."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from models.indexes import SortedIndex

if TYPE_CHECKING:
    from models.post import Post
    from models.tag import Tag
    from models.thread import Thread
    from models.user import User


class FlagReason(StrEnum):
    """What is wrong with a post."""

    SPAM = "spam"
    ABUSE = "abuse"
    OFF_TOPIC = "off_topic"
    DUPLICATE = "duplicate"
    LOW_QUALITY = "low_quality"
    OTHER = "other"


class Flag(Model):
    """That a user thinks the staff should look at a post. Taken back, the row goes; cleared by the staff, it stays."""

    id = fields.BigIntField(primary_key=True)
    post: fields.ForeignKeyRelation["Post"] = fields.ForeignKeyField(
        "models.Post", related_name="flags", on_delete=fields.CASCADE
    )
    post_id: int
    user: fields.ForeignKeyRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="flags", on_delete=fields.CASCADE, db_index=True
    )
    user_id: int
    reason = fields.CharEnumField(FlagReason, max_length=11)
    note: str | None = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    #: When the staff found that nothing was wrong; such a flag no longer counts.
    cleared_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "flag"
        constraints = (UniqueConstraint(fields=("post_id", "user_id"), name="flag_once"),)


class ModerationDeed(StrEnum):
    """What was done."""

    HIDDEN = "hidden"
    RESTORED = "restored"
    DELETED = "deleted"
    CLOSED = "closed"
    REOPENED = "reopened"
    EDITED = "edited"
    MOVED = "moved"
    RETAGGED = "retagged"
    CONVERTED = "converted"
    FLAGS_CLEARED = "flags_cleared"
    APPROVED = "approved"
    REJECTED = "rejected"
    BEST_ANSWER_CHOSEN = "best_answer_chosen"
    USER_BLOCKED = "user_blocked"
    USER_UNBLOCKED = "user_unblocked"
    LEVEL_CHANGED = "level_changed"
    ADDRESSES_BLOCKED = "addresses_blocked"
    ADDRESSES_UNBLOCKED = "addresses_unblocked"
    VOTES_SET_ASIDE = "votes_set_aside"
    VOTES_RESTORED = "votes_restored"
    TAGS_MERGED = "tags_merged"
    SYNONYM_ADDED = "synonym_added"
    SYNONYM_REMOVED = "synonym_removed"
    RULES_CHANGED = "rules_changed"
    UNDONE = "undone"


class ModerationBatch(Model):
    """Deeds on many posts that were done at once, and can be undone at once."""

    id = fields.BigIntField(primary_key=True)
    by: fields.ForeignKeyNullableRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="moderation_batches", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    by_id: int | None
    deed = fields.CharEnumField(ModerationDeed, max_length=20)
    created_at = fields.DatetimeField()
    undone_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "moderation_batch"


class ModerationEntry(Model):
    """A line of the log. What it is about may be gone since, or hidden from who reads it: then that is null.

    `before` is what the deed changed, for who undoes it; nobody reads it through the graph.
    """

    id = fields.BigIntField(primary_key=True)
    deed = fields.CharEnumField(ModerationDeed, max_length=20)
    #: Null where nobody decided: flags that reached their threshold.
    by: fields.ForeignKeyNullableRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="moderation_entries", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    by_id: int | None
    post: fields.ForeignKeyNullableRelation["Post"] = fields.ForeignKeyField(
        "models.Post", related_name="moderation_entries", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    post_id: int | None
    thread: fields.ForeignKeyNullableRelation["Thread"] = fields.ForeignKeyField(
        "models.Thread", related_name="moderation_entries", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    thread_id: int | None
    user: fields.ForeignKeyNullableRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="moderated", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    user_id: int | None
    tag: fields.ForeignKeyNullableRelation["Tag"] = fields.ForeignKeyField(
        "models.Tag", related_name="moderation_entries", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    tag_id: int | None
    batch: fields.ForeignKeyNullableRelation["ModerationBatch"] = fields.ForeignKeyField(
        "models.ModerationBatch", related_name="entries", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    batch_id: int | None
    #: What the staff said of it. No words of the post itself: those may be hidden.
    reason: str | None = fields.TextField(null=True)
    #: How many things it was about, where they are many: votes, users.
    amount: int | None = fields.IntField(null=True)
    before: dict[str, Any] | None = fields.JSONField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "moderation_entry"
        indexes = (SortedIndex(fields=("deed", "id"), name="moderation_entry_by_deed"),)


class AddressBlock(Model):
    """A range of IP addresses from which nobody may write, both ends in it."""

    id = fields.BigIntField(primary_key=True)
    #: The ends as 32 hexadecimal digits; IPv4 as the IPv6 addresses ::ffff:a.b.c.d. They sort as addresses do.
    lowest = fields.CharField(max_length=32)
    highest = fields.CharField(max_length=32)
    #: As it was given: 203.0.113.0/24.
    range = fields.CharField(max_length=100)
    reason: str | None = fields.TextField(null=True)
    by: fields.ForeignKeyNullableRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="address_blocks", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    by_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "address_block"
        constraints = (UniqueConstraint(fields=("lowest", "highest"), name="address_block_once"),)
