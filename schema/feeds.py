"""Feeds: what subscriptions show, read once for all listeners that would see the same, and encoded once.

    listener   joins, and is first shown the present state, read after it joined: nothing is missed between the two
    news       is noted by what it is about; of two pieces about the same, the later is enough
    round      what is new is read, by the listeners' eyes, and each answer handed to every listener

Rounds of one feed follow one another, so that no listener sees what is older than what it saw before. They are so far
apart that no post is shown more often than the settings say, and that showing takes at most half of the time.
"""

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson
import structlog
from graphql import ExecutionResult, GraphQLError, OperationDefinitionNode, create_source_event_stream
from graphql.execution.execute import execute_subscription_event

import models
from planner.documents import Document
from planner.executor import PlannedExecutor
from planner.eyes import looks_at_viewer
from schema import feed_metrics as metrics
from schema.context import Context
from schema.execution import ExecutedSchema, is_bug, masked, with_told_errors
from schema.live import Watch
from services import live
from services.actors import Actor, Writer
from services.live import News
from services.visibility import sees_what_all_do
from settings import settings

log = structlog.get_logger()

#: News that one feed notes before it reads everything anew instead.
MOST_NEWS = 1_000
#: So many listeners are served before others have their turn.
SLICE = 200
#: How long a feed waits after a failure of ours before it tries again, in seconds; longer after each further one.
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0


class Outlet(Protocol):
    """Where a listener is shown what it asked for. Its methods return at once."""

    def show(self, place: Hashable, answer: bytes | None) -> None:
        """Show an answer, JSON, in the place of an unread former one for `place`; None takes that back."""

    def fail(self, errors: Sequence[GraphQLError]) -> None:
        """Tell that there is nothing to listen to, and end."""

    def close(self) -> None:
        """End: the server goes down."""


@dataclass(frozen=True)
class Subscribed:
    """A subscription as a client asked for it."""

    document: Document
    definition: OperationDefinitionNode
    operation_name: str | None
    variables: dict[str, Any]
    #: What all of this is, to compare.
    key: Hashable = field(init=False)

    def __post_init__(self) -> None:
        variables = orjson.dumps(self.variables, option=orjson.OPT_SORT_KEYS)
        object.__setattr__(self, "key", (self.document.text, self.operation_name, variables))


class Refused(Exception):
    """There is nothing to listen to; `errors` say why."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("There is nothing to listen to")
        self.errors = errors


class Feeds:
    """The feeds of this process."""

    def __init__(self, schema: ExecutedSchema) -> None:
        self.schema = schema
        self._feeds: dict[Hashable, Feed] = {}

    async def eyes(self, subscribed: Subscribed, viewer: Actor) -> Hashable:
        """By whose eyes a subscription is read for `viewer`: None where it shows them what it shows every visitor."""
        if viewer is None:
            return None
        plans = subscribed.document.plans(subscribed.definition)
        variables = plans.coerced(subscribed.variables)
        if variables is not None and not looks_at_viewer(plans.operation, variables) and await sees_what_all_do(viewer):
            return None
        return ("writer", viewer.key) if isinstance(viewer, Writer) else ("user", viewer.id)

    def join(self, outlet: Outlet, subscribed: Subscribed, eyes: Hashable, context: Callable[[], Context]) -> "Feed":
        """Show an outlet what was subscribed to, until it leaves the feed; `context` is the listener's."""
        key = subscribed.key, eyes
        feed = self._feeds.get(key)
        if feed is None:
            made = context()
            if eyes is None:
                made.viewer = None
            feed = self._feeds[key] = Feed(self.schema, subscribed, eyes, made, lambda: self._feeds.pop(key, None))
        feed.join(outlet)
        return feed

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return sum(feed.listeners for feed in self._feeds.values())

    def __len__(self) -> int:
        return len(self._feeds)


