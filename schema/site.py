"""The site as a whole, and anything in it by its id."""

from typing import Annotated

import strawberry

import models
from models import PostKind
from planner.sources import Listing, Viewer, view_of, whole_site
from schema.errors import BadRequest
from schema.fields import by_id, counted, one
from schema.nodes import Node, node_named
from services.visibility import visible_posts

#: The most ids that one `nodes` takes.
MOST_NODES = 100

SITE = Listing("site", models.Site, lambda *_: models.Site.all())
# Counted one by one when they are asked for, in an index that holds nothing but kinds and states: about 0.1 s for each
# million posts. A count that were kept would be one row that all who post must wait for. A thread is as visible as its
# question, which is counted in its place: that index is smaller than any of threads.
ALL_THREADS = Listing(
    "all threads", models.Post, lambda viewer, _: visible_posts(viewer).filter(kind=PostKind.QUESTION)
)
ALL_ANSWERS = Listing("all answers", models.Post, lambda viewer, _: visible_posts(viewer).filter(kind=PostKind.ANSWER))
ALL_COMMENTS = Listing(
    "all comments", models.Post, lambda viewer, _: visible_posts(viewer).filter(kind=PostKind.COMMENT)
)
ALL_USERS = Listing("all users", models.User, lambda *_: models.User.all())


@strawberry.type(description="The site as a whole. Counts are of what the viewer may see.")
@view_of(models.Site)
class Site:
    name: str = strawberry.field(description="What the site is called.")
    welcome: str = strawberry.field(description="What the site says to who comes in.")
    thread_count: int = counted(ALL_THREADS, description="Threads on the site.")
    answer_count: int = counted(ALL_ANSWERS, description="Answers on the site.")
    comment_count: int = counted(ALL_COMMENTS, description="Comments on the site.")
    user_count: int = counted(ALL_USERS, description="People with an account.")


def _id(
    _: Viewer, id: Annotated[strawberry.ID, strawberry.argument(description="The id of what is wanted.")]
) -> list[str]:
    return [id]


def _ids(
    _: Viewer, ids: Annotated[list[strawberry.ID], strawberry.argument(description=f"At most {MOST_NODES} ids.")]
) -> list[str]:
    if len(ids) > MOST_NODES:
        raise BadRequest(f"Ask for at most {MOST_NODES} nodes at once; these are {len(ids)}.", "ids")
    return list(ids)


@strawberry.type
class SiteQueries:
    site: Site = one(SITE, whole_site, description="The site as a whole.")
    node: Node | None = by_id(
        node_named, _id, description="Anything by its id; null where there is none, or the viewer may not see it."
    )
    nodes: list[Node | None] = by_id(
        node_named,
        _ids,
        several=True,
        description="Several things by their ids, in the same order; null for each that is not there.",
    )
