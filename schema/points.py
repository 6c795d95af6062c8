"""Points: what deeds are worth, and the ledger of a user's points."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

import models
from planner.sources import Listing, view_of, whole_site
from schema.enums import PointsReason
from schema.fields import batch, column, one, same, to_one
from schema.nodes import Node, OfRow
from schema.posts import Post

if TYPE_CHECKING:
    from schema.users import User

#: Newest first.
POINTS_ORDER = ("-id",)
POINTS_OF_USER = Listing(
    "points of user", models.PointsEntry, lambda _, user_id: models.PointsEntry.filter(user_id=user_id)
)
RULES = Listing("points rules", models.PointsRules, lambda *_: models.PointsRules.all())


@strawberry.type(description="One change of a user's points.")
@view_of(models.PointsEntry)
class PointsEntry(Node):
    amount: int = strawberry.field(description="How many points were given, or below zero, taken.")
    total: int = strawberry.field(description="The user's points after this entry.")
    reason: PointsReason = strawberry.field(description="What it was for.")
    created_at: datetime = strawberry.field(description="When it was.")
    user: Annotated["User", strawberry.lazy("schema.users")] = to_one("user", description="Whose points they are.")
    post: Post | None = to_one("post", description="The post that caused it.")
    rules_version: int = column("rules_id", description="The version of the rules that it was reckoned by.")


@strawberry.type(description="How far a change of the rules has come.")
@view_of(models.PointsRules)
class Settling:
    done: int = batch("settling_by_rules", "version", pick="done", description="Users who have their new points.")
    total: int = batch("settling_by_rules", "version", pick="total", description="All users.")


@strawberry.type(description="What each deed is worth. Amounts are in points; a cap of null is no cap.")
@view_of(models.PointsRules)
class PointsRules(OfRow):
    version: int = strawberry.field(description="Grows with every change of the rules.")
    joined: int = strawberry.field(description="For signing up.")
    question_posted: int = strawberry.field(description="For asking a question.")
    answer_posted: int = strawberry.field(description="For answering.")
    best_answer_chosen: int = strawberry.field(description="For choosing the best answer to one's question.")
    chosen_as_best: int = strawberry.field(description="For an answer chosen as best by somebody else.")
    vote_cast: int = strawberry.field(description="To the voter, for a vote on a question or an answer.")
    question_upvoted: int = strawberry.field(description="For each vote up on one's question.")
    question_downvoted: int = strawberry.field(description="For each vote down on one's question.")
    question_max_gain: int | None = strawberry.field(description="The most that one question's votes up can bring.")
    question_max_loss: int | None = strawberry.field(description="The most that one question's votes down can cost.")
    answer_upvoted: int = strawberry.field(description="For each vote up on one's answer.")
    answer_downvoted: int = strawberry.field(description="For each vote down on one's answer.")
    answer_max_gain: int | None = strawberry.field(description="The most that one answer's votes up can bring.")
    answer_max_loss: int | None = strawberry.field(description="The most that one answer's votes down can cost.")
    comment_upvoted: int = strawberry.field(description="For each vote up on one's comment.")
    comment_downvoted: int = strawberry.field(description="For each vote down on one's comment.")
    comment_max_gain: int | None = strawberry.field(description="The most that one comment's votes up can bring.")
    comment_max_loss: int | None = strawberry.field(description="The most that one comment's votes down can cost.")
    hot_question_age: int = strawberry.field(description="Hotness for each second by which the question is newer.")
    hot_answer_age: int = strawberry.field(description="Hotness for each second by which the latest answer is newer.")
    hot_answers: int = strawberry.field(description="Hotness for an answer, times 160,000.")
    hot_votes: int = strawberry.field(description="Hotness for a vote up on the question, times 160,000.")
    hot_views: int = strawberry.field(description="Hotness for a view, times 4,000.")
    settling: Settling | None = same(
        unless="settled_up_to", description="While they are being put in force for what was done before; else null."
    )


@strawberry.type
class PointsQueries:
    points_rules: PointsRules = one(RULES, whole_site, order=("-version",), description="The rules in force.")
