"""Categories: the tree that threads are filed in."""

from typing import Annotated

import strawberry

import models
from planner.sources import Listing, Viewer, view_of, whole_site
from schema.connections import Connection
from schema.enums import ThreadOrder
from schema.fields import many, named, one, pages, to_one
from schema.nodes import Node
from schema.threads import Thread
from services import finding
from services.visibility import visible_threads

#: Siblings stand in the order that the staff gave them.
CATEGORY_ORDER = ("position", "name")
ROOTS = Listing("categories", models.Category, lambda *_: models.Category.filter(parent_id=None))
CHILDREN = Listing(
    "children of category", models.Category, lambda _, category_id: models.Category.filter(parent_id=category_id)
)
CATEGORY_AT = Listing("category at path", models.Category, lambda _, path: models.Category.filter(path=path))
THREADS_IN_CATEGORY = Listing(
    "threads in category",
    models.Thread,
    lambda viewer, category_id: visible_threads(viewer).filter(finding.in_category(category_id)),
)


def _paths_above(path: str) -> list[str]:
    slugs = path.split("/")
    return ["/".join(slugs[:length]) for length in range(1, len(slugs))]


@strawberry.type(description="A place for threads, in a tree at most four levels deep.")
@view_of(models.Category)
class Category(Node):
    name: str = strawberry.field(description="What it is called.")
    slug: str = strawberry.field(description="Its name in addresses, unique among its siblings.")
    path: str = strawberry.field(description="Slugs from the root, joined by /.")
    description: str | None = strawberry.field(description="What belongs here.")
    thread_count: int = strawberry.field(description="Visible threads in it and below it.")
    parent: Annotated["Category", strawberry.lazy("schema.categories")] | None = to_one(
        "parent", description="The category above it; null for a root."
    )
    ancestors: list[Annotated["Category", strawberry.lazy("schema.categories")]] = named(
        CATEGORY_AT,
        "path",
        column="path",
        names=_paths_above,
        description="All categories above it, from the root down.",
    )
    children: list[Annotated["Category", strawberry.lazy("schema.categories")]] = many(
        CHILDREN, CATEGORY_ORDER, description="The categories right below it."
    )
    threads: Connection[Thread] = pages(
        THREADS_IN_CATEGORY, ThreadOrder.NEWEST, description="Threads in it and below it."
    )


def _path(_: Viewer, path: Annotated[str, strawberry.argument(description="Slugs from the root, joined by /.")]) -> str:
    return finding.category_path(path)


@strawberry.type
class CategoryQueries:
    categories: list[Category] = many(ROOTS, CATEGORY_ORDER, whole_site, description="The roots of the tree.")
    category: Category | None = one(CATEGORY_AT, _path, description="The category at this path.")
