"""Choosing the best answer."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.errors import InvalidInput, NotFound, NotPermitted, RateLimited
from schema.given import given
from schema.nodes import post_id, thread_id
from schema.threads import Thread
from services import choosing


@strawberry.input(description="The best answer of a thread.")
class ChooseBestAnswerInput:
    thread_id: strawberry.ID = strawberry.field(description="The thread.")
    answer_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The answer to choose; null takes the choice back."
    )
    claim_token: str | None = strawberry.field(
        default=UNSET, description="Proof that the question, asked without an account, is yours."
    )


@strawberry.type(description="The choice, made.")
class ChooseBestAnswerPayload:
    thread: Thread = strawberry.field(description="The thread, with its best answer.")


ChooseBestAnswerResult = Annotated[
    ChooseBestAnswerPayload | InvalidInput | NotFound | NotPermitted | RateLimited,
    strawberry.union("ChooseBestAnswerResult", description="The thread, or why its choice is the old one."),
]


@strawberry.type
class ChoosingMutations:
    @strawberry.mutation(description="Choose the best answer of a thread, or take the choice back.")
    async def choose_best_answer(
        self, info: Info, input: Annotated[ChooseBestAnswerInput, strawberry.argument(description="The choice.")]
    ) -> ChooseBestAnswerResult:
        actor = await info.context.acting(given(input.claim_token))
        answer = post_id(input.answer_id) if input.answer_id else None
        thread = await choosing.choose_best_answer(actor, thread_id(input.thread_id), answer)
        return ChooseBestAnswerPayload(thread=Thread.of(thread))
