"""Points: what deeds are worth, and the ledger of a user's points."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import Parent

import models
from schema.context import Info
from schema.enums import PointsReason
from schema.loaders import Listing
from schema.nodes import Node
from schema.posts import Post
from services import points

if TYPE_CHECKING:
    from schema.users import User

#: Newest first.
POINTS_ORDER = ("-id",)
POINTS_OF_USER = Listing(
    "points of user", models.PointsEntry, lambda _, user_id: models.PointsEntry.filter(user_id=user_id)
)


@strawberry.type(description="One change of a user's points.")
class PointsEntry(Node):
    amount: int = strawberry.field(description="How many points were given, or below zero, taken.")
    total: int = strawberry.field(description="The user's points after this entry.")
    reason: PointsReason = strawberry.field(description="What it was for.")
    created_at: datetime = strawberry.field(description="When it was.")

    @strawberry.field(description="Whose points they are.")
    @staticmethod
    async def user(entry: Parent[models.PointsEntry], info: Info) -> Annotated["User", strawberry.lazy("schema.users")]:
        user: Any = await info.context.loaders.user_by_id.load(entry.user_id)
        return user

    @strawberry.field(description="The post that caused it.")
    @staticmethod
    async def post(entry: Parent[models.PointsEntry], info: Info) -> Post | None:
        return None if entry.post_id is None else Post.of(await info.context.loaders.post_by_id.load(entry.post_id))

    @strawberry.field(description="The version of the rules that it was reckoned by.")
    @staticmethod
    def rules_version(entry: Parent[models.PointsEntry]) -> int:
        return entry.rules_id


@strawberry.type(description="What each deed is worth. Amounts are in points; a cap of null is no cap.")
class PointsRules:
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


@strawberry.type
class PointsQueries:
    @strawberry.field(description="The rules in force.")
    async def points_rules(self) -> PointsRules:
        rules: Any = await points.rules_in_force()
        return rules
