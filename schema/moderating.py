"""Moderating many posts at once, and undoing it."""

from typing import Annotated

import strawberry
from strawberry import UNSET

import models
from schema.context import Info
from schema.enums import BatchDeed, RefusalReason
from schema.errors import InvalidInput, NotFound, NotPermitted, RateLimited
from schema.log import ModerationBatch
from schema.nodes import batch_id, global_id, post_id
from schema.posts import Post
from services import errors, moderating
from services.policy import MOST_IN_BATCH


@strawberry.input(description="One decision about many posts.")
class ModeratePostsInput:
    post_ids: list[strawberry.ID] = strawberry.field(description=f"The posts: at most {MOST_IN_BATCH}.")
    deed: BatchDeed = strawberry.field(description="What is done with each.")
    reason: str | None = strawberry.field(
        default=UNSET, description="Why, for all to read in the log: at most 1,000 characters."
    )


@strawberry.type(description="Why one of many posts is as it was.")
class PostRefusal:
    post_id: strawberry.ID = strawberry.field(description="The post.")
    reason: RefusalReason | None = strawberry.field(description="Why, for a program; null where there is no such post.")
    message: str = strawberry.field(description="Why, for a person.")


@strawberry.type(description="What was done with the posts.")
class ModeratePostsPayload:
    batch: ModerationBatch | None = strawberry.field(description="What undoes it; null where nothing was done.")
    posts: list[Post] = strawberry.field(description="The posts that it was done with, as they are now.")
    refusals: list[PostRefusal] = strawberry.field(description="Why it was not done with the others.")


ModeratePostsResult = Annotated[
    ModeratePostsPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("ModeratePostsResult", description="What was done, or why nothing was."),
]


@strawberry.input(description="A batch to undo.")
class UndoModerationInput:
    batch_id: strawberry.ID = strawberry.field(description="The batch.")


@strawberry.type(description="What was put back.")
class UndoModerationPayload:
    batch: ModerationBatch = strawberry.field(description="The batch, which cannot be undone again.")
    posts: list[Post] = strawberry.field(description="The posts that were put back, as they are now.")
    refusals: list[PostRefusal] = strawberry.field(description="Why the others were not.")


UndoModerationResult = Annotated[
    UndoModerationPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("UndoModerationResult", description="What was put back, or why nothing was."),
]


def _refusals(outcome: moderating.Outcome) -> list[PostRefusal]:
    return [
        PostRefusal(
            post_id=strawberry.ID(global_id(models.Post(id=key))),
            reason=refusal.reason if isinstance(refusal, errors.NotPermitted) else None,
            message=refusal.message,
        )
        for key, refusal in outcome.refused
    ]


def _show(info: Info, outcome: moderating.Outcome) -> None:
    info.context.loaders.show(*outcome.posts, *(post.thread for post in outcome.posts))


@strawberry.type
class ModeratingMutations:
    @strawberry.mutation(description="Decide the same about many posts at once, so that it can be undone at once.")
    async def moderate_posts(
        self,
        info: Info,
        input: Annotated[ModeratePostsInput, strawberry.argument(description="The posts, and the decision.")],
    ) -> ModeratePostsResult:
        ids = [post_id(each) for each in input.post_ids]
        batch, outcome = await moderating.moderate_posts(info.context.actor, ids, input.deed, input.reason or None)
        _show(info, outcome)
        return ModeratePostsPayload(
            batch=ModerationBatch.of(batch), posts=Post.of_each(outcome.posts), refusals=_refusals(outcome)
        )

    @strawberry.mutation(description="Put back what a batch changed, where nothing else has been done with it since.")
    async def undo_moderation(
        self, info: Info, input: Annotated[UndoModerationInput, strawberry.argument(description="The batch.")]
    ) -> UndoModerationResult:
        batch, outcome = await moderating.undo_moderation(info.context.actor, batch_id(input.batch_id))
        _show(info, outcome)
        return UndoModerationPayload(
            batch=ModerationBatch.of(batch), posts=Post.of_each(outcome.posts), refusals=_refusals(outcome)
        )
