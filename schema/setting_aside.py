"""Setting aside the votes of a cheat, and restoring them."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.errors import InvalidInput, NotFound, NotPermitted, RateLimited
from schema.nodes import entry_id, global_id, user_id
from schema.users import User
from services import setting_aside


@strawberry.input(description="Which votes of a user shall count no more: those that meet all conditions.")
class SetAsideVotesInput:
    user_id: strawberry.ID = strawberry.field(description="Whose votes.")
    since: datetime | None = strawberry.field(default=UNSET, description="Those set at this time or later.")
    until: datetime | None = strawberry.field(default=UNSET, description="Those set before this time.")
    on_posts_of: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Those on the posts of this user alone."
    )
    reason: str | None = strawberry.field(default=UNSET, description="Why, for all to read in the log.")


@strawberry.type(description="The votes, which count no more.")
class SetAsideVotesPayload:
    user: User = strawberry.field(description="Whose votes they are, with the points that are left.")
    amount: int = strawberry.field(description="How many votes.")
    entry_id: strawberry.ID = strawberry.field(description="The entry of the log, by which they can be restored.")


SetAsideVotesResult = Annotated[
    SetAsideVotesPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("SetAsideVotesResult", description="How many votes were set aside, or why none was."),
]


@strawberry.input(description="Has votes count again that were set aside.")
class RestoreVotesInput:
    entry_id: strawberry.ID = strawberry.field(description="The entry of the log by which they were set aside.")


@strawberry.type(description="The votes, which count again.")
class RestoreVotesPayload:
    user: User = strawberry.field(description="Whose votes they are, with their points.")
    amount: int = strawberry.field(
        description="How many votes: all but those that the user has set anew, or that are on posts of their own now."
    )
    entry_id: strawberry.ID = strawberry.field(description="The entry of the log that says so.")


RestoreVotesResult = Annotated[
    RestoreVotesPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("RestoreVotesResult", description="How many votes were restored, or why none was."),
]


@strawberry.type
class SettingAsideMutations:
    @strawberry.mutation(description="Have a cheat's votes count no more: points and hotness follow. Admins may.")
    async def set_aside_votes(
        self, info: Info, input: Annotated[SetAsideVotesInput, strawberry.argument(description="Which votes.")]
    ) -> SetAsideVotesResult:
        author = user_id(input.on_posts_of) if input.on_posts_of else None
        chosen = setting_aside.Chosen(user_id(input.user_id), input.since or None, input.until or None, author)
        decided = await setting_aside.set_votes_aside(info.context.actor, chosen, input.reason or None)
        return SetAsideVotesPayload(
            user=User.of(decided.voter), amount=decided.amount, entry_id=strawberry.ID(global_id(decided.entry))
        )

    @strawberry.mutation(description="Have votes count again that an entry of the log set aside.")
    async def restore_votes(
        self, info: Info, input: Annotated[RestoreVotesInput, strawberry.argument(description="Which entry.")]
    ) -> RestoreVotesResult:
        decided = await setting_aside.restore_votes(info.context.actor, entry_id(input.entry_id))
        return RestoreVotesPayload(
            user=User.of(decided.voter), amount=decided.amount, entry_id=strawberry.ID(global_id(decided.entry))
        )
