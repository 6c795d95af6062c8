"""Closing threads, and opening them again."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.enums import ClosureReason
from schema.errors import InvalidInput, NotFound, NotPermitted, RateLimited
from schema.nodes import thread_id
from schema.threads import Thread
from services import closing


@strawberry.input(description="A thread to close to answers.")
class CloseThreadInput:
    thread_id: strawberry.ID = strawberry.field(description="The thread.")
    reason: ClosureReason = strawberry.field(description="Why.")
    note: str | None = strawberry.field(
        default=UNSET, description="What there is to say about it: at most 1,000 characters."
    )
    duplicate_of_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="For DUPLICATE, and only for that: the thread that asked the same before."
    )


@strawberry.type(description="The thread, closed.")
class CloseThreadPayload:
    thread: Thread = strawberry.field(description="The thread; its closure leads to the one that it is a duplicate of.")


CloseThreadResult = Annotated[
    CloseThreadPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("CloseThreadResult", description="The closed thread, or why it is as it was."),
]


@strawberry.input(description="A closed thread to open again.")
class ReopenThreadInput:
    thread_id: strawberry.ID = strawberry.field(description="The thread.")


@strawberry.type(description="The thread, open.")
class ReopenThreadPayload:
    thread: Thread = strawberry.field(description="The thread, which takes answers again.")
    former_duplicate_of: Thread | None = strawberry.field(
        description="The thread that it is no longer a duplicate of, if it was one."
    )


ReopenThreadResult = Annotated[
    ReopenThreadPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("ReopenThreadResult", description="The open thread, or why it stays closed."),
]


@strawberry.type
class ClosingMutations:
    @strawberry.mutation(description="Close a thread to answers. Votes and comments go on.")
    async def close_thread(
        self, info: Info, input: Annotated[CloseThreadInput, strawberry.argument(description="The thread, and why.")]
    ) -> CloseThreadResult:
        original = thread_id(input.duplicate_of_id) if input.duplicate_of_id else None
        wanted = thread_id(input.thread_id)
        thread = await closing.close_thread(info.context.actor, wanted, input.reason, input.note or None, original)
        return CloseThreadPayload(thread=Thread.of(thread))

    @strawberry.mutation(description="Open a closed thread again.")
    async def reopen_thread(
        self, info: Info, input: Annotated[ReopenThreadInput, strawberry.argument(description="The thread.")]
    ) -> ReopenThreadResult:
        thread, former = await closing.reopen_thread(info.context.actor, thread_id(input.thread_id))
        return ReopenThreadPayload(thread=Thread.of(thread), former_duplicate_of=Thread.of(former))
