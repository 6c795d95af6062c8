"""Saying that a thread is shown: what counts its views."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.errors import NotFound, RateLimited
from schema.nodes import thread_id
from schema.threads import Thread
from services import viewing


@strawberry.input(description="A thread that somebody is looking at.")
class ViewThreadInput:
    thread_id: strawberry.ID = strawberry.field(description="The thread.")


@strawberry.type(description="It is noted, and counted within seconds.")
class ViewThreadPayload:
    thread: Thread = strawberry.field(description="The thread; its `viewCount` may grow a little later.")


ViewThreadResult = Annotated[
    ViewThreadPayload | NotFound | RateLimited,
    strawberry.union("ViewThreadResult", description="The thread, or that there is none."),
]


@strawberry.type
class ViewingMutations:
    @strawberry.mutation(
        description="Say that a thread is shown to the viewer. Each viewer counts once a day in `viewCount`; the "
        "thread's author and programs do not. Reading a thread by a query does not count."
    )
    async def view_thread(
        self, info: Info, input: Annotated[ViewThreadInput, strawberry.argument(description="What is shown.")]
    ) -> ViewThreadResult:
        context = info.context
        user_agent = context.request.headers.get("user-agent", "")
        thread = await viewing.view_thread(context.actor, thread_id(input.thread_id), user_agent)
        return ViewThreadPayload(thread=Thread.of(thread))
