"""Changing the rules of points and hotness, and what a change would do."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.errors import Conflict, InvalidInput, NotPermitted, RateLimited
from schema.points import PointsRules
from schema.users import User
from services import rules


@strawberry.input(description="Rules that shall be others; what is left out stays. A cap of null is no cap.")
class PointsRulesInput:
    joined: int | None = strawberry.field(default=UNSET, description="For signing up.")
    question_posted: int | None = strawberry.field(default=UNSET, description="For asking a question.")
    answer_posted: int | None = strawberry.field(default=UNSET, description="For answering.")
    best_answer_chosen: int | None = strawberry.field(
        default=UNSET, description="For choosing the best answer to one's question."
    )
    chosen_as_best: int | None = strawberry.field(
        default=UNSET, description="For an answer chosen as best by somebody else."
    )
    vote_cast: int | None = strawberry.field(
        default=UNSET, description="To the voter, for a vote on a question or an answer."
    )
    question_upvoted: int | None = strawberry.field(default=UNSET, description="For each vote up on one's question.")
    question_downvoted: int | None = strawberry.field(
        default=UNSET, description="For each vote down on one's question."
    )
    question_max_gain: int | None = strawberry.field(
        default=UNSET, description="The most that one question's votes up can bring."
    )
    question_max_loss: int | None = strawberry.field(
        default=UNSET, description="The most that one question's votes down can cost."
    )
    answer_upvoted: int | None = strawberry.field(default=UNSET, description="For each vote up on one's answer.")
    answer_downvoted: int | None = strawberry.field(default=UNSET, description="For each vote down on one's answer.")
    answer_max_gain: int | None = strawberry.field(
        default=UNSET, description="The most that one answer's votes up can bring."
    )
    answer_max_loss: int | None = strawberry.field(
        default=UNSET, description="The most that one answer's votes down can cost."
    )
    comment_upvoted: int | None = strawberry.field(default=UNSET, description="For each vote up on one's comment.")
    comment_downvoted: int | None = strawberry.field(default=UNSET, description="For each vote down on one's comment.")
    comment_max_gain: int | None = strawberry.field(
        default=UNSET, description="The most that one comment's votes up can bring."
    )
    comment_max_loss: int | None = strawberry.field(
        default=UNSET, description="The most that one comment's votes down can cost."
    )
    hot_question_age: int | None = strawberry.field(
        default=UNSET, description="Hotness for each second by which the question is newer."
    )
    hot_answer_age: int | None = strawberry.field(
        default=UNSET, description="Hotness for each second by which the latest answer is newer."
    )
    hot_answers: int | None = strawberry.field(default=UNSET, description="Hotness for an answer, times 160,000.")
    hot_votes: int | None = strawberry.field(
        default=UNSET, description="Hotness for a vote up on the question, times 160,000."
    )
    hot_views: int | None = strawberry.field(default=UNSET, description="Hotness for a view, times 4,000.")


@strawberry.input(description="Rules that are only thought of.")
class PreviewPointsRulesInput:
    rules: PointsRulesInput = strawberry.field(description="What would be others.")
    first: int = strawberry.field(default=20, description="How many of the largest changes to tell: 100 at the most.")


@strawberry.type(description="What other rules would make of a user's points.")
class PointsChange:
    user: User = strawberry.field(description="Whose points.")
    before: int = strawberry.field(description="What they are.")
    after: int = strawberry.field(description="What they would be.")


@strawberry.type(description="What other rules would make of everybody's points.")
class PreviewPointsRulesPayload:
    gaining: int = strawberry.field(description="How many users would have more points.")
    gained: float = strawberry.field(description="How many points they would gain, all together.")
    losing: int = strawberry.field(description="How many users would have fewer.")
    lost: float = strawberry.field(description="How many points they would lose, all together.")
    changes: list[PointsChange] = strawberry.field(description="The largest changes, up or down.")


PreviewPointsRulesResult = Annotated[
    PreviewPointsRulesPayload | InvalidInput | NotPermitted | RateLimited,
    strawberry.union("PreviewPointsRulesResult", description="What the rules would do, or why that is not told."),
]


@strawberry.input(description="Changes the rules for all that is done from now on, and for all that was.")
class UpdatePointsRulesInput:
    rules: PointsRulesInput = strawberry.field(description="What shall be others.")
    expected_version: int | None = strawberry.field(
        default=UNSET, description="The version that the change was made from: with another in force, it is refused."
    )
    reason: str | None = strawberry.field(default=UNSET, description="Why, for all to read in the log.")


@strawberry.type(description="The rules, in force for all that is done from now on.")
class UpdatePointsRulesPayload:
    points_rules: PointsRules = strawberry.field(
        description="The rules; `settling` tells how many users have their points for what they did before."
    )


UpdatePointsRulesResult = Annotated[
    UpdatePointsRulesPayload | InvalidInput | NotPermitted | Conflict | RateLimited,
    strawberry.union("UpdatePointsRulesResult", description="The rules in force, or why they are the old ones."),
]


def _wanted(given: PointsRulesInput) -> rules.Wanted:
    return {name: value for name, value in vars(given).items() if value is not UNSET}


@strawberry.type
class RulesMutations:
    # It changes nothing. But it is for few, is refused to others with a reason, and reads all posts and votes: so it is
    # no query, which anybody may send by GET, together with others, and answers to which are kept.
    @strawberry.mutation(description="What other rules would make of everybody's points. Nothing is changed.")
    async def preview_points_rules(
        self,
        info: Info,
        input: Annotated[PreviewPointsRulesInput, strawberry.argument(description="The rules to think of.")],
    ) -> PreviewPointsRulesResult:
        found = await rules.preview_rules(info.context.actor, _wanted(input.rules), input.first)
        return PreviewPointsRulesPayload(
            gaining=found.gaining,
            gained=found.gained,
            losing=found.losing,
            lost=found.lost,
            changes=[PointsChange(user=User.of(c.user), before=c.before, after=c.after) for c in found.changes],
        )

    @strawberry.mutation(description="Change the rules. Points and hotness of all that was done follow in batches.")
    async def update_points_rules(
        self, info: Info, input: Annotated[UpdatePointsRulesInput, strawberry.argument(description="The change.")]
    ) -> UpdatePointsRulesResult:
        expected = input.expected_version if input.expected_version is not UNSET else None
        changed = await rules.update_rules(info.context.actor, _wanted(input.rules), expected, input.reason or None)
        return UpdatePointsRulesPayload(points_rules=PointsRules.of(changed))
