"""Asking, answering, commenting."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.connections import Edge, edge
from schema.context import Info
from schema.enums import AnswerOrder
from schema.errors import Conflict, InvalidInput, NotFound, NotPermitted, RateLimited
from schema.nodes import post_id, thread_id
from schema.notices import NOTIFY_EMAIL, NOTIFY_ME, AnonymousInput, beside
from schema.posts import COMMENT_ORDER, Answer, Comment, Post
from schema.threads import Thread
from services import claims, posting

_ANONYMOUS = "How to post without an account; a visitor may leave it out."
_PROOF = "For a post without an account: proves later that it was you. Null for a post of an account."


@strawberry.input(description="A question to ask.")
class AskQuestionInput:
    title: str = strawberry.field(description="The question in a line: 12 to 120 characters.")
    body: str = strawberry.field(description="All that belongs to it, in Markdown: at most 30,000 characters.")
    category_path: str | None = strawberry.field(default=UNSET, description="The path of the category it belongs in.")
    tags: list[str] | None = strawberry.field(
        default=UNSET, description="What it is about: at most 5 words; new ones become tags."
    )
    anonymous: AnonymousInput | None = strawberry.field(default=UNSET, description=_ANONYMOUS)
    notify_email: str | None = strawberry.field(default=UNSET, description=NOTIFY_EMAIL)
    notify_me: bool | None = strawberry.field(default=UNSET, description=NOTIFY_ME)


@strawberry.type(description="The question, asked.")
class AskQuestionPayload:
    thread: Thread = strawberry.field(description="The new thread.")
    claim_token: str | None = strawberry.field(description=_PROOF)


AskQuestionResult = Annotated[
    AskQuestionPayload | InvalidInput | NotPermitted | RateLimited | Conflict,
    strawberry.union("AskQuestionResult", description="A new thread, or why there is none."),
]


@strawberry.input(description="An answer to give.")
class PostAnswerInput:
    thread_id: strawberry.ID = strawberry.field(description="The thread that it answers.")
    body: str = strawberry.field(description="Markdown: 12 to 30,000 characters.")
    anonymous: AnonymousInput | None = strawberry.field(default=UNSET, description=_ANONYMOUS)
    notify_email: str | None = strawberry.field(default=UNSET, description=NOTIFY_EMAIL)
    notify_me: bool | None = strawberry.field(default=UNSET, description=NOTIFY_ME)


@strawberry.type(description="The answer, given.")
class PostAnswerPayload:
    answer: Answer = strawberry.field(description="The new answer.")
    answer_edge: Edge[Answer] = strawberry.field(description="Its place in the thread's answers, in the order BEST.")
    thread: Thread = strawberry.field(description="The thread, with its new counts.")
    claim_token: str | None = strawberry.field(description=_PROOF)


PostAnswerResult = Annotated[
    PostAnswerPayload | InvalidInput | NotFound | NotPermitted | RateLimited | Conflict,
    strawberry.union("PostAnswerResult", description="A new answer, or why there is none."),
]


@strawberry.input(description="A comment to make.")
class PostCommentInput:
    parent_id: strawberry.ID = strawberry.field(description="The question or answer that it stands under.")
    body: str = strawberry.field(description="Markdown: 12 to 30,000 characters.")
    anonymous: AnonymousInput | None = strawberry.field(default=UNSET, description=_ANONYMOUS)
    notify_email: str | None = strawberry.field(default=UNSET, description=NOTIFY_EMAIL)
    notify_me: bool | None = strawberry.field(default=UNSET, description=NOTIFY_ME)


@strawberry.type(description="The comment, made.")
class PostCommentPayload:
    comment: Comment = strawberry.field(description="The new comment.")
    comment_edge: Edge[Comment] = strawberry.field(description="Its place among the parent's comments.")
    parent: Post = strawberry.field(description="What it stands under, with its new counts.")
    claim_token: str | None = strawberry.field(description=_PROOF)


PostCommentResult = Annotated[
    PostCommentPayload | InvalidInput | NotFound | NotPermitted | RateLimited | Conflict,
    strawberry.union("PostCommentResult", description="A new comment, or why there is none."),
]


@strawberry.type
class PostingMutations:
    @strawberry.mutation(description="Ask a question.")
    async def ask_question(
        self, info: Info, input: Annotated[AskQuestionInput, strawberry.argument(description="The question to ask.")]
    ) -> AskQuestionResult:
        actor = info.context.writing(anonymously=bool(input.anonymous))
        asked = posting.Asked(input.title, input.body, input.category_path or None, tuple(input.tags or ()))
        given = beside(input.anonymous, input.notify_email, input.notify_me)
        thread = await posting.ask_question(actor, asked, given)
        return AskQuestionPayload(thread=Thread.of(thread), claim_token=await claims.token_of_question(thread))

    @strawberry.mutation(description="Answer a question.")
    async def post_answer(
        self, info: Info, input: Annotated[PostAnswerInput, strawberry.argument(description="The answer to give.")]
    ) -> PostAnswerResult:
        actor = info.context.writing(anonymously=bool(input.anonymous))
        given = beside(input.anonymous, input.notify_email, input.notify_me)
        thread, answer = await posting.post_answer(actor, thread_id(input.thread_id), input.body, given)
        return PostAnswerPayload(
            answer=Answer.of(answer),
            answer_edge=edge(answer, AnswerOrder.BEST.value),
            thread=Thread.of(thread),
            claim_token=claims.token_of(answer),
        )

    @strawberry.mutation(description="Comment on a question or an answer.")
    async def post_comment(
        self, info: Info, input: Annotated[PostCommentInput, strawberry.argument(description="The comment to make.")]
    ) -> PostCommentResult:
        actor = info.context.writing(anonymously=bool(input.anonymous))
        given = beside(input.anonymous, input.notify_email, input.notify_me)
        parent, comment = await posting.post_comment(actor, post_id(input.parent_id), input.body, given)
        return PostCommentPayload(
            comment=Comment.of(comment),
            comment_edge=edge(comment, COMMENT_ORDER),
            parent=Post.of(parent),
            claim_token=claims.token_of(comment),
        )
