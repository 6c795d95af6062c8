"""Posts: questions, answers, comments, and how they were before."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import UNSET

import models
from models import PostKind
from planner.sources import Listing, Viewer, view_of
from schema.connections import Connection
from schema.differences import RevisionChanges, changes_since
from schema.enums import FlagReason, PostAction, PostState, VoteValue
from schema.errors import Permission
from schema.fields import mine, pages, pure, to_one
from schema.nodes import Node
from schema.scalars import HTML
from services.markdown import excerpt
from services.permissions import OF_ITS_THREAD, PostFacts, post_permission
from services.visibility import sees_flags, visible_flags, visible_posts, visible_revisions

if TYPE_CHECKING:
    from schema.threads import Thread
    from schema.users import User

#: Comments and revisions stand in the order in which they were written.
COMMENT_ORDER = ("created_at", "id")
REVISION_ORDER = ("number", "id")
COMMENTS_OF_POST = Listing(
    "comments of post", models.Post, lambda viewer, post_id: visible_posts(viewer).filter(parent_id=post_id)
)
REVISIONS_OF_POST = Listing(
    "revisions of post", models.Revision, lambda viewer, post_id: visible_revisions(viewer).filter(post_id=post_id)
)
FLAG_ORDER = ("created_at", "id")
FLAGS_OF_POST = Listing(
    "flags of post", models.Flag, lambda viewer, post_id: visible_flags(viewer).filter(post_id=post_id)
)
_STAND_IN = "anonymous"


def _text(
    body_text: str,
    length: Annotated[int | None, strawberry.argument(description="At most so many characters; null for all.")] = UNSET,
) -> str:
    return excerpt(body_text, length) if isinstance(length, int) else body_text


def _display_name(author: str | None, given: str | None) -> str:
    return author or given or _STAND_IN


def _flag_count(viewer: Viewer, flag_count: int, category_id: int | None) -> int | None:
    return flag_count if sees_flags(viewer, category_id) else None


def _permission(
    viewer: Viewer,
    facts: PostFacts,
    action: Annotated[PostAction, strawberry.argument(description="What the viewer would do.")],
) -> Permission:
    return Permission.of(post_permission(viewer, facts, action))


@strawberry.type(description="One saved state of a post; the first is how it was written.")
@view_of(models.Revision)
class Revision(Node):
    number: int = strawberry.field(description="1 is how the post was written.")
    title: str | None = strawberry.field(description="The thread's title then; null for answers and comments.")
    body: str = strawberry.field(description="Markdown, as it was written.")
    body_html: HTML = strawberry.field(description="The body, rendered.")
    tags: list[str] | None = strawberry.field(description="The thread's tags then; null for answers and comments.")
    edited_at: datetime = strawberry.field(description="When this state was saved.")
    comment: str | None = strawberry.field(description="What the editor said of the change.")
    category_path: str | None = strawberry.field(
        description="The path of the thread's category then; null for answers and comments, and where there was none."
    )
    is_silent: bool = strawberry.field(description="Saved without a mark on the post that it was edited.")
    changes_since: RevisionChanges = strawberry.field(
        resolver=changes_since, description="What is otherwise than in another revision of the same post."
    )
    editor: Annotated["User", strawberry.lazy("schema.users")] | None = to_one(
        "editor", description="Who saved it; null where nobody knows."
    )


@strawberry.type(description="That somebody thinks the staff should look at a post. Who it was is told to nobody.")
@view_of(models.Flag)
class Flag(Node):
    reason: FlagReason = strawberry.field(description="What is wrong with the post.")
    note: str | None = strawberry.field(description="What they said about it.")
    created_at: datetime = strawberry.field(description="When they flagged it.")


@strawberry.interface(description="What all contributions share.")
@view_of(models.Post)
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
    thread: Annotated["Thread", strawberry.lazy("schema.threads")] = to_one(
        "thread", description="The thread that it belongs to."
    )
    body_text: str = pure(
        _text, "body_text", description="The body as plain text, cut at a word within length characters."
    )
    author: Annotated["User", strawberry.lazy("schema.users")] | None = to_one(
        "author", description="Null where the post was made without an account, or the account is gone."
    )
    display_name: str = pure(
        _display_name,
        "author.name",
        "author_name",
        description="The name shown beside the post: the author's, the one given without an account, or a stand-in.",
    )
    editor: Annotated["User", strawberry.lazy("schema.users")] | None = to_one(
        "editor", description="Who edited it last."
    )
    revisions: Connection[Revision] = pages(
        REVISIONS_OF_POST,
        REVISION_ORDER,
        description="How it was before, and how it is: empty until somebody edits the post.",
    )
    viewer_vote: VoteValue = mine(
        models.Vote,
        user="user_id",
        key="post_id",
        column="value",
        otherwise=VoteValue.NONE,
        in_hand="actors_vote",
        description="The viewer's own vote; NONE for a visitor.",
    )
    comments: Connection[Annotated["Comment", strawberry.lazy("schema.posts")]] = pages(
        COMMENTS_OF_POST, COMMENT_ORDER, description="The comments on it, oldest first. Comments have none."
    )
    viewer_flag: FlagReason | None = mine(
        models.Flag,
        user="user_id",
        key="post_id",
        column="reason",
        otherwise=None,
        unless="cleared_at",
        description="The reason of the viewer's own flag, while it stands.",
    )
    flag_count: int | None = pure(
        _flag_count,
        "flag_count",
        "thread.category_id",
        viewer=True,
        description="Flags that stand; null for those who may not hide the post.",
    )
    flags: Connection[Flag] = pages(
        FLAGS_OF_POST,
        FLAG_ORDER,
        description="The flags that stand, oldest first; none for those who may not hide the post.",
    )
    viewer_can: Permission = pure(
        _permission,
        *(f"thread.{name}" if name in OF_ITS_THREAD else name for name in PostFacts._fields),
        viewer=True,
        facts=PostFacts,
        description="Whether the viewer may do this to the post, and if not, why.",
    )


@strawberry.type(description="What a thread begins with.")
@view_of(models.Post, kind=PostKind.QUESTION)
class Question(Post):
    pass


@strawberry.type(description="An answer to a thread's question.")
@view_of(models.Post, kind=PostKind.ANSWER)
class Answer(Post):
    is_best: bool = strawberry.field(description="Whether it was chosen as the best one.")


@strawberry.type(description="A remark on a question or an answer.")
@view_of(models.Post, kind=PostKind.COMMENT)
class Comment(Post):
    parent: Post = to_one("parent", description="The question or answer it stands under.")
