"""Managing tags: other words for them, what they are for, and two that are one."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.errors import Conflict, InvalidInput, NotFound, NotPermitted, RateLimited
from schema.given import given
from schema.nodes import tag_id
from schema.tags import Tag
from services import tagging


@strawberry.input(description="Another word for a tag.")
class AddTagSynonymInput:
    tag_id: strawberry.ID = strawberry.field(description="The tag.")
    name: str = strawberry.field(description="The other word: who writes it gets the tag.")


@strawberry.type(description="The tag, with another word for it.")
class AddTagSynonymPayload:
    tag: Tag = strawberry.field(description="The tag, with its synonyms.")


AddTagSynonymResult = Annotated[
    AddTagSynonymPayload | InvalidInput | NotFound | NotPermitted | RateLimited | Conflict,
    strawberry.union("AddTagSynonymResult", description="The tag, or why it is called as before."),
]


@strawberry.input(description="A word that shall no longer be another one for a tag.")
class RemoveTagSynonymInput:
    name: str = strawberry.field(description="The word.")


@strawberry.type(description="The tag, without that other word for it.")
class RemoveTagSynonymPayload:
    tag: Tag = strawberry.field(description="The tag, with its synonyms.")


RemoveTagSynonymResult = Annotated[
    RemoveTagSynonymPayload | NotFound | NotPermitted | RateLimited,
    strawberry.union("RemoveTagSynonymResult", description="The tag, or why it is called as before."),
]


@strawberry.input(description="Two tags that are one.")
class MergeTagsInput:
    from_id: strawberry.ID = strawberry.field(
        description="The tag that goes: its name, and its synonyms, become other words for the one that stays."
    )
    into_id: strawberry.ID = strawberry.field(description="The tag that stays: the threads of both carry it.")
    reason: str | None = strawberry.field(default=UNSET, description="Why, for the log.")


@strawberry.type(description="The tags, merged.")
class MergeTagsPayload:
    tag: Tag = strawberry.field(description="The tag that stays, with its synonyms and its count.")
    merged_tag_id: strawberry.ID = strawberry.field(description="The id of the tag that is no more.")


MergeTagsResult = Annotated[
    MergeTagsPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("MergeTagsResult", description="The tag that stays, or why there are two still."),
]


@strawberry.input(description="What a tag is for.")
class DescribeTagInput:
    tag_id: strawberry.ID = strawberry.field(description="The tag.")
    description: str | None = strawberry.field(
        default=UNSET, description="What it is for, in at most 1,000 characters; null says nothing of it."
    )


@strawberry.type(description="The tag, described.")
class DescribeTagPayload:
    tag: Tag = strawberry.field(description="The tag, with its description.")


DescribeTagResult = Annotated[
    DescribeTagPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("DescribeTagResult", description="The tag, or why it is described as before."),
]


@strawberry.type
class TaggingMutations:
    @strawberry.mutation(description="Let a word be another one for a tag.")
    async def add_tag_synonym(
        self, info: Info, input: Annotated[AddTagSynonymInput, strawberry.argument(description="Tag and word.")]
    ) -> AddTagSynonymResult:
        tag = await tagging.add_synonym(info.context.actor, tag_id(input.tag_id), input.name)
        return AddTagSynonymPayload(tag=Tag.of(tag))

    @strawberry.mutation(description="Let a word no longer be another one for a tag.")
    async def remove_tag_synonym(
        self, info: Info, input: Annotated[RemoveTagSynonymInput, strawberry.argument(description="The word.")]
    ) -> RemoveTagSynonymResult:
        return RemoveTagSynonymPayload(tag=Tag.of(await tagging.remove_synonym(info.context.actor, input.name)))

    @strawberry.mutation(description="Make one tag of two.")
    async def merge_tags(
        self, info: Info, input: Annotated[MergeTagsInput, strawberry.argument(description="The tags.")]
    ) -> MergeTagsResult:
        actor, reason = info.context.actor, given(input.reason)
        tag = await tagging.merge(actor, tag_id(input.from_id), tag_id(input.into_id), reason)
        return MergeTagsPayload(tag=Tag.of(tag), merged_tag_id=input.from_id)

    @strawberry.mutation(description="Say what a tag is for.")
    async def describe_tag(
        self, info: Info, input: Annotated[DescribeTagInput, strawberry.argument(description="Tag and description.")]
    ) -> DescribeTagResult:
        tag = await tagging.describe(info.context.actor, tag_id(input.tag_id), given(input.description))
        return DescribeTagPayload(tag=Tag.of(tag))
