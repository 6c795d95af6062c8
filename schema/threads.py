"""Threads: a question with all that was said about it, and the lists of them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import UNSET

import models
from models import PostKind
from planner.sources import Listing, Viewer, view_of
from schema.connections import Connection
from schema.enums import AnswerOrder, ClosureReason, ThreadAction, ThreadOrder
from schema.errors import BadRequest, Permission
from schema.fields import column, many, one, pages, pure, same, to_one
from schema.nodes import Node
from schema.posts import Answer, Question
from services import finding
from services.permissions import ThreadFacts, thread_permission
from services.visibility import visible_posts, visible_threads

if TYPE_CHECKING:
    from schema.categories import Category
    from schema.tags import Tag
    from schema.users import User

TAG_LINKS_OF_THREAD = Listing(
    "tags of thread", models.ThreadTag, lambda _, thread_id: models.ThreadTag.filter(thread_id=thread_id)
)
QUESTION_OF_THREAD = Listing(
    "question of thread",
    models.Post,
    lambda viewer, thread_id: visible_posts(viewer).filter(thread_id=thread_id, kind=PostKind.QUESTION),
)
ANSWERS_OF_THREAD = Listing(
    "answers of thread",
    models.Post,
    lambda viewer, thread_id: visible_posts(viewer).filter(thread_id=thread_id, kind=PostKind.ANSWER),
)
BEST_ANSWER_OF_THREAD = Listing(
    "best answer of thread",
    models.Post,
    lambda viewer, thread_id: visible_posts(viewer).filter(thread_id=thread_id, is_best=True),
)
DUPLICATES_OF_THREAD = Listing(
    "duplicates of thread",
    models.Thread,
    lambda viewer, thread_id: visible_threads(viewer).filter(duplicate_of_id=thread_id),
)
THREAD_BY_NUMBER = Listing(
    "thread by number", models.Thread, lambda viewer, number: visible_threads(viewer).filter(id=number)
)
THREADS = Listing("threads", models.Thread, finding.threads, by_value=True)

#: The most tags that a filter takes of each kind.
MOST_TAGS = 20


def _closure_reason(reason: ClosureReason | None) -> ClosureReason:
    return reason or ClosureReason.OTHER


def _permission(
    viewer: Viewer,
    facts: ThreadFacts,
    action: Annotated[ThreadAction, strawberry.argument(description="What the viewer would do.")],
) -> Permission:
    return Permission.of(thread_permission(viewer, facts, action))


@strawberry.type(description="That a thread takes no more answers, and why.")
@view_of(models.Thread)
class Closure:
    reason: ClosureReason = pure(_closure_reason, "close_reason", description="Why it was closed.")
    note: str | None = column("close_note", description="What was said about it.")
    duplicate_of: Annotated["Thread", strawberry.lazy("schema.threads")] | None = to_one(
        "duplicate_of", description="The thread that asked the same before."
    )
    by: Annotated["User", strawberry.lazy("schema.users")] | None = to_one(
        "closed_by", description="Who closed it; null where nobody knows."
    )
    at: datetime = column("closed_at", description="When it was closed.")


@strawberry.type(description="A question with all that was said about it.")
@view_of(models.Thread)
class Thread(Node):
    slug: str = strawberry.field(description="The title's words, as they stand in the thread's address.")
    title: str = strawberry.field(description="The question in a line.")
    answer_count: int = strawberry.field(description="Visible answers.")
    view_count: int = strawberry.field(description="How often it was read.")
    created_at: datetime = strawberry.field(description="When the question was asked.")
    last_activity_at: datetime = strawberry.field(description="When something was last said or changed in it.")
    hotness: float = strawberry.field(description="How much goes on in it; higher is hotter, and it never decays.")
    number: int = column("id", description="The number in the thread's address, stable for ever.")
    category: Annotated["Category", strawberry.lazy("schema.categories")] | None = to_one(
        "category", description="Where it belongs; null where nobody said."
    )
    tags: list[Annotated["Tag", strawberry.lazy("schema.tags")]] = many(
        TAG_LINKS_OF_THREAD, ("position", "id"), show="tag", description="What it is about, in the asker's order."
    )
    question: Question = one(QUESTION_OF_THREAD, description="What was asked.")
    answers: Connection[Answer] = pages(ANSWERS_OF_THREAD, AnswerOrder.BEST, description="What was answered.")
    best_answer: Answer | None = one(BEST_ANSWER_OF_THREAD, description="The answer chosen as the best one.")
    closure: Closure | None = same(unless="closed_at", description="Null while the thread is open.")
    duplicates: Connection[Annotated["Thread", strawberry.lazy("schema.threads")]] = pages(
        DUPLICATES_OF_THREAD, ThreadOrder.NEWEST, description="The threads that were closed as duplicates of it."
    )
    viewer_can: Permission = pure(
        _permission,
        *ThreadFacts._fields,
        viewer=True,
        facts=ThreadFacts,
        description="Whether the viewer may do this with the thread, and if not, why.",
    )


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


def _number(_: Viewer, number: Annotated[int, strawberry.argument(description="The number in the address.")]) -> int:
    return number


def _criteria(
    _: Viewer,
    filter: Annotated[
        ThreadFilter | None, strawberry.argument(description="Which threads; null for all of them.")
    ] = UNSET,
) -> finding.ThreadCriteria:
    return filter.criteria() if isinstance(filter, ThreadFilter) else finding.ThreadCriteria()


@strawberry.type
class ThreadQueries:
    thread: Thread | None = one(THREAD_BY_NUMBER, _number, description="The thread with this number in its address.")
    threads: Connection[Thread] = pages(
        THREADS, ThreadOrder.NEWEST, _criteria, description="Threads, filtered and ordered."
    )
