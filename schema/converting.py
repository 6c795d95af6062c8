"""Making comments of answers, and answers of comments."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.enums import Target
from schema.errors import InvalidInput, NotFound, NotPermitted, RateLimited
from schema.nodes import post_id
from schema.posts import Comment, Post
from schema.threads import Thread
from services import converting


@strawberry.input(description="What shall become of a post.")
class ConvertPostInput:
    post_id: strawberry.ID = strawberry.field(description="An answer or a comment.")
    to: Target = strawberry.field(description="What it becomes.")
    parent_id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="What a comment comes to stand under: the question, which null means too, or another answer.",
    )


@strawberry.type(description="The post, as another kind of post.")
class ConvertPostPayload:
    post: Post = strawberry.field(description="The post; its id is the one that it had.")
    thread: Thread = strawberry.field(description="Its thread, with its counts and its best answer.")
    former_parent: Post | None = strawberry.field(description="What a comment stood under before, with its counts.")
    moved_comments: list[Comment] = strawberry.field(description="The comments on an answer, which moved along.")


ConvertPostResult = Annotated[
    ConvertPostPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("ConvertPostResult", description="The post, or why it is what it was."),
]


@strawberry.type
class ConvertingMutations:
    @strawberry.mutation(description="Make a comment of an answer, an answer of a comment, or move a comment.")
    async def convert_post(
        self, info: Info, input: Annotated[ConvertPostInput, strawberry.argument(description="What becomes of it.")]
    ) -> ConvertPostResult:
        parent = post_id(input.parent_id) if input.parent_id else None
        converted = await converting.convert_post(info.context.actor, post_id(input.post_id), input.to, parent)
        return ConvertPostPayload(
            post=Post.of(converted.post),
            thread=Thread.of(converted.thread),
            former_parent=Post.of(converted.former_parent),
            moved_comments=Comment.of_each(converted.moved),
        )
