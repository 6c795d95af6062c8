"""Points: the rules that say what a deed is worth, and the ledger of every change."""

from enum import StrEnum
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from models.indexes import SortedIndex

if TYPE_CHECKING:
    from models.post import Post
    from models.user import User


class PointsReason(StrEnum):
    """What a ledger entry was written for."""

    JOINED = "joined"
    QUESTION_POSTED = "question_posted"
    ANSWER_POSTED = "answer_posted"
    BEST_ANSWER_CHOSEN = "best_answer_chosen"
    CHOSEN_AS_BEST = "chosen_as_best"
    VOTE_CAST = "vote_cast"
    VOTE_RECEIVED = "vote_received"
    ADJUSTMENT = "adjustment"
    IMPORTED = "imported"
    RULES_CHANGED = "rules_changed"


class PointsRules(Model):
    """One version of the rules; the highest is in force. Amounts in points, a cap of null is no cap.

    The defaults are Question2Answer 1.8.8's (`app/options.php`, multiplied out by its `points_multiple` of 10),
    and so are the weights of hotness (`app/db/hotness.php`).
    """

    version = fields.IntField(primary_key=True, generated=False)
    joined = fields.IntField(default=100)
    question_posted = fields.IntField(default=20)
    answer_posted = fields.IntField(default=40)
    best_answer_chosen = fields.IntField(default=30)
    chosen_as_best = fields.IntField(default=300)
    #: To the voter, for each vote that stands on a question or an answer.
    vote_cast = fields.IntField(default=10)
    question_upvoted = fields.IntField(default=10)
    question_downvoted = fields.IntField(default=-10)
    #: What one question's votes can bring its author at the most, and cost them: counted apart.
    question_max_gain = fields.IntField(null=True, default=100)
    question_max_loss = fields.IntField(null=True, default=30)
    answer_upvoted = fields.IntField(default=20)
    answer_downvoted = fields.IntField(default=-20)
    answer_max_gain = fields.IntField(null=True, default=200)
    answer_max_loss = fields.IntField(null=True, default=50)
    comment_upvoted = fields.IntField(default=0)
    comment_downvoted = fields.IntField(default=0)
    comment_max_gain = fields.IntField(null=True, default=100)
    comment_max_loss = fields.IntField(null=True, default=30)
    #: Hotness per second of the question's age and of its newest answer's, per 160,000 s an answer or a vote is
    #: worth, and per 4,000 s a view is worth.
    hot_question_age = fields.IntField(default=100)
    hot_answer_age = fields.IntField(default=100)
    hot_answers = fields.IntField(default=100)
    hot_votes = fields.IntField(default=100)
    hot_views = fields.IntField(default=100)
    #: While the points of users are brought under this version: the last user's id that was; null when all are.
    settled_up_to: int | None = fields.BigIntField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "points_rules"


class PointsEntry(Model):
    """One change of a user's points: how much, why, under which rules. Entries are only ever added."""

    id = fields.BigIntField(primary_key=True)
    user: fields.ForeignKeyRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="points_entries", on_delete=fields.CASCADE
    )
    user_id: int
    amount = fields.IntField()
    #: The user's points after this entry.
    total = fields.IntField()
    reason = fields.CharEnumField(PointsReason, max_length=18)
    post: fields.ForeignKeyNullableRelation["Post"] = fields.ForeignKeyField(
        "models.Post", related_name="points_entries", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    post_id: int | None
    rules: fields.ForeignKeyRelation["PointsRules"] = fields.ForeignKeyField(
        "models.PointsRules", related_name="entries", on_delete=fields.RESTRICT
    )
    rules_id: int
    created_at = fields.DatetimeField()

    class Meta:
        table = "points_entry"
        indexes = (SortedIndex(fields=("user_id", "id"), name="points_entry_by_user"),)
