"""Posts: what somebody wrote, be it a question, an answer or a comment, and how it was before."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from models.indexes import SortedIndex
from models.vote import VoteValue

if TYPE_CHECKING:
    from models.thread import Thread
    from models.user import User


class PostKind(StrEnum):
    """What a post is to its thread."""

    QUESTION = "question"
    ANSWER = "answer"
    COMMENT = "comment"


class PostState(StrEnum):
    """Who may see a post: everybody, or only its author and those who judge."""

    VISIBLE = "visible"
    QUEUED = "queued"
    HIDDEN = "hidden"


class HiddenBy(StrEnum):
    """Who hid a post: it decides who may show it again."""

    AUTHOR = "author"
    STAFF = "staff"
    FLAGS = "flags"
    REJECTION = "rejection"


def _seen(*columns: str) -> tuple[str, ...]:
    """The columns of an index, with those that decide who sees a post."""
    return (*columns, "state", "author_id")


class Post(Model):
    """One contribution. One table for all three kinds, so that votes, revisions and permissions exist once.

    `score` is `up_votes - down_votes`; each of those is the standing votes of that value, plus the count that
    an import brought along without its voters. `version` grows with every change of the row.
    """

    id = fields.BigIntField(primary_key=True)
    thread: fields.ForeignKeyRelation["Thread"] = fields.ForeignKeyField(
        "models.Thread", related_name="posts", on_delete=fields.CASCADE
    )
    thread_id: int
    kind = fields.CharEnumField(PostKind, max_length=8)
    #: A comment's question or answer; null for those.
    parent: fields.ForeignKeyNullableRelation["Post"] = fields.ForeignKeyField(
        "models.Post", related_name="comments", null=True, on_delete=fields.CASCADE
    )
    parent_id: int | None
    author: fields.ForeignKeyNullableRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="posts", null=True, on_delete=fields.SET_NULL
    )
    author_id: int | None
    #: The name given without an account, or left behind by one that is gone.
    author_name = fields.CharField(max_length=80, null=True)
    #: Of a post made without an account: the SHA-256 of the secret that the writer's browser keeps as a cookie.
    writer_key = fields.CharField(max_length=64, null=True)
    body = fields.TextField()
    #: The body rendered and sanitised, and its plain text: made on write, since reads are many.
    body_html = fields.TextField()
    body_text = fields.TextField()
    state = fields.CharEnumField(PostState, max_length=8, default=PostState.VISIBLE)
    #: Whether a post that this one stands under is not visible: its question, or what it comments on.
    is_buried = fields.BooleanField(default=False, db_default=False)
    #: Of a hidden post: who hid it, and what they said of it.
    hidden_by = fields.CharEnumField(HiddenBy, max_length=9, null=True)
    hide_reason: str | None = fields.TextField(null=True)
    #: Flags that stand.
    flag_count = fields.IntField(default=0, db_default=0)
    score = fields.IntField(default=0, db_default=0)
    up_votes = fields.IntField(default=0, db_default=0)
    down_votes = fields.IntField(default=0, db_default=0)
    imported_up_votes = fields.IntField(default=0, db_default=0)
    imported_down_votes = fields.IntField(default=0, db_default=0)
    #: Visible comments.
    comment_count = fields.IntField(default=0, db_default=0)
    #: Posts of any state that stand under it: comments, and a question's answers.
    child_count = fields.IntField(default=0, db_default=0)
    version = fields.IntField(default=1, db_default=1)
    is_best = fields.BooleanField(default=False, db_default=False)
    #: Imported posts earn no points for being there: their author's opening entry holds what they earned.
    is_imported = fields.BooleanField(default=False, db_default=False)
    #: The same for having been chosen as best before the import.
    is_best_imported = fields.BooleanField(default=False, db_default=False)
    created_at = fields.DatetimeField()
    edited_at: datetime | None = fields.DatetimeField(null=True)
    editor: fields.ForeignKeyNullableRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="edited_posts", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    editor_id: int | None

    #: Left by the deed that has just set it: the vote of who acted. The row is then as the database has it.
    actors_vote: VoteValue | None = None

    class Meta:
        table = "post"
        constraints = (
            CheckConstraint(check="score = up_votes - down_votes", name="post_score"),
            CheckConstraint(check="up_votes >= 0 AND down_votes >= 0", name="post_votes"),
            CheckConstraint(check="(kind = 'comment') = (parent_id IS NOT NULL)", name="post_parent"),
            CheckConstraint(check="NOT is_best OR kind = 'answer'", name="post_best"),
        )
        # Lists end in what decides who sees a post, so that those are passed by without a look at them. The index of
        # kinds is that of what is not buried: with a third column, SQLite without statistics might prefer it.
        indexes = (
            SortedIndex(
                fields=_seen("thread_id", "kind", "is_buried", "-is_best", "-score", "id"), name="post_by_thread_best"
            ),
            SortedIndex(fields=_seen("thread_id", "kind", "is_buried", "created_at", "id"), name="post_by_thread_time"),
            SortedIndex(fields=_seen("parent_id", "is_buried", "created_at", "id"), name="post_by_parent"),
            SortedIndex(fields=("author_id", "kind", "created_at", "id"), name="post_by_author"),
            SortedIndex(fields=("kind", "state"), name="post_by_kind", condition={"is_buried": False}),
            SortedIndex(fields=("writer_key", "id"), name="post_by_writer"),
            SortedIndex(fields=("thread_id",), name="post_one_question", condition={"kind": "question"}, unique=True),
            SortedIndex(fields=("thread_id",), name="post_one_best", condition={"is_best": True}, unique=True),
        )


class Revision(Model):
    """One saved state of a post. A post that nobody edited has none: its first state is the post itself."""

    id = fields.BigIntField(primary_key=True)
    post: fields.ForeignKeyRelation["Post"] = fields.ForeignKeyField(
        "models.Post", related_name="revisions", on_delete=fields.CASCADE
    )
    post_id: int
    #: 1 is how it was written.
    number = fields.IntField()
    title = fields.CharField(max_length=800, null=True)
    body = fields.TextField()
    body_html = fields.TextField()
    tags: list[str] | None = fields.JSONField(null=True)
    #: The path of the thread's category then; null for answers and comments, and where there was none.
    category_path = fields.CharField(max_length=803, null=True)
    #: Saved without a mark on the post that it was edited.
    is_silent = fields.BooleanField(default=False, db_default=False)
    editor: fields.ForeignKeyNullableRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="revisions", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    editor_id: int | None
    comment = fields.TextField(null=True)
    edited_at = fields.DatetimeField()

    class Meta:
        table = "revision"
        constraints = (UniqueConstraint(fields=("post_id", "number"), name="revision_number"),)
