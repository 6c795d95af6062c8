"""Tags: the words that threads are found by."""

from typing import Annotated

import strawberry
from strawberry import UNSET

import models
from planner.sources import Listing, Viewer, view_of
from schema.connections import Connection
from schema.enums import ThreadOrder
from schema.fields import many, one, pages
from schema.nodes import Node
from schema.threads import Thread
from services import finding
from services.visibility import visible_threads

#: Most used first.
TAG_ORDER = ("-thread_count", "name")
TAGS = Listing("tags", models.Tag, lambda _, beginning: finding.tags(beginning), by_value=True)
TAG_BY_NAME = Listing("tag by name", models.Tag, lambda _, name: finding.tags_named(name))
SYNONYMS_OF_TAG = Listing(
    "synonyms of tag", models.TagSynonym, lambda _, tag_id: models.TagSynonym.filter(tag_id=tag_id)
)
THREADS_WITH_TAG = Listing(
    "threads with tag",
    models.Thread,
    lambda viewer, tag_id: visible_threads(viewer).filter(finding.with_tag(tag_id)),
)


@strawberry.type(description="A word that threads are found by.")
@view_of(models.Tag)
class Tag(Node):
    name: str = strawberry.field(description="The word: lower-case, without spaces.")
    description: str | None = strawberry.field(description="What the tag is for.")
    thread_count: int = strawberry.field(description="Visible threads that carry it.")
    synonyms: list[str] = many(
        SYNONYMS_OF_TAG,
        ("name",),
        show="name",
        description="Other words for it: who writes one of them gets this tag.",
    )
    threads: Connection[Thread] = pages(THREADS_WITH_TAG, ThreadOrder.NEWEST, description="The threads that carry it.")


def _beginning(
    _: Viewer,
    query: Annotated[
        str | None, strawberry.argument(description="How their names begin; null for all of them.")
    ] = UNSET,
) -> str:
    return query or ""


def _name(
    _: Viewer, name: Annotated[str, strawberry.argument(description="The tag's name, or another word for it.")]
) -> str:
    return finding.tag_name(name)


@strawberry.type
class TagQueries:
    tags: Connection[Tag] = pages(TAGS, TAG_ORDER, _beginning, description="Tags, most used first.")
    tag: Tag | None = one(TAG_BY_NAME, _name, description="The tag with this name, or with this synonym.")
