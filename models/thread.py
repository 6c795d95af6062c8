"""Threads: what has an address."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from models.indexes import SortedIndex
from models.post import PostState

if TYPE_CHECKING:
    from models.category import Category
    from models.user import User


class ClosureReason(StrEnum):
    """Why a thread takes no more answers."""

    DUPLICATE = "duplicate"
    OFF_TOPIC = "off_topic"
    UNCLEAR = "unclear"
    RESOLVED = "resolved"
    OTHER = "other"


#: What criteria of lists look at in a thread's own row.
_FILTERED = ("state", "category_id", "created_at", "answer_count", "closed_at")


class Thread(Model):
    """A question with all that was said about it. Its id is the number in its address.

    `author`, `writer_key`, `state` and `score` are the question's, `answer_count` counts the visible answers and
    `hotness` follows from them all: kept here so that every list is one walk along an index.
    """

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(max_length=240)
    title = fields.CharField(max_length=800)
    category: fields.ForeignKeyNullableRelation["Category"] = fields.ForeignKeyField(
        "models.Category", related_name="threads", null=True, on_delete=fields.RESTRICT, db_index=True
    )
    category_id: int | None
    author: fields.ForeignKeyNullableRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="threads", null=True, on_delete=fields.SET_NULL
    )
    author_id: int | None
    writer_key = fields.CharField(max_length=64, null=True)
    state = fields.CharEnumField(PostState, max_length=8, default=PostState.VISIBLE)
    score = fields.IntField(default=0, db_default=0)
    answer_count = fields.IntField(default=0, db_default=0)
    view_count = fields.IntField(default=0, db_default=0)
    hotness = fields.FloatField(default=0.0, db_default=0.0)
    created_at = fields.DatetimeField()
    last_activity_at = fields.DatetimeField()
    closed_at: datetime | None = fields.DatetimeField(null=True)
    close_reason = fields.CharEnumField(ClosureReason, max_length=9, null=True)
    close_note = fields.TextField(null=True)
    closed_by: fields.ForeignKeyNullableRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="closed_threads", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    closed_by_id: int | None
    duplicate_of: fields.ForeignKeyNullableRelation["Thread"] = fields.ForeignKeyField(
        "models.Thread", related_name="duplicates", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    duplicate_of_id: int | None
    #: Threads that are closed as duplicates of this one.
    duplicate_count = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "thread"
        # One index an order: its columns (see `schema.enums.ThreadOrder`), then what lists are filtered by, so that
        # walking past threads that are not wanted reads the index alone: a tenth of the time. Not the score: SQLite
        # would write every index at each vote on a question, for two to three times the CPU of two of them.
        indexes = (
            *(
                SortedIndex(fields=(column, "id", *(each for each in _FILTERED if each not in column)), name=name)
                for column, name in (
                    ("created_at", "thread_by_creation"),
                    ("last_activity_at", "thread_by_activity"),
                    ("-hotness", "thread_by_hotness"),
                    ("-score", "thread_by_score"),
                    ("-answer_count", "thread_by_answers"),
                    ("-view_count", "thread_by_views"),
                )
            ),
            SortedIndex(fields=("author_id", "created_at", "id"), name="thread_by_author"),
        )


class ThreadView(Model):
    """That somebody has read a thread today: forgotten when the day is over.

    `viewer_key` is a hash of the account or the address, with a key that is another one each day.
    """

    id = fields.BigIntField(primary_key=True)
    day = fields.DateField(db_index=True)
    thread: fields.ForeignKeyRelation["Thread"] = fields.ForeignKeyField(
        "models.Thread", related_name="views", on_delete=fields.CASCADE
    )
    thread_id: int
    viewer_key = fields.CharField(max_length=32)

    class Meta:
        table = "thread_view"
        constraints = (UniqueConstraint(fields=("thread_id", "viewer_key"), name="thread_view_once"),)
