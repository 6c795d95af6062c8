"""The site as a whole, and anything in it by its id."""

import asyncio
from typing import Annotated, Any

import strawberry

import models
from models import PostKind
from schema.context import Info
from schema.errors import BadRequest
from schema.nodes import Node, split_id
from services.permissions import visible_posts, visible_threads

#: The most ids that one `nodes` takes.
MOST_NODES = 100


@strawberry.type(description="The site as a whole. Counts are of what the viewer may see.")
class Site:
    name: str = strawberry.field(description="What the site is called.")
    welcome: str = strawberry.field(description="What the site says to who comes in.")

    @strawberry.field(description="Threads on the site.")
    async def thread_count(self, info: Info) -> int:
        return await visible_threads(info.context.viewer).count()

    @strawberry.field(description="Answers on the site.")
    async def answer_count(self, info: Info) -> int:
        return await visible_posts(info.context.viewer).filter(kind=PostKind.ANSWER).count()

    @strawberry.field(description="Comments on the site.")
    async def comment_count(self, info: Info) -> int:
        return await visible_posts(info.context.viewer).filter(kind=PostKind.COMMENT).count()

    @strawberry.field(description="People with an account.")
    async def user_count(self) -> int:
        return await models.User.all().count()


@strawberry.type
class SiteQueries:
    @strawberry.field(description="The site as a whole.")
    async def site(self) -> Site:
        row = await models.Site.get(id=1)
        return Site(name=row.name, welcome=row.welcome)

    @strawberry.field(description="Anything by its id; null where there is none, or the viewer may not see it.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of what is wanted.")]
    ) -> Node | None:
        return await _find(info, id)

    @strawberry.field(description="Several things by their ids, in the same order; null for each that is not there.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description=f"At most {MOST_NODES} ids.")],
    ) -> list[Node | None]:
        if len(ids) > MOST_NODES:
            raise BadRequest(f"Ask for at most {MOST_NODES} nodes at once; these are {len(ids)}.", "ids")
        return list(await asyncio.gather(*(_find(info, each) for each in ids)))


async def _find(info: Info, id: str) -> Any:
    named = split_id(id)
    if named is None:
        return None
    kind, key = named
    loaders = info.context.loaders
    by_id = {
        "Thread": loaders.thread_by_id,
        "Post": loaders.post_by_id,
        "Revision": loaders.revision_by_id,
        "Category": loaders.category_by_id,
        "Tag": loaders.tag_by_id,
        "User": loaders.user_by_id,
        "PointsEntry": loaders.points_entry_by_id,
    }
    return await by_id[kind].load(key)  # type: ignore[attr-defined]
