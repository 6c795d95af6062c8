"""Hiding posts, showing them again, and deleting them for good."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.errors import InvalidInput, NotFound, NotPermitted, RateLimited
from schema.given import given
from schema.nodes import post_id
from schema.posts import Post
from schema.threads import Thread
from services import hiding

_PROOF = "Proof that the post, made without an account, is yours."


@strawberry.input(description="A post to hide.")
class HidePostInput:
    post_id: strawberry.ID = strawberry.field(description="The post.")
    reason: str | None = strawberry.field(
        default=UNSET, description="Why, for all to read in the log: at most 1,000 characters."
    )
    claim_token: str | None = strawberry.field(default=UNSET, description=_PROOF)


@strawberry.type(description="The post, hidden.")
class HidePostPayload:
    post: Post = strawberry.field(description="The post, as its author and the staff still see it.")


HidePostResult = Annotated[
    HidePostPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("HidePostResult", description="The hidden post, or why it is not hidden."),
]


@strawberry.input(description="A post to show again.")
class RestorePostInput:
    post_id: strawberry.ID = strawberry.field(description="The post.")
    claim_token: str | None = strawberry.field(default=UNSET, description=_PROOF)


@strawberry.type(description="The post, shown again.")
class RestorePostPayload:
    post: Post = strawberry.field(description="The post: VISIBLE, or QUEUED where it has to be approved again.")


RestorePostResult = Annotated[
    RestorePostPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("RestorePostResult", description="The post, or why it stays hidden."),
]


@strawberry.input(description="A hidden post to delete for good.")
class DeletePostInput:
    post_id: strawberry.ID = strawberry.field(description="The post: it is hidden, and nothing stands under it.")


@strawberry.type(description="What a deleted post leaves behind.")
class DeletePostPayload:
    deleted_post_id: strawberry.ID = strawberry.field(description="The id that the post had.")
    thread: Thread | None = strawberry.field(
        description="The thread that it belonged to; null where that went with its question."
    )
    parent: Post | None = strawberry.field(description="What a comment stood under; null for questions and answers.")


DeletePostResult = Annotated[
    DeletePostPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("DeletePostResult", description="What the post leaves behind, or why it is still there."),
]


@strawberry.type
class HidingMutations:
    @strawberry.mutation(
        description="Hide a post from all but its author and the staff; what stands under it is buried."
    )
    async def hide_post(
        self, info: Info, input: Annotated[HidePostInput, strawberry.argument(description="The post, and why.")]
    ) -> HidePostResult:
        actor = await info.context.acting(given(input.claim_token))
        post = await hiding.hide_post(actor, post_id(input.post_id), input.reason or None)
        return HidePostPayload(post=Post.of(post))

    @strawberry.mutation(description="Show a hidden post again.")
    async def restore_post(
        self, info: Info, input: Annotated[RestorePostInput, strawberry.argument(description="The post.")]
    ) -> RestorePostResult:
        actor = await info.context.acting(given(input.claim_token))
        post = await hiding.restore_post(actor, post_id(input.post_id))
        return RestorePostPayload(post=Post.of(post))

    @strawberry.mutation(description="Delete a hidden post for good; with a question goes its thread.")
    async def delete_post(
        self, info: Info, input: Annotated[DeletePostInput, strawberry.argument(description="The post.")]
    ) -> DeletePostResult:
        deleted = await hiding.delete_post(info.context.actor, post_id(input.post_id))
        return DeletePostPayload(
            deleted_post_id=input.post_id, thread=Thread.of(deleted.thread), parent=Post.of(deleted.parent)
        )
