"""Votes: one row for a user and a post, kept when the vote is taken back."""

from enum import IntEnum
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

if TYPE_CHECKING:
    from models.moderation import ModerationEntry
    from models.post import Post
    from models.user import User


class VoteValue(IntEnum):
    """What a user thinks of a post, as it counts in the score."""

    UP = 1
    DOWN = -1
    NONE = 0


class Vote(Model):
    """A user's standing vote on a post (Question2Answer's `uservotes`): taken back, it stays as NONE."""

    id = fields.BigIntField(primary_key=True)
    user: fields.ForeignKeyRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="votes", on_delete=fields.CASCADE
    )
    user_id: int
    post: fields.ForeignKeyRelation["Post"] = fields.ForeignKeyField(
        "models.Post", related_name="votes", on_delete=fields.CASCADE, db_index=True
    )
    post_id: int
    value = fields.IntEnumField(VoteValue)
    #: What the vote was before the staff set it aside: its value is NONE now. See `ModerationEntry`.
    set_aside = fields.IntEnumField(VoteValue, null=True)
    set_aside_by: fields.ForeignKeyNullableRelation["ModerationEntry"] = fields.ForeignKeyField(
        "models.ModerationEntry", related_name="votes_set_aside", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    set_aside_by_id: int | None
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "vote"
        constraints = (
            UniqueConstraint(fields=("user_id", "post_id"), name="vote_once"),
            CheckConstraint(check="value IN (-1, 0, 1)", name="vote_value"),
        )
