"""Subscriptions: what can be watched, what comes first, and what news of it shows.

A subscription's resolver gives a `Watch`: the topics, and how the present state and each piece of news are read, by the
listener's own eyes. `schema.feeds` does the rest, once for all who would see the same.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, cast

import strawberry
from strawberry import UNSET
from tortoise.models import Model

import models
from models import PostKind
from planner.kept import Kept
from schema.context import Context
from schema.enums import ActivityKind
from schema.errors import BadRequest
from schema.nodes import key_of
from schema.posts import Post
from schema.threads import Thread, ThreadFilter
from schema.users import User
from services import finding, live
from services.live import ASKED, News, Topic
from services.visibility import visible_posts

#: The most posts that one subscription watches.
MOST_POSTS = 100
#: Of the threads that were asked while news was lost, so many are made good, the newest.
MOST_ASKED = 100
#: A thread may be seen so long after the moment that it was asked: its transaction took time, clocks differ.
SLACK = timedelta(seconds=30)

#: What is shown, by what it takes the place of for a listener that has not read the former yet.
Shown = tuple[Hashable, Any]


@dataclass(frozen=True)
class Row:
    """A row that the subscription's field stands for, if the viewer sees it; still to be read."""

    model: type[Model]
    key: int


class Watch(ABC):
    """What a subscription watches, and how it is read."""

    #: Which news is heard.
    topics: Sequence[Topic]

    @abstractmethod
    async def present(self, context: Context) -> list[Shown]:
        """What comes first. Raises BadRequest where there is nothing to watch."""

    @abstractmethod
    async def shown(self, context: Context, news: News) -> Any:
        """What news shows the viewer: a row, or an object of the graph. None where they may see nothing of it."""

    def place(self, news: News) -> Hashable:
        """What it takes the place of: of two pieces of news with the same, the later is enough."""
        return news.topic

    async def missed(self, context: Context, since: datetime) -> list[Shown]:
        """What is shown where news may have been lost since that moment."""
        return await self.present(context)

    def __aiter__(self) -> AsyncIterator[Any]:
        raise TypeError("A watch is read by a feed: see schema.feeds.")


@dataclass
class Votes(Watch):
    """The votes of some posts."""

    keys: Sequence[int]

    def __post_init__(self) -> None:
        self.topics = [live.post_topic(key) for key in self.keys]

    async def present(self, context: Context) -> list[Shown]:
        posts = await context.loaders.by_id(models.Post).load_many(self.keys)
        if None in posts:
            raise BadRequest("One of these posts does not exist.", "postIds")
        return list(zip(self.topics, posts, strict=True))

    async def shown(self, context: Context, news: News) -> Any:
        return Row(models.Post, news.topic[1])

    async def missed(self, context: Context, since: datetime) -> list[Shown]:
        return [(topic, Row(models.Post, topic[1])) for topic in self.topics]  # those that are not seen now, too


@dataclass
class Points(Watch):
    """The points of a user."""

    key: int

    def __post_init__(self) -> None:
        self.topics = [live.user_topic(self.key)]

    async def present(self, context: Context) -> list[Shown]:
        user = await context.loaders.by_id(models.User).load(self.key)
        if user is None:
            raise BadRequest("There is no such user.", "userId")
        return [(self.topics[0], user)]

    async def shown(self, context: Context, news: News) -> Any:
        return Row(models.User, self.key)


@strawberry.type(description="Something that happened in a thread.")
class ThreadActivity:
    kind: ActivityKind = strawberry.field(description="What happened.")
    thread: Thread = strawberry.field(description="The thread as it is now.")
    post: Post | None = strawberry.field(
        description="The post that it happened to; null for STATE, and where the viewer may not see it."
    )
    at: datetime = strawberry.field(description="When it happened; for STATE, when this was read.")


