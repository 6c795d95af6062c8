"""Moving threads to other categories, and changing their tags."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.categories import Category
from schema.context import Info
from schema.errors import InvalidInput, NotFound, NotPermitted, RateLimited
from schema.given import given
from schema.nodes import thread_id
from schema.posts import Revision
from schema.tags import Tag
from schema.threads import Thread
from services import reclassifying


@strawberry.input(description="The category of a thread.")
class MoveThreadInput:
    thread_id: strawberry.ID = strawberry.field(description="The thread.")
    category_path: str | None = strawberry.field(
        default=UNSET,
        description="The path of the category that it moves to; null: it belongs in none.",
    )
    reason: str | None = strawberry.field(default=UNSET, description="Why, for the revision and the log.")
    claim_token: str | None = strawberry.field(
        default=UNSET, description="Proof that the question, asked without an account, is yours."
    )


@strawberry.type(description="The thread, moved.")
class MoveThreadPayload:
    thread: Thread = strawberry.field(description="The thread, with its category and that one's count.")
    revision: Revision = strawberry.field(
        description="The question's, that keeps the move; where nothing changed, the newest one."
    )
    former_category: Category | None = strawberry.field(
        description="Where the thread no longer counts; null where it was in none, or nothing changed."
    )


MoveThreadResult = Annotated[
    MoveThreadPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("MoveThreadResult", description="The thread, or why it is where it was."),
]


@strawberry.input(description="The tags of a thread.")
class RetagThreadInput:
    thread_id: strawberry.ID = strawberry.field(description="The thread.")
    tags: list[str] = strawberry.field(description="All of its tags, in their order: at most 5; new words become tags.")
    reason: str | None = strawberry.field(default=UNSET, description="Why, for the revision and the log.")
    claim_token: str | None = strawberry.field(
        default=UNSET, description="Proof that the question, asked without an account, is yours."
    )


@strawberry.type(description="The thread, with other tags.")
class RetagThreadPayload:
    thread: Thread = strawberry.field(description="The thread, with its tags and their counts.")
    revision: Revision = strawberry.field(
        description="The question's, that keeps the tags; where nothing changed, the newest one."
    )
    former_tags: list[Tag] = strawberry.field(description="Tags that it no longer carries, with their counts.")


RetagThreadResult = Annotated[
    RetagThreadPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("RetagThreadResult", description="The thread, or why its tags are the old ones."),
]


@strawberry.type
class ReclassifyingMutations:
    @strawberry.mutation(description="Move a thread to another category, be it open or closed.")
    async def move_thread(
        self, info: Info, input: Annotated[MoveThreadInput, strawberry.argument(description="The category.")]
    ) -> MoveThreadResult:
        actor = await info.context.acting(given(input.claim_token))
        path, reason = given(input.category_path), given(input.reason)
        revised = await reclassifying.move_thread(actor, thread_id(input.thread_id), path, reason)
        return MoveThreadPayload(
            thread=Thread.of(revised.thread),
            revision=Revision.of(revised.revision),
            former_category=Category.of(revised.former_category),
        )

    @strawberry.mutation(description="Change the tags of a thread, be it open or closed.")
    async def retag_thread(
        self, info: Info, input: Annotated[RetagThreadInput, strawberry.argument(description="The tags.")]
    ) -> RetagThreadResult:
        actor = await info.context.acting(given(input.claim_token))
        revised = await reclassifying.retag_thread(actor, thread_id(input.thread_id), input.tags, given(input.reason))
        return RetagThreadPayload(
            thread=Thread.of(revised.thread),
            revision=Revision.of(revised.revision),
            former_tags=Tag.of_each(revised.former_tags),
        )
