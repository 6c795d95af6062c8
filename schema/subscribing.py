"""Being told of replies by mail, and no more."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.errors import InvalidInput, NotFound, NotPermitted, RateLimited
from schema.given import given
from schema.nodes import post_id
from schema.posts import Post
from services import subscribing


@strawberry.input(description="Whether to tell the writer of a post of replies to it.")
class SetReplyNoticeInput:
    post_id: strawberry.ID = strawberry.field(description="The post, of the viewer's own.")
    notify: bool = strawberry.field(description="False ends it: the address is deleted.")
    email: str | None = strawberry.field(
        default=UNSET, description="Where to; it serves for that alone. Null: to the account's address."
    )
    claim_token: str | None = strawberry.field(
        default=UNSET, description="Proof that the post, made without an account, is yours."
    )


@strawberry.type(description="The wish, noted.")
class SetReplyNoticePayload:
    post: Post = strawberry.field(description="The post.")
    notify: bool = strawberry.field(description="Whether its writer is told of replies.")


SetReplyNoticeResult = Annotated[
    SetReplyNoticePayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("SetReplyNoticeResult", description="The post, or why all is as it was."),
]


@strawberry.type
class SubscribingMutations:
    @strawberry.mutation(description="Be told by mail of replies to what one wrote, or no more.")
    async def set_reply_notice(
        self, info: Info, input: Annotated[SetReplyNoticeInput, strawberry.argument(description="The wish.")]
    ) -> SetReplyNoticeResult:
        actor = await info.context.acting(given(input.claim_token))
        post = await subscribing.set_reply_notice(actor, post_id(input.post_id), input.notify, input.email or None)
        return SetReplyNoticePayload(post=Post.of(post), notify=input.notify)