@dataclass
class Activity(Watch):
    """What happens in a thread."""

    key: int

    def __post_init__(self) -> None:
        self.topics = [live.thread_topic(self.key)]

    async def present(self, context: Context) -> list[Shown]:
        state = await self._activity(context, ActivityKind.STATE, None, datetime.now(UTC))
        if state is None:
            raise BadRequest("There is no such thread.", "threadId")
        return [(ActivityKind.STATE, state)]

    async def shown(self, context: Context, news: News) -> Any:
        # A process of another version may know of more.
        what = ActivityKind.__members__.get(news.what, ActivityKind.STATE)
        return await self._activity(context, what, news.post_id, datetime.fromtimestamp(news.at, UTC))

    def place(self, news: News) -> Hashable:
        return news  # each happened once

    async def missed(self, context: Context, since: datetime) -> list[Shown]:
        return [(ActivityKind.STATE, await self._activity(context, ActivityKind.STATE, None, datetime.now(UTC)))]

    async def _activity(
        self, context: Context, what: ActivityKind, post_id: int | None, at: datetime
    ) -> ThreadActivity | None:
        thread = await context.loaders.by_id(models.Thread).load(self.key)
        if thread is None:
            return None
        post = await context.loaders.by_id(models.Post).load(post_id) if post_id is not None else None
        if post is None and what in (
            ActivityKind.ANSWERED,
            ActivityKind.COMMENTED,
            ActivityKind.EDITED,
            ActivityKind.RESTORED,
        ):
            return None  # it is none of this viewer's business, or gone again
        return ThreadActivity(kind=what, thread=Thread.of(thread), post=Post.of(post), at=at)


@dataclass
class Asked(Watch):
    """New threads that pass a filter."""

    criteria: finding.ThreadCriteria

    def __post_init__(self) -> None:
        self.topics = [ASKED]
        #: The questions that were shown lately: none is shown twice.
        self._known: Kept[int, bool] = Kept(100 * MOST_ASKED)

    async def present(self, context: Context) -> list[Shown]:
        return []

    async def shown(self, context: Context, news: News) -> Any:
        question = await context.loaders.by_id(models.Post).load(news.post_id or 0)
        if question is None:
            return None
        thread = await finding.threads(context.viewer, self.criteria).get_or_none(id=question.thread_id)
        return thread if thread is not None and self._is_new(question.id) else None

    def place(self, news: News) -> Hashable:
        return news.post_id

    async def missed(self, context: Context, since: datetime) -> list[Shown]:
        asked = finding.threads(context.viewer, self.criteria).filter(created_at__gte=since - SLACK)
        newest = await asked.order_by("-created_at", "-id").limit(MOST_ASKED)
        questions = visible_posts(context.viewer).filter(
            thread_id__in=[each.id for each in newest], kind=PostKind.QUESTION
        )
        of_thread = dict(await questions.values_list("thread_id", "id"))
        return [(of_thread[each.id], each) for each in reversed(newest) if self._is_new(of_thread[each.id])]

    def _is_new(self, question_id: int) -> bool:
        is_known = self._known.get(question_id)
        self._known.put(question_id, True, 1)
        return not is_known


@strawberry.type(description="What can be watched. Each but threadAsked first sends the present state.")
class Subscription:
    @strawberry.subscription(description="Each of the posts, now and whenever its votes change.")
    def votes_changed(
        self,
        post_ids: Annotated[
            list[strawberry.ID], strawberry.argument(description=f"The posts to watch: at most {MOST_POSTS}.")
        ],
    ) -> AsyncIterator[Post]:
        keys = list(dict.fromkeys(_wanted("Post", post_id, "postIds") for post_id in post_ids))
        if not 0 < len(keys) <= MOST_POSTS:
            raise BadRequest(f"Watch 1 to {MOST_POSTS} posts; these are {len(keys)}.", "postIds")
        return cast("AsyncIterator[Post]", Votes(keys))

    @strawberry.subscription(description="What happens in a thread. First, and where news was lost, its STATE.")
    def thread_activity(
        self, thread_id: Annotated[strawberry.ID, strawberry.argument(description="The thread to watch.")]
    ) -> AsyncIterator[ThreadActivity]:
        return cast("AsyncIterator[ThreadActivity]", Activity(_wanted("Thread", thread_id, "threadId")))

    @strawberry.subscription(
        description="New threads that pass the filter, as they are asked. Ask for `threads` once it has begun."
    )
    def thread_asked(
        self,
        filter: Annotated[
            ThreadFilter | None, strawberry.argument(description="Which threads; null for all of them.")
        ] = UNSET,
    ) -> AsyncIterator[Thread]:
        criteria = filter.criteria() if isinstance(filter, ThreadFilter) else finding.ThreadCriteria()
        return cast("AsyncIterator[Thread]", Asked(criteria))

    @strawberry.subscription(description="The user's points, now and whenever they change.")
    def points_changed(
        self, user_id: Annotated[strawberry.ID, strawberry.argument(description="The user to watch.")]
    ) -> AsyncIterator[User]:
        return cast("AsyncIterator[User]", Points(_wanted("User", user_id, "userId")))


def _wanted(kind: str, id: str, argument: str) -> int:
    key = key_of(kind, id)
    if key is None:
        raise BadRequest(f"{id!r} is not the id of a {kind}.", argument)
    return key
