"""Categories: the tree that threads are filed in."""

from typing import Annotated

import strawberry
from strawberry import UNSET, Parent

import models
from schema.connections import After, Before, Connection, First, Last, connection
from schema.context import Info
from schema.enums import ThreadOrder
from schema.loaders import Listing
from schema.nodes import Node
from schema.threads import Ordered, Thread
from services import finding

THREADS_IN_CATEGORY = Listing(
    "threads in category", models.Thread, lambda loaders, path: loaders.threads.filter(finding.in_category(path))
)


@strawberry.type(description="A place for threads, in a tree at most four levels deep.")
class Category(Node):
    name: str = strawberry.field(description="What it is called.")
    slug: str = strawberry.field(description="Its name in addresses, unique among its siblings.")
    path: str = strawberry.field(description="Slugs from the root, joined by /.")
    description: str | None = strawberry.field(description="What belongs here.")
    thread_count: int = strawberry.field(description="Visible threads in it and below it.")

    @strawberry.field(description="The category above it; null for a root.")
    @staticmethod
    async def parent(
        category: Parent[models.Category], info: Info
    ) -> Annotated["Category", strawberry.lazy("schema.categories")] | None:
        if category.parent_id is None:
            return None
        return Category.of(await info.context.loaders.category_by_id.load(category.parent_id))

    @strawberry.field(description="All categories above it, from the root down.")
    @staticmethod
    async def ancestors(
        category: Parent[models.Category], info: Info
    ) -> list[Annotated["Category", strawberry.lazy("schema.categories")]]:
        slugs = category.path.split("/")
        paths = ["/".join(slugs[:length]) for length in range(1, len(slugs))]
        return Category.of_each(await info.context.loaders.category_by_path.load_many(paths))

    @strawberry.field(description="The categories right below it.")
    @staticmethod
    async def children(
        category: Parent[models.Category], info: Info
    ) -> list[Annotated["Category", strawberry.lazy("schema.categories")]]:
        return Category.of_each(await info.context.loaders.children_by_category.load(category.id))

    @strawberry.field(description="Threads in it and below it.")
    @staticmethod
    def threads(
        category: Parent[models.Category],
        order_by: Ordered = ThreadOrder.NEWEST,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Thread]:
        return connection(THREADS_IN_CATEGORY, category.path, order_by.value, first, after, last, before)


@strawberry.type
class CategoryQueries:
    @strawberry.field(description="The roots of the tree.")
    async def categories(self) -> list[Category]:
        return Category.of_each(await models.Category.filter(parent_id=None).order_by("position", "name"))

    @strawberry.field(description="The category at this path.")
    async def category(
        self, info: Info, path: Annotated[str, strawberry.argument(description="Slugs from the root, joined by /.")]
    ) -> Category | None:
        return Category.of(await info.context.loaders.category_by_path.load(finding.category_path(path)))
