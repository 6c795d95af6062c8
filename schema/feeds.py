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
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Protocol

from graphql import GraphQLError

from models import tracing
from planner.eyes import Looks, looks
from schema import feed_metrics as metrics
from schema.context import Context
from schema.execution import ExecutedSchema, masked
from schema.spans import traced
from schema.watched import Answers, Refused, Subscribed, Watched
from services import live, origin
from services.actors import Actor, Writer
from services.live import News
from services.visibility import sees_what_all_do
from settings import settings

#: News that one feed notes before it reads everything anew instead.
MOST_NEWS = 1_000
#: So many listeners are served before others have their turn.
SLICE = 200
#: How many feeds of single users are read at once: with thousands, others have their turn in between.
AT_ONCE = 8
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


class Feeds:
    """The feeds of this process."""

    def __init__(self, schema: ExecutedSchema) -> None:
        self.schema = schema
        self._feeds: dict[Hashable, Feed] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def eyes(self, subscribed: Subscribed, viewer: Actor) -> Hashable:
        """By whose eyes a subscription is read for `viewer`: None where it shows them what it shows every visitor."""
        if viewer is None:
            return self.visitors_eyes(subscribed)
        if self._looks(subscribed) is Looks.NOBODY and await sees_what_all_do(viewer):
            return None
        return ("writer", viewer.key) if isinstance(viewer, Writer) else ("user", viewer.id)

    def visitors_eyes(self, subscribed: Subscribed) -> Hashable:
        """The same for the visitor who asks: what they may do depends on where they come from."""
        return ("address", origin.address()) if self._looks(subscribed) is Looks.ANYBODY else None

    @staticmethod
    def _looks(subscribed: Subscribed) -> Looks:
        plans = subscribed.document.plans(subscribed.definition)
        variables = plans.coerced(subscribed.variables)
        return Looks.NOBODY if variables is None else looks(plans.operation, variables)  # wrong ones are told later

    def join(self, outlet: Outlet, subscribed: Subscribed, eyes: Hashable, context: Callable[[], Context]) -> "Feed":
        """Show an outlet what was subscribed to, until it leaves the feed; `context` is the listener's."""
        key = subscribed.key, eyes
        feed = self._feeds.get(key)
        if feed is None:
            if not self._feeds:
                self._turns = asyncio.Semaphore(AT_ONCE)  # of this event loop
            made = context()
            if eyes is None:
                made.viewer = None
            turns = nullcontext() if eyes is None else self._turns
            feed = Feed(self.schema, subscribed, eyes, made, turns, lambda: self._feeds.pop(key, None))
            self._feeds[key] = feed
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
        turns: AbstractAsyncContextManager[None],
        end: Callable[[], object],
    ) -> None:
        self.subscribed = subscribed
        self.eyes = eyes
        self._watched = Watched(schema, subscribed, context)
        self._turns = turns
        self._end = end
        self._is_ended = False
        self._members: dict[Outlet, None] = {}
        self._joining: dict[Outlet, None] = {}
        self._news: dict[Hashable, News] = {}
        self._missed_since: datetime | None = None
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
            live.unwatch(self._watched.topics, self)
            if self._timer is not None:
                self._timer.cancel()
            self._end()

    # News, as a `services.live.Watcher`.

    def hear(self, news: News) -> None:
        """Note that something changed."""
        if self._watched.is_about_rights(news):
            self.missed(datetime.now(UTC))
            return
        place = self._watched.watch.place(news)
        if (earlier := self._news.get(place)) is not None:
            metrics.COALESCED.inc()
            news = news._replace(at=earlier.at)
        self._news[place] = news
        if len(self._news) > MOST_NEWS:
            self.missed(datetime.now(UTC))
        self._wake()

    def missed(self, since: datetime) -> None:
        """Note that everything may have changed."""
        self._missed_since = min(self._missed_since or since, since)
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
                async with self._turns:
                    work, shown = self._round(is_time=is_time), self.subscribed
                    if tracing.tracer is not None:
                        work = traced(work, shown.document, shown.definition, self.listeners)
                    await work
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
            if not self._watched.has_begun:
                await self._begin()
            await self._watched.look_again()
            answers = await self._watched.new(news, since)
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
                present = await self._watched.present(answers)
            except Exception as failure:
                self._refuse(joining, failure)
            else:
                await self._show(joining, present, is_first=True)

    async def _begin(self) -> None:
        """Find out what there is to watch, and watch it. Raises Refused."""
        await self._watched.begin()
        if not self._is_ended:
            live.watch(self._watched.topics, self)
            await live.reached()

    async def _show(self, outlets: Sequence[Outlet], answers: Answers, *, is_first: bool = False) -> None:
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
