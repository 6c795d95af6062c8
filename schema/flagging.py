"""Flagging posts to the staff, and finding that nothing is wrong with them."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.enums import FlagReason
from schema.errors import InvalidInput, NotFound, NotPermitted, RateLimited
from schema.nodes import post_id
from schema.posts import Post
from services import flagging
from services.policy import FLAGS_THAT_HIDE


@strawberry.input(description="Sets the viewer's flag on a post; the same again changes nothing.")
class FlagPostInput:
    post_id: strawberry.ID = strawberry.field(description="The post.")
    reason: FlagReason = strawberry.field(description="What is wrong with it.")
    note: str | None = strawberry.field(
        default=UNSET, description="What the staff should know: at most 1,000 characters."
    )
    flagged: bool = strawberry.field(default=True, description="False takes the viewer's flag back.")


@strawberry.type(description="The flag, as it stands.")
class FlagPostPayload:
    post: Post = strawberry.field(description="The post: HIDDEN, if this flag was one too many for it.")


FlagPostResult = Annotated[
    FlagPostPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("FlagPostResult", description="The post with the viewer's flag, or why it has none."),
]


@strawberry.input(description="A post whose flags need nothing done.")
class ClearFlagsInput:
    post_id: strawberry.ID = strawberry.field(description="The post.")


@strawberry.type(description="The flags, cleared.")
class ClearFlagsPayload:
    post: Post = strawberry.field(description="The post, without flags that stand.")


ClearFlagsResult = Annotated[
    ClearFlagsPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("ClearFlagsResult", description="The post, or why its flags still stand."),
]


@strawberry.type
class FlaggingMutations:
    @strawberry.mutation(
        description=f"Flag a post to the staff. With {FLAGS_THAT_HIDE} flags it is hidden until they have looked."
    )
    async def flag_post(
        self, info: Info, input: Annotated[FlagPostInput, strawberry.argument(description="The post, and why.")]
    ) -> FlagPostResult:
        post = await flagging.flag_post(
            info.context.actor, post_id(input.post_id), input.reason, input.note or None, flagged=input.flagged
        )
        info.context.loaders.show(post, post.thread)
        return FlagPostPayload(post=Post.of(post))

    @strawberry.mutation(description="Have the flags on a post count no longer: nothing needs to be done about it.")
    async def clear_flags(
        self, info: Info, input: Annotated[ClearFlagsInput, strawberry.argument(description="The post.")]
    ) -> ClearFlagsResult:
        post = await flagging.clear_flags(info.context.actor, post_id(input.post_id))
        return ClearFlagsPayload(post=Post.of(post))
