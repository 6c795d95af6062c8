"""Threads: a question with all that was said about it, and the lists of them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import UNSET, Parent

import models
from models import PostKind
from schema.connections import After, Before, Connection, First, Last, connection
from schema.context import Info
from schema.enums import AnswerOrder, ClosureReason, ThreadAction, ThreadOrder
from schema.errors import BadRequest, Permission
from schema.loaders import Listing
from schema.nodes import Node
from schema.posts import Answer, Question
from services import finding
from services.permissions import thread_action_refusal

if TYPE_CHECKING:
    from schema.categories import Category
    from schema.tags import Tag
    from schema.users import User

ANSWERS_OF_THREAD = Listing(
    "answers of thread",
    models.Post,
    lambda loaders, thread_id: loaders.posts.filter(thread_id=thread_id, kind=PostKind.ANSWER),
)
THREADS = Listing(
    "threads",
    models.Thread,
    lambda loaders, criteria: finding.threads(loaders.viewer, criteria).select_related("category"),
)

#: The most tags that a filter takes of each kind.
MOST_TAGS = 20

Ordered = Annotated[ThreadOrder, strawberry.argument(description="Which come first.")]


@strawberry.type(description="That a thread takes no more answers, and why.")
class Closure:
    thread: strawberry.Private[models.Thread]

    @strawberry.field(description="Why it was closed.")
    def reason(self) -> ClosureReason:
        return ClosureReason(self.thread.close_reason or ClosureReason.OTHER)

    @strawberry.field(description="What was said about it.")
    def note(self) -> str | None:
        return self.thread.close_note

    @strawberry.field(description="The thread that asked the same before.")
    async def duplicate_of(self, info: Info) -> Annotated["Thread", strawberry.lazy("schema.threads")] | None:
        original = self.thread.duplicate_of_id
        return None if original is None else Thread.of(await info.context.loaders.thread_by_id.load(original))

    @strawberry.field(description="Who closed it; null where nobody knows.")
    async def by(self, info: Info) -> Annotated["User", strawberry.lazy("schema.users")] | None:
        closer = self.thread.closed_by_id
        user: Any = None if closer is None else await info.context.loaders.user_by_id.load(closer)
        return user

    @strawberry.field(description="When it was closed.")
    def at(self) -> datetime:
        assert self.thread.closed_at is not None  # noqa: S101  there is no Closure of an open thread
        return self.thread.closed_at


@strawberry.type(description="A question with all that was said about it.")
class Thread(Node):
    slug: str = strawberry.field(description="The title's words, as they stand in the thread's address.")
    title: str = strawberry.field(description="The question in a line.")
    answer_count: int = strawberry.field(description="Visible answers.")
    view_count: int = strawberry.field(description="How often it was read.")
    created_at: datetime = strawberry.field(description="When the question was asked.")
    last_activity_at: datetime = strawberry.field(description="When something was last said or changed in it.")
    hotness: float = strawberry.field(description="How much goes on in it; higher is hotter, and it never decays.")

    @strawberry.field(description="The number in the thread's address, stable for ever.")
    @staticmethod
    def number(thread: Parent[models.Thread]) -> int:
        return thread.id

    @strawberry.field(description="Where it belongs; null where nobody said.")
    @staticmethod
    async def category(
        thread: Parent[models.Thread], info: Info
    ) -> Annotated["Category", strawberry.lazy("schema.categories")] | None:
        if thread.category_id is None:
            return None
        category: Any = await info.context.loaders.category_by_id.load(thread.category_id)
        return category

    @strawberry.field(description="What it is about, in the asker's order.")
    @staticmethod
    async def tags(thread: Parent[models.Thread], info: Info) -> list[Annotated["Tag", strawberry.lazy("schema.tags")]]:
        tags: Any = await info.context.loaders.tags_by_thread.load(thread.id)
        return tags

    @strawberry.field(description="What was asked.")
    @staticmethod
    async def question(thread: Parent[models.Thread], info: Info) -> Question:
        question: Any = await info.context.loaders.question_by_thread.load(thread.id)
        return question

    @strawberry.field(description="What was answered.")
    @staticmethod
    def answers(
        thread: Parent[models.Thread],
        order_by: Annotated[AnswerOrder, strawberry.argument(description="Which come first.")] = AnswerOrder.BEST,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Answer]:
        return connection(ANSWERS_OF_THREAD, thread.id, order_by.value, first, after, last, before)

    @strawberry.field(description="The answer chosen as the best one.")
    @staticmethod
    async def best_answer(thread: Parent[models.Thread], info: Info) -> Answer | None:
        return Answer.of(await info.context.loaders.best_answer_by_thread.load(thread.id))

    @strawberry.field(description="Null while the thread is open.")
    @staticmethod
    def closure(thread: Parent[models.Thread]) -> Closure | None:
        return Closure(thread=thread) if thread.closed_at is not None else None

    @strawberry.field(description="Whether the viewer may do this with the thread, and if not, why.")
    @staticmethod
    def viewer_can(
        thread: Parent[models.Thread],
        info: Info,
        action: Annotated[ThreadAction, strawberry.argument(description="What the viewer would do.")],
    ) -> Permission:
        return Permission.after(thread_action_refusal(info.context.viewer, thread, action))


@strawberry.input(description="Threads that meet all of what is given; what is left out does not matter.")
class ThreadFilter:
    category: str | None = strawberry.field(default=UNSET, description="In the category at this path, or below it.")
    all_tags: list[str] | None = strawberry.field(default=UNSET, description="With every one of these tags.")
    any_tag: list[str] | None = strawberry.field(default=UNSET, description="With one of these tags at least.")
    no_tag: list[str] | None = strawberry.field(default=UNSET, description="With none of these tags.")
    author: str | None = strawberry.field(default=UNSET, description="Asked by the user of this name.")
    answered: bool | None = strawberry.field(default=UNSET, description="With an answer, or without.")
    has_best_answer: bool | None = strawberry.field(default=UNSET, description="With a best answer, or without.")
    has_upvoted_answer: bool | None = strawberry.field(
        default=UNSET, description="With an answer whose score is above zero, or without."
    )
    closed: bool | None = strawberry.field(default=UNSET, description="Closed, or open.")
    min_score: int | None = strawberry.field(default=UNSET, description="With at least this score.")
    since: datetime | None = strawberry.field(default=UNSET, description="Asked at this moment or later.")
    until: datetime | None = strawberry.field(default=UNSET, description="Asked before this moment.")

    def criteria(self) -> finding.ThreadCriteria:
        """What is given, as the services take it."""
        given: dict[str, Any] = {name: value for name, value in vars(self).items() if value is not UNSET}
        for name, argument in (("all_tags", "allTags"), ("any_tag", "anyTag"), ("no_tag", "noTag")):
            if given.get(name) is not None:
                given[name] = tuple(given[name])
                if len(given[name]) > MOST_TAGS:
                    message = f"Give at most {MOST_TAGS} tags in {argument}; these are {len(given[name])}."
                    raise BadRequest(message, "filter", argument)
        return finding.ThreadCriteria(**given)


@strawberry.type
class ThreadQueries:
    @strawberry.field(description="The thread with this number in its address.")
    async def thread(
        self, info: Info, number: Annotated[int, strawberry.argument(description="The number in the address.")]
    ) -> Thread | None:
        return Thread.of(await info.context.loaders.thread_by_id.load(number))

    @strawberry.field(description="Threads, filtered and ordered.")
    async def threads(
        self,
        info: Info,
        filter: Annotated[
            ThreadFilter | None, strawberry.argument(description="Which threads; null for all of them.")
        ] = UNSET,
        order_by: Ordered = ThreadOrder.NEWEST,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Thread]:
        criteria = filter.criteria() if isinstance(filter, ThreadFilter) else finding.ThreadCriteria()
        return connection(THREADS, criteria, order_by.value, first, after, last, before)
