"""Claiming what was written without an account."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.errors import InvalidInput, NotPermitted, RateLimited
from schema.posts import Post
from services import claiming


@strawberry.input(description="What to claim.")
class ClaimPostsInput:
    tokens: list[str] = strawberry.field(description="The claim tokens that came with the posts: at most 200.")


@strawberry.type(description="The posts, claimed: all of them.")
class ClaimPostsPayload:
    posts: list[Post] = strawberry.field(description="The viewer's own now, in the order of the tokens, each once.")


ClaimPostsResult = Annotated[
    ClaimPostsPayload | InvalidInput | NotPermitted | RateLimited,
    strawberry.union("ClaimPostsResult", description="The posts, or why none of them was claimed."),
]


@strawberry.type
class ClaimingMutations:
    @strawberry.mutation(description="Make posts that the viewer wrote without an account those of their account.")
    async def claim_posts(
        self, info: Info, input: Annotated[ClaimPostsInput, strawberry.argument(description="What to claim.")]
    ) -> ClaimPostsResult:
        posts = await claiming.claim_posts(info.context.actor, input.tokens)
        return ClaimPostsPayload(posts=[Post.of(post) for post in posts])
