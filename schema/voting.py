"""Voting."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.enums import VoteValue
from schema.errors import InvalidInput, NotFound, NotPermitted, RateLimited
from schema.nodes import post_id
from schema.posts import Post
from services import voting


@strawberry.input(description="Sets the viewer's vote; the same value again changes nothing.")
class CastVoteInput:
    post_id: strawberry.ID = strawberry.field(description="The post to vote on.")
    value: VoteValue = strawberry.field(description="The vote that shall stand; NONE takes it back.")


@strawberry.type(description="The vote, as it stands.")
class CastVotePayload:
    post: Post = strawberry.field(description="The post, with its new counts.")


CastVoteResult = Annotated[
    CastVotePayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("CastVoteResult", description="The post with its new counts, or why they are the old ones."),
]


@strawberry.type
class VotingMutations:
    @strawberry.mutation(description="Set the viewer's vote on a post. The same value again changes nothing.")
    async def cast_vote(
        self, info: Info, input: Annotated[CastVoteInput, strawberry.argument(description="The vote to set.")]
    ) -> CastVoteResult:
        post = await voting.cast_vote(info.context.actor, post_id(input.post_id), input.value)
        return CastVotePayload(post=Post.of(post))
