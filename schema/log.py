"""The log of moderation: what the staff did, for all to read."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import UNSET

import models
from planner.sources import Listing, Viewer, view_of
from schema.connections import Connection
from schema.enums import ModerationDeed
from schema.errors import BadRequest
from schema.fields import pages, pure, to_one
from schema.nodes import Node, key_of
from schema.posts import Post
from services import finding
from services.visibility import sees_addresses

if TYPE_CHECKING:
    from schema.tags import Tag
    from schema.threads import Thread
    from schema.users import User

#: Newest first.
LOG_ORDER = ("-id",)
LOG = Listing("moderation log", models.ModerationEntry, finding.log_entries, by_value=True)
_ABOUT_ADDRESSES = (ModerationDeed.ADDRESSES_BLOCKED, ModerationDeed.ADDRESSES_UNBLOCKED)


def _reason(viewer: Viewer, deed: ModerationDeed, reason: str | None) -> str | None:
    return reason if deed not in _ABOUT_ADDRESSES or sees_addresses(viewer) else None


def _range(viewer: Viewer, deed: ModerationDeed, before: dict[str, Any] | None) -> str | None:
    return before["range"] if before and deed in _ABOUT_ADDRESSES and sees_addresses(viewer) else None


@strawberry.type(description="One decision of the staff about many posts, which can be undone at once.")
@view_of(models.ModerationBatch)
class ModerationBatch(Node):
    deed: ModerationDeed = strawberry.field(description="What was done with each of the posts.")
    created_at: datetime = strawberry.field(description="When it was.")
    undone_at: datetime | None = strawberry.field(description="When it was undone; null while it stands.")
    by: Annotated["User", strawberry.lazy("schema.users")] | None = to_one(
        "by", description="Who did it; null where their account is gone."
    )


@strawberry.type(description="A line of the log of moderation. Who voted or flagged is in none.")
@view_of(models.ModerationEntry)
class ModerationEntry(Node):
    deed: ModerationDeed = strawberry.field(description="What was done.")
    amount: int | None = strawberry.field(
        description="How many things it was about, where they are many: flags, votes."
    )
    created_at: datetime = strawberry.field(description="When it was.")
    by: Annotated["User", strawberry.lazy("schema.users")] | None = to_one(
        "by", description="Who did it; null where nobody decided, as when enough flags hide a post."
    )
    post: Post | None = to_one("post", description="The post, if it is still there and the viewer may see it.")
    thread: Annotated["Thread", strawberry.lazy("schema.threads")] | None = to_one(
        "thread", description="The thread, if it is still there and the viewer may see it."
    )
    user: Annotated["User", strawberry.lazy("schema.users")] | None = to_one("user", description="Whom it was about.")
    tag: Annotated["Tag", strawberry.lazy("schema.tags")] | None = to_one("tag", description="The tag it was about.")
    batch: ModerationBatch | None = to_one("batch", description="What it was done together with.")
    reason: str | None = pure(
        _reason,
        "deed",
        "reason",
        viewer=True,
        description="What was said about it. Of addresses that is told only to those who may block.",
    )
    range: str | None = pure(
        _range,
        "deed",
        "before",
        viewer=True,
        description="The addresses that were blocked or not, for those who may block; null for all others.",
    )


@strawberry.input(description="Lines that meet all of what is given; what is left out does not matter.")
class ModerationFilter:
    deeds: list[ModerationDeed] | None = strawberry.field(default=UNSET, description="Of these deeds.")
    by: str | None = strawberry.field(default=UNSET, description="Done by the user of this name.")
    user: str | None = strawberry.field(default=UNSET, description="About the user of this name.")
    thread_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="About this thread, or a post in it; none where the viewer may not see it."
    )
    post_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="About this post; none where the viewer may not see it."
    )

    def criteria(self) -> finding.LogCriteria:
        """What is given, as the services take it."""
        given: dict[str, Any] = {name: value for name, value in vars(self).items() if value not in (UNSET, None)}
        for name, kind, argument in (("thread_id", "Thread", "threadId"), ("post_id", "Post", "postId")):
            if name in given and (key := key_of(kind, given[name])) is not None:
                given[name] = key
            elif name in given:
                raise BadRequest(f"{given[name]!r} is not the id of a {kind}.", "filter", argument)
        if "deeds" in given:
            given["deeds"] = tuple(given["deeds"])
        return finding.LogCriteria(**given)


def _criteria(
    _: Viewer,
    filter: Annotated[
        ModerationFilter | None, strawberry.argument(description="Which lines; null for all of them.")
    ] = UNSET,
) -> finding.LogCriteria:
    return filter.criteria() if isinstance(filter, ModerationFilter) else finding.LogCriteria()


@strawberry.type
class LogQueries:
    moderation_log: Connection[ModerationEntry] = pages(
        LOG, LOG_ORDER, _criteria, description="What the staff did, latest first, for all to read."
    )
