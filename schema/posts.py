"""Posts: questions, answers, comments, and how they were before."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import UNSET, Parent

import models
from schema.connections import After, Before, Connection, First, Last, connection
from schema.context import Info
from schema.enums import PostAction, PostState, VoteValue
from schema.errors import Permission
from schema.loaders import Listing
from schema.nodes import Node
from schema.scalars import HTML
from services.markdown import excerpt
from services.permissions import post_action_refusal, visible_revisions

if TYPE_CHECKING:
    from schema.threads import Thread
    from schema.users import User

#: Comments and revisions stand in the order in which they were written.
COMMENT_ORDER = ("created_at", "id")
REVISION_ORDER = ("number", "id")
COMMENTS_OF_POST = Listing(
    "comments of post", models.Post, lambda loaders, post_id: loaders.posts.filter(parent_id=post_id)
)
REVISIONS_OF_POST = Listing(
    "revisions of post",
    models.Revision,
    lambda loaders, post_id: visible_revisions(loaders.viewer).filter(post_id=post_id),
)
_STAND_IN = "anonymous"


@strawberry.type(description="One saved state of a post; the first is how it was written.")
class Revision(Node):
    number: int = strawberry.field(description="1 is how the post was written.")
    title: str | None = strawberry.field(description="The thread's title then; null for answers and comments.")
    body: str = strawberry.field(description="Markdown, as it was written.")
    body_html: HTML = strawberry.field(description="The body, rendered.")
    tags: list[str] | None = strawberry.field(description="The thread's tags then; null for answers and comments.")
    edited_at: datetime = strawberry.field(description="When this state was saved.")
    comment: str | None = strawberry.field(description="What the editor said of the change.")

    @strawberry.field(description="Who saved it; null where nobody knows.")
    @staticmethod
    async def editor(
        revision: Parent[models.Revision], info: Info
    ) -> Annotated["User", strawberry.lazy("schema.users")] | None:
        return await _user(info, revision.editor_id)


@strawberry.interface(description="What all contributions share.")
class Post(Node):
    body: str = strawberry.field(description="Markdown, as it was written.")
    body_html: HTML = strawberry.field(description="The body, rendered.")
    created_at: datetime = strawberry.field(description="When it was posted.")
    edited_at: datetime | None = strawberry.field(description="Null until somebody edits the post.")
    score: int = strawberry.field(description="Votes up less votes down.")
    up_votes: int = strawberry.field(description="Votes up.")
    down_votes: int = strawberry.field(description="Votes down.")
    version: int = strawberry.field(
        description="Grows with every change of the post or its counts: of two copies, keep the higher."
    )
    state: PostState = strawberry.field(description="Who may see it.")
    comment_count: int = strawberry.field(description="Visible comments on it.")

    @strawberry.field(description="The thread that it belongs to.")
    @staticmethod
    async def thread(post: Parent[models.Post], info: Info) -> Annotated["Thread", strawberry.lazy("schema.threads")]:
        thread: Any = await info.context.loaders.thread_by_id.load(post.thread_id)
        return thread

    @strawberry.field(description="The body as plain text, cut at a word within length characters.")
    @staticmethod
    def body_text(
        post: Parent[models.Post],
        length: Annotated[
            int | None, strawberry.argument(description="At most so many characters; null for all.")
        ] = UNSET,
    ) -> str:
        return excerpt(post.body_text, length) if isinstance(length, int) else post.body_text

    @strawberry.field(description="Null where the post was made without an account, or the account is gone.")
    @staticmethod
    async def author(
        post: Parent[models.Post], info: Info
    ) -> Annotated["User", strawberry.lazy("schema.users")] | None:
        return await _user(info, post.author_id)

    @strawberry.field(
        description="The name shown beside the post: the author's, the one given without an account, or a stand-in."
    )
    @staticmethod
    async def display_name(post: Parent[models.Post], info: Info) -> str:
        author = await _user(info, post.author_id)
        return author.name if author else post.author_name or _STAND_IN

    @strawberry.field(description="Who edited it last.")
    @staticmethod
    async def editor(
        post: Parent[models.Post], info: Info
    ) -> Annotated["User", strawberry.lazy("schema.users")] | None:
        return await _user(info, post.editor_id)

    @strawberry.field(description="How it was before, and how it is: empty until somebody edits the post.")
    @staticmethod
    def revisions(
        post: Parent[models.Post],
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Revision]:
        return connection(REVISIONS_OF_POST, post.id, REVISION_ORDER, first, after, last, before)

    @strawberry.field(description="The viewer's own vote; NONE for a visitor.")
    @staticmethod
    async def viewer_vote(post: Parent[models.Post], info: Info) -> VoteValue:
        if info.context.viewer is None:
            return VoteValue.NONE
        votes = await info.context.loaders.votes_by_thread.load(post.thread_id)
        return votes.get(post.id, VoteValue.NONE)

    @strawberry.field(description="The comments on it, oldest first. Comments have none.")
    @staticmethod
    def comments(
        post: Parent[models.Post],
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Annotated["Comment", strawberry.lazy("schema.posts")]]:
        return connection(COMMENTS_OF_POST, post.id, COMMENT_ORDER, first, after, last, before)

    @strawberry.field(description="Whether the viewer may do this to the post, and if not, why.")
    @staticmethod
    def viewer_can(
        post: Parent[models.Post],
        info: Info,
        action: Annotated[PostAction, strawberry.argument(description="What the viewer would do.")],
    ) -> Permission:
        return Permission.after(post_action_refusal(info.context.viewer, post, action))


@strawberry.type(description="What a thread begins with.")
class Question(Post):
    pass


@strawberry.type(description="An answer to a thread's question.")
class Answer(Post):
    is_best: bool = strawberry.field(description="Whether it was chosen as the best one.")


@strawberry.type(description="A remark on a question or an answer.")
class Comment(Post):
    @strawberry.field(description="The question or answer it stands under.")
    @staticmethod
    async def parent(comment: Parent[models.Post], info: Info) -> Post:
        parent: Any = await info.context.loaders.post_by_id.load(comment.parent_id or 0)
        return parent


async def _user(info: Info, user_id: int | None) -> Any:
    return None if user_id is None else await info.context.loaders.user_by_id.load(user_id)
