"""What the staff work through: posts that wait for approval, flagged ones, hidden ones; approving and rejecting."""

from typing import Annotated

import strawberry
from strawberry import UNSET

import models
from models import PostKind, PostState
from models.conditions import Among
from planner.sources import Listing, whole_site
from schema.connections import Connection
from schema.context import Info
from schema.errors import InvalidInput, NotFound, NotPermitted, RateLimited
from schema.fields import pages
from schema.nodes import post_id
from schema.posts import Post
from services import approving
from services.policy import Privilege
from services.visibility import posts_to_decide

# By kind and state: that is how the index finds them.
_OF_ANY_KIND = list(PostKind)
QUEUED = Listing(
    "queued posts",
    models.Post,
    lambda viewer, _: posts_to_decide(viewer, Privilege.APPROVE).filter(kind__in=_OF_ANY_KIND, state=PostState.QUEUED),
)
FLAGGED = Listing(
    "flagged posts",
    models.Post,
    lambda viewer, _: posts_to_decide(viewer, Privilege.HIDE).filter(
        Among("id", models.Flag.filter(cleared_at__isnull=True), "post_id")
    ),
)
HIDDEN = Listing(
    "hidden posts",
    models.Post,
    lambda viewer, _: posts_to_decide(viewer, Privilege.HIDE).filter(kind__in=_OF_ANY_KIND, state=PostState.HIDDEN),
)
_EMPTY = "Empty for all who may not decide about any."


@strawberry.input(description="A post that waits, to be shown.")
class ApprovePostInput:
    post_id: strawberry.ID = strawberry.field(description="The post.")


@strawberry.type(description="The post, approved.")
class ApprovePostPayload:
    post: Post = strawberry.field(description="The post, for all to see, with the time of its approval.")


ApprovePostResult = Annotated[
    ApprovePostPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("ApprovePostResult", description="The post, or why it still waits."),
]


@strawberry.input(description="A post that waits, and is not to be shown.")
class RejectPostInput:
    post_id: strawberry.ID = strawberry.field(description="The post.")
    reason: str | None = strawberry.field(
        default=UNSET, description="Why, for all to read in the log: at most 1,000 characters."
    )


@strawberry.type(description="The post, rejected.")
class RejectPostPayload:
    post: Post = strawberry.field(description="The post, HIDDEN; the viewer may see it here for the last time.")


RejectPostResult = Annotated[
    RejectPostPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("RejectPostResult", description="The post, or why it still waits."),
]


@strawberry.type
class ApprovingQueries:
    moderation_queue: Connection[Post] = pages(
        QUEUED,
        ("created_at", "id"),
        whole_site,
        description=f"Posts that wait for approval and that the viewer may approve, oldest first. {_EMPTY}",
    )
    flagged_posts: Connection[Post] = pages(
        FLAGGED,
        ("-flag_count", "id"),
        whole_site,
        description=f"Posts with flags that stand and that the viewer may hide, most flags first. {_EMPTY}",
    )
    hidden_posts: Connection[Post] = pages(
        HIDDEN,
        ("-created_at", "-id"),
        whole_site,
        description=f"Hidden posts that the viewer may show again, latest first. {_EMPTY}",
    )


@strawberry.type
class ApprovingMutations:
    @strawberry.mutation(description="Show a post that waits to everybody, as if it had been written now.")
    async def approve_post(
        self, info: Info, input: Annotated[ApprovePostInput, strawberry.argument(description="The post.")]
    ) -> ApprovePostResult:
        post = await approving.approve_post(info.context.actor, post_id(input.post_id))
        return ApprovePostPayload(post=Post.of(post))

    @strawberry.mutation(description="Hide a post that waits. Its author cannot show it again.")
    async def reject_post(
        self, info: Info, input: Annotated[RejectPostInput, strawberry.argument(description="The post, and why.")]
    ) -> RejectPostResult:
        post = await approving.reject_post(info.context.actor, post_id(input.post_id), input.reason or None)
        info.context.loaders.show(post, post.thread)
        return RejectPostPayload(post=Post.of(post))