class Feed:
    """What one subscription shows to all who see the same of it."""

    def __init__(
        self,
        schema: ExecutedSchema,
        subscribed: Subscribed,
        eyes: Hashable,
        context: Context,
        end: Callable[[], object],
    ) -> None:
        self.subscribed = subscribed
        self.eyes = eyes
        self._schema = schema
        self._context = context
        self._end = end
        self._is_ended = False
        self._members: dict[Outlet, None] = {}
        self._joining: dict[Outlet, None] = {}
        self._news: dict[Hashable, News] = {}
        self._missed_since: datetime | None = None
        self._executor: PlannedExecutor | None = None
        self._watch: Watch | None = None
        self._working: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = 0.0
        self._pause = FIRST_PAUSE
        # News comes from within somebody's transaction; what is read for it does not belong there.
        self._scene = copy_context()

    # Listeners.

    @property
    def listeners(self) -> int:
        """How many listen, or are about to."""
        return len({**self._members, **self._joining})

    def join(self, outlet: Outlet) -> None:
        """Show the outlet the present state, and what comes after it. Who has joined already is shown it once more."""
        if outlet not in self._members and outlet not in self._joining:
            metrics.LISTENERS.inc()
        self._joining[outlet] = None
        self._wake()

    def leave(self, outlet: Outlet) -> None:
        """Show the outlet nothing any more."""
        was_there = outlet in self._members or outlet in self._joining
        self._members.pop(outlet, None)
        self._joining.pop(outlet, None)
        if was_there:
            metrics.LISTENERS.dec()
        if not self._members and not self._joining and not self._is_ended:
            self._is_ended = True
            if self._watch is not None:
                live.unwatch(self._watch.topics, self)
            if self._timer is not None:
                self._timer.cancel()
            self._end()

    # News, as a `services.live.Watcher`.

    def hear(self, news: News) -> None:
        """Note that something changed."""
        if self._watch is None:
            return
        place = self._watch.place(news)
        if (earlier := self._news.get(place)) is not None:
            metrics.COALESCED.inc()
            news = news._replace(at=earlier.at)
        self._news[place] = news
        if len(self._news) > MOST_NEWS:
            self.missed()
        self._wake()

    def missed(self) -> None:
        """Note that everything may have changed."""
        self._missed_since = self._missed_since or datetime.now(UTC)
        self._news.clear()
        self._wake()

    def close(self) -> None:
        """End all listeners: the server goes down."""
        for outlet in (*self._members, *self._joining):
            outlet.close()
            self.leave(outlet)

    # Rounds.

    def _wake(self) -> None:
        if self._working is None and not self._is_ended:
            self._working = asyncio.get_running_loop().create_task(self._work(), context=self._scene)

    async def _work(self) -> None:
        """Do rounds while there is anything to show; what must wait is left to the timer."""
        try:
            while not self._is_ended:
                is_time = time.monotonic() >= self._not_before
                if not self._joining and not (is_time and (self._news or self._missed_since)):
                    break
                await self._round(is_time=is_time)
        finally:
            self._working = None
        if (self._news or self._missed_since) and not self._is_ended:
            if self._timer is not None:
                self._timer.cancel()
            wait = max(0.0, self._not_before - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._wake)

    async def _round(self, *, is_time: bool) -> None:
        """Show what is new, if it is time for that, and to those who wait to begin, the present state."""
        began_at, joining = time.monotonic(), tuple(self._joining)
        news, since = (self._news, self._missed_since) if is_time else ({}, None)
        if is_time:
            self._news, self._missed_since = {}, None
        try:
            watch = self._watch or await self._begin()
            await self._look_again()
            answers = await self._answers(watch, news, since)
        except Exception as failure:
            if news or since:
                self._try_again()
            self._refuse(joining, failure)
            return
        self._pause = FIRST_PAUSE
        if answers:
            await self._show(tuple(self._members), answers)
            if news:
                metrics.LAG.observe(max(0.0, time.time() - min(each.at for each in news.values())))
            self._not_before = began_at + max(1 / settings().live_rate, 2 * (time.monotonic() - began_at))
        if joining:
            try:
                present = await self._present(watch, answers)
            except Exception as failure:
                self._refuse(joining, failure)
            else:
                await self._show(joining, present, is_first=True)

    async def _begin(self) -> Watch:
        """Find out what there is to watch, and watch it. Raises Refused."""
        subscribed, context = self.subscribed, self._context
        if settings().planner:
            context.plans = subscribed.document.plans(subscribed.definition)
        executor: Any = PlannedExecutor.build(
            self._schema._schema,
            subscribed.document.node,
            context_value=context,
            raw_variable_values=subscribed.variables,
            operation_name=subscribed.operation_name,
            operation_extensions=None,
        )
        if isinstance(executor, list):
            raise Refused(executor)
        found: Any = create_source_event_stream(executor)
        watch = await found if executor.is_awaitable(found) else found
        if isinstance(watch, ExecutionResult):
            raise Refused(with_told_errors(watch).errors or [])
        if not self._is_ended:
            self._executor, self._watch = executor, watch
            live.watch(watch.topics, self)
            await live.reached()
        return watch

    async def _look_again(self) -> None:
        """See what the listeners see now: what the viewer may have changed, and nothing is known from before."""
        context = self._context
        context.forget()
        if context.viewer is not None and not isinstance(context.viewer, Writer):
            context.viewer = await context.loaders.by_id(models.User).load(context.viewer.id)
            context.forget()

    async def _answers(
        self, watch: Watch, news: dict[Hashable, News], since: datetime | None
    ) -> dict[Hashable, bytes | None]:
        """What is new, by what it takes the place of; None where there is nothing to see any more."""
        if since is not None:
            return {place: await self._answer(event) for place, event in await watch.missed(self._context, since)}
        return {place: await self._answer(await watch.shown(self._context, each)) for place, each in news.items()}

    async def _present(self, watch: Watch, answers: dict[Hashable, bytes | None]) -> dict[Hashable, bytes | None]:
        """What comes first. What has just been read is not read again."""
        events = await watch.present(self._context)
        return {place: answers.get(place) or await self._answer(event) for place, event in events}

    async def _answer(self, event: Any) -> bytes | None:
        if event is None or self._executor is None:
            return None
        result: Any = execute_subscription_event(self._executor.build_per_event_executor(event))
        if self._executor.is_awaitable(result):
            result = await result
        if result.data is None and (bugs := [error for error in result.errors if is_bug(error)]):
            raise bugs[0].original_error or bugs[0]
        result = with_told_errors(result)
        content: dict[str, Any] = {"data": result.data}
        if result.errors:
            content["errors"] = [error.formatted for error in result.errors]
        return orjson.dumps(content, option=orjson.OPT_UTC_Z)

    async def _show(
        self, outlets: Sequence[Outlet], answers: dict[Hashable, bytes | None], *, is_first: bool = False
    ) -> None:
        """Hand answers to those of the outlets that are still there."""
        for number, outlet in enumerate(outlets, start=1):
            if is_first and outlet in self._joining:
                del self._joining[outlet]
                self._members[outlet] = None
            if outlet in self._members:
                for place, answer in answers.items():
                    outlet.show(place, answer)
            if number % SLICE == 0:
                await asyncio.sleep(0)
        metrics.DELIVERIES.inc(len(outlets) * len(answers))

    def _refuse(self, joining: Sequence[Outlet], failure: Exception) -> None:
        """Tell those who wait to begin that it cannot be."""
        if isinstance(failure, Refused):
            errors = failure.errors
        else:
            errors = [failure if isinstance(failure, GraphQLError) else masked(failure)]
        for outlet in joining:
            if outlet in self._joining:
                outlet.fail(errors)
                self.leave(outlet)

    def _try_again(self) -> None:
        """Show everything as soon as it can be read."""
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self._missed_since = self._missed_since or datetime.now(UTC)
