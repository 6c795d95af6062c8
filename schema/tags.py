"""Tags: the words that threads are found by."""

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

#: Most used first.
TAG_ORDER = ("-thread_count", "name")
TAGS = Listing("tags", models.Tag, lambda _, beginning: finding.tags(beginning))
THREADS_WITH_TAG = Listing(
    "threads with tag", models.Thread, lambda loaders, tag_id: loaders.threads.filter(finding.with_tag(tag_id))
)


@strawberry.type(description="A word that threads are found by.")
class Tag(Node):
    name: str = strawberry.field(description="The word: lower-case, without spaces.")
    description: str | None = strawberry.field(description="What the tag is for.")
    thread_count: int = strawberry.field(description="Visible threads that carry it.")

    @strawberry.field(description="Other words for it: who writes one of them gets this tag.")
    @staticmethod
    async def synonyms(tag: Parent[models.Tag], info: Info) -> list[str]:
        return await info.context.loaders.synonyms_by_tag.load(tag.id)

    @strawberry.field(description="The threads that carry it.")
    @staticmethod
    def threads(
        tag: Parent[models.Tag],
        order_by: Ordered = ThreadOrder.NEWEST,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Thread]:
        return connection(THREADS_WITH_TAG, tag.id, order_by.value, first, after, last, before)


@strawberry.type
class TagQueries:
    @strawberry.field(description="Tags, most used first.")
    def tags(
        self,
        query: Annotated[
            str | None, strawberry.argument(description="How their names begin; null for all of them.")
        ] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Tag]:
        return connection(TAGS, query or "", TAG_ORDER, first, after, last, before)

    @strawberry.field(description="The tag with this name, or with this synonym.")
    async def tag(
        self, name: Annotated[str, strawberry.argument(description="The tag's name, or another word for it.")]
    ) -> Tag | None:
        return Tag.of(await finding.tag_named(name))
