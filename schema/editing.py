"""Editing posts, and restoring how they were."""

from typing import Annotated, TypeVar

import strawberry
from strawberry import UNSET

from schema.categories import Category
from schema.context import Info
from schema.errors import Conflict, InvalidInput, NotFound, NotPermitted, RateLimited
from schema.given import given, given_each
from schema.nodes import post_id, revision_id
from schema.posts import Post, Revision
from schema.tags import Tag
from services import editing
from services.revising import Revised


@strawberry.input(
    description="A post as it shall be. What is null stays as it is; title, tags and category are a question's."
)
class EditPostInput:
    post_id: strawberry.ID = strawberry.field(description="The post to edit.")
    body: str | None = strawberry.field(
        default=UNSET, description="All of its text, in Markdown: at most 30,000 characters."
    )
    title: str | None = strawberry.field(default=UNSET, description="The thread's title: 12 to 120 characters.")
    tags: list[str] | None = strawberry.field(default=UNSET, description="All of the thread's tags: at most 5.")
    category_path: str | None = strawberry.field(
        default=UNSET, description="The path of the category that the thread moves to."
    )
    comment: str | None = strawberry.field(default=UNSET, description="What was changed and why, for the revision.")
    expected_version: int | None = strawberry.field(
        default=UNSET,
        description="The version that was edited; given, a later change by somebody else is a Conflict.",
    )
    silent: bool | None = strawberry.field(
        default=UNSET, description="True leaves no mark on the post that it was edited: for moderators."
    )
    claim_token: str | None = strawberry.field(
        default=UNSET, description="Proof that the post, made without an account, is yours."
    )


@strawberry.type(description="The post, edited.")
class EditPostPayload:
    post: Post = strawberry.field(description="The post, as it is now.")
    revision: Revision = strawberry.field(description="What was saved; where nothing changed, the newest revision.")
    former_category: Category | None = strawberry.field(
        description="Where the thread no longer counts, if it was moved from a category."
    )
    former_tags: list[Tag] = strawberry.field(description="Tags that the thread no longer carries.")


Payload = TypeVar("Payload", bound=EditPostPayload)
EditPostResult = Annotated[
    EditPostPayload | InvalidInput | NotFound | NotPermitted | RateLimited | Conflict,
    strawberry.union("EditPostResult", description="The post, or why it is as it was."),
]


@strawberry.input(description="A revision that its post shall be like again.")
class RestoreRevisionInput:
    revision_id: strawberry.ID = strawberry.field(description="The revision.")
    comment: str | None = strawberry.field(default=UNSET, description="Why, for the new revision that comes of it.")
    claim_token: str | None = strawberry.field(
        default=UNSET, description="Proof that the post, made without an account, is yours."
    )


@strawberry.type(description="The post, as it was once.")
class RestoreRevisionPayload(EditPostPayload):
    pass


RestoreRevisionResult = Annotated[
    RestoreRevisionPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("RestoreRevisionResult", description="The post, or why it is as it was."),
]


@strawberry.type
class EditingMutations:
    @strawberry.mutation(description="Edit a post. How it was stays among its revisions.")
    async def edit_post(
        self, info: Info, input: Annotated[EditPostInput, strawberry.argument(description="The edit.")]
    ) -> EditPostResult:
        actor = await info.context.acting(given(input.claim_token))
        edit = editing.Edit(
            body=given(input.body),
            title=given(input.title),
            tags=given_each(input.tags),
            category_path=given(input.category_path),
            comment=given(input.comment),
            expected_version=given(input.expected_version),
            is_silent=bool(given(input.silent)),
        )
        revised = await editing.edit_post(actor, post_id(input.post_id), edit)
        return _shown(revised, EditPostPayload)

    @strawberry.mutation(description="Edit a post so that it is as a revision of it has it.")
    async def restore_revision(
        self, info: Info, input: Annotated[RestoreRevisionInput, strawberry.argument(description="The revision.")]
    ) -> RestoreRevisionResult:
        actor = await info.context.acting(given(input.claim_token))
        revised = await editing.restore_revision(actor, revision_id(input.revision_id), given(input.comment))
        return _shown(revised, RestoreRevisionPayload)


def _shown(revised: Revised, payload: type[Payload]) -> Payload:
    return payload(
        post=Post.of(revised.post),
        revision=Revision.of(revised.revision),
        former_category=Category.of(revised.former_category),
        former_tags=Tag.of_each(revised.former_tags),
    )
