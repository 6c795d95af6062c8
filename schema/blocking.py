"""Blocking users and addresses, and changing how far users are trusted."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

import models
from planner.sources import Listing, view_of, whole_site
from schema.connections import Connection
from schema.context import Info
from schema.enums import UserLevel
from schema.errors import InvalidInput, NotFound, NotPermitted, RateLimited
from schema.fields import pages, to_one
from schema.nodes import Node, user_id
from schema.users import User
from services import blocking
from services.visibility import visible_address_blocks

ADDRESS_BLOCKS = Listing("address blocks", models.AddressBlock, lambda viewer, _: visible_address_blocks(viewer))
_REASON = "Why, for all to read in the log: at most 1,000 characters."
_REASON_OF_ADDRESSES = "Why, for those to read who may block: at most 1,000 characters."


@strawberry.input(description="A user, and why something is done about them.")
class BlockUserInput:
    user_id: strawberry.ID = strawberry.field(description="The user.")
    reason: str | None = strawberry.field(default=UNSET, description=_REASON)


@strawberry.input(description="A blocked user who may write again, and why.")
class UnblockUserInput:
    user_id: strawberry.ID = strawberry.field(description="The user.")
    reason: str | None = strawberry.field(default=UNSET, description=_REASON)


@strawberry.input(description="How far a user is to be trusted.")
class SetUserLevelInput:
    user_id: strawberry.ID = strawberry.field(description="The user.")
    level: UserLevel = strawberry.field(description="The level; in a category, REGISTERED takes the trust there back.")
    category_path: str | None = strawberry.field(
        default=UNSET, description="The category to trust them in, and in all below it; null for everywhere."
    )


@strawberry.type(description="The user, blocked.")
class BlockUserPayload:
    user: User = strawberry.field(description="The user, who may read only.")


@strawberry.type(description="The user, not blocked.")
class UnblockUserPayload:
    user: User = strawberry.field(description="The user, who may write again.")


@strawberry.type(description="The user, trusted so far.")
class SetUserLevelPayload:
    user: User = strawberry.field(description="The user.")


@strawberry.type(description="Addresses from which nobody may write.")
@view_of(models.AddressBlock)
class AddressBlock(Node):
    range: str = strawberry.field(description="The addresses, as they were given: 203.0.113.0/24.")
    reason: str | None = strawberry.field(description="Why.")
    created_at: datetime = strawberry.field(description="Since when.")
    by: User | None = to_one("by", description="Who blocked them; null where their account is gone.")


@strawberry.input(description="Addresses to block.")
class BlockAddressesInput:
    range: str = strawberry.field(
        description="The addresses: 203.0.113.7, 203.0.113.0/24, 203.0.113.7-203.0.113.90, 203.0.*; of IPv6 likewise."
    )
    reason: str | None = strawberry.field(default=UNSET, description=_REASON_OF_ADDRESSES)


@strawberry.input(description="Blocked addresses from which people may write again.")
class UnblockAddressesInput:
    range: str = strawberry.field(description="The whole range that was blocked, however it is written.")
    reason: str | None = strawberry.field(default=UNSET, description=_REASON_OF_ADDRESSES)


@strawberry.type(description="The addresses, blocked.")
class BlockAddressesPayload:
    address_block: AddressBlock = strawberry.field(description="What is blocked now.")


@strawberry.type(description="The addresses, not blocked.")
class UnblockAddressesPayload:
    range: str = strawberry.field(description="What is blocked no longer, as `addressBlocks` had it.")


BlockUserResult = Annotated[
    BlockUserPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("BlockUserResult", description="The blocked user, or why they are not."),
]
UnblockUserResult = Annotated[
    UnblockUserPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("UnblockUserResult", description="The user, or why they are still blocked."),
]
SetUserLevelResult = Annotated[
    SetUserLevelPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("SetUserLevelResult", description="The user, or why their level is the old one."),
]
BlockAddressesResult = Annotated[
    BlockAddressesPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("BlockAddressesResult", description="What is blocked, or why it is not."),
]
UnblockAddressesResult = Annotated[
    UnblockAddressesPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("UnblockAddressesResult", description="What is blocked no longer, or why it still is."),
]


@strawberry.type
class BlockingQueries:
    address_blocks: Connection[AddressBlock] = pages(
        ADDRESS_BLOCKS,
        ("-id",),
        whole_site,
        description="Addresses from which nobody may write, latest first. Empty for all who may not block any.",
    )


@strawberry.type
class BlockingMutations:
    @strawberry.mutation(description="Have a user read only. What they wrote stays.")
    async def block_user(
        self, info: Info, input: Annotated[BlockUserInput, strawberry.argument(description="The user, and why.")]
    ) -> BlockUserResult:
        user = await blocking.block_user(info.context.actor, user_id(input.user_id), input.reason or None)
        return BlockUserPayload(user=User.of(user))

    @strawberry.mutation(description="Let a blocked user write again.")
    async def unblock_user(
        self, info: Info, input: Annotated[UnblockUserInput, strawberry.argument(description="The user, and why.")]
    ) -> UnblockUserResult:
        user = await blocking.unblock_user(info.context.actor, user_id(input.user_id), input.reason or None)
        return UnblockUserPayload(user=User.of(user))

    @strawberry.mutation(
        description="Trust a user so far, everywhere or in a category. The same again changes nothing."
    )
    async def set_user_level(
        self,
        info: Info,
        input: Annotated[SetUserLevelInput, strawberry.argument(description="The user and the level.")],
    ) -> SetUserLevelResult:
        wanted = user_id(input.user_id)
        user = await blocking.set_user_level(info.context.actor, wanted, input.level, input.category_path or None)
        return SetUserLevelPayload(user=User.of(user))

    @strawberry.mutation(description="Let nobody write from some addresses. Reading goes on.")
    async def block_addresses(
        self,
        info: Info,
        input: Annotated[BlockAddressesInput, strawberry.argument(description="The addresses, and why.")],
    ) -> BlockAddressesResult:
        block = await blocking.block_addresses(info.context.actor, input.range, input.reason or None)
        return BlockAddressesPayload(address_block=AddressBlock.of(block))

    @strawberry.mutation(description="Let people write again from addresses that were blocked.")
    async def unblock_addresses(
        self,
        info: Info,
        input: Annotated[UnblockAddressesInput, strawberry.argument(description="The addresses, and why.")],
    ) -> UnblockAddressesResult:
        block = await blocking.unblock_addresses(info.context.actor, input.range, input.reason or None)
        return UnblockAddressesPayload(range=block.range)
