"""Live news: which thing changed, told to all who watch it, here and in every other process.

News carries no data that a reader might not see, only which thing changed and how: who watches reads the thing again
with their own eyes. A process alone needs nothing else. Where there are several, a `Bus` carries the news between them
(`services.bus`); what one may have lost is made good by reading all that is watched anew.
"""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

#: What can be watched: the kind of a thing, and its id.
Topic = tuple[str, int]


class News(NamedTuple):
    """That a thing changed. `what` and `post_id` say how, where the topic is one of happenings (`thread_topic`)."""

    topic: Topic
    what: str = ""
    post_id: int | None = None
    #: When it was told, in seconds since 1970: right after the commit.
    at: float = 0.0


class Watcher(Protocol):
    """Hears of changes to what it watches. Its methods return at once, and never fail."""

    def hear(self, news: News) -> None:
        """Note that something changed."""

    def missed(self, since: datetime) -> None:
        """Note that news may have been lost since that moment: everything watched may have changed."""

    def close(self) -> None:
        """End: the server goes down."""


class Bus(Protocol):
    """Carries news between processes. Its methods return at once, and never fail; news may be late, or get lost while
    it is cut off: then, and as soon as it is whole again, it calls `missed`.
    """

    def send(self, news: News) -> None:
        """Tell the other processes."""

    def join(self, topic: Topic) -> None:
        """Have news of `topic` come here."""

    def leave(self, topic: Topic) -> None:
        """Have it come here no longer."""

    async def joined(self) -> None:
        """Wait until news comes of every topic joined so far; not for ever, if the bus is cut off."""


def post_topic(post_id: int) -> Topic:
    """The votes of a post, and who may see it."""
    return "post", post_id


def user_topic(user_id: int) -> Topic:
    """The points of a user."""
    return "user", user_id


def thread_topic(thread_id: int) -> Topic:
    """What happens in a thread: each piece of news says what, and to which post."""
    return "thread", thread_id


def rights_topic(user_id: int) -> Topic:
    """What a user may see: their level, their sessions, posts of theirs that others do not see."""
    return "rights", user_id


#: New threads: each piece of news names the question.
ASKED: Topic = ("asked", 0)


class _Wires:
    """Who watches what in this process, and the bus to others, if there is one."""

    def __init__(self) -> None:
        self.watchers: dict[Topic, dict[Watcher, None]] = {}
        self.bus: Bus | None = None


_wires = _Wires()


def use(bus: Bus | None) -> None:
    """Carry news between processes by that bus from now on, or by none."""
    _wires.bus = bus
    if bus is not None:
        for topic in _wires.watchers:
            bus.join(topic)


def watch(topics: Iterable[Topic], watcher: Watcher) -> None:
    """Tell `watcher` of changes from now on. Read the present state after it, and after `reached`."""
    for topic in topics:
        watchers = _wires.watchers.get(topic)
        if watchers is None:
            watchers = _wires.watchers[topic] = {}
            if _wires.bus is not None:
                _wires.bus.join(topic)
        watchers[watcher] = None


def unwatch(topics: Iterable[Topic], watcher: Watcher) -> None:
    """Tell `watcher` no longer."""
    for topic in topics:
        watchers = _wires.watchers.get(topic, {})
        watchers.pop(watcher, None)
        if not watchers and _wires.watchers.pop(topic, None) is not None and _wires.bus is not None:
            _wires.bus.leave(topic)


async def reached() -> None:
    """Wait until news of all that is watched arrives from other processes too."""
    if _wires.bus is not None:
        await _wires.bus.joined()


def publish(topic: Topic, what: str = "", post_id: int | None = None) -> None:
    """Tell all who watch that `topic` changed. Call it after the commit, never before."""
    news = News(topic, what, post_id, time.time())
    tell(news)
    if _wires.bus is not None:
        _wires.bus.send(news)


def tell(news: News) -> None:
    """Tell those who watch in this process."""
    for watcher in tuple(_wires.watchers.get(news.topic, ())):
        watcher.hear(news)


def missed(since: datetime | None = None) -> None:
    """Tell all who watch in this process that news may have been lost, since that moment or just now."""
    for watcher in _everybody():
        watcher.missed(since or datetime.now(UTC))


def close() -> None:
    """End all who watch in this process: the server goes down."""
    for watcher in _everybody():
        watcher.close()


def watched() -> list[Topic]:
    """What is watched in this process."""
    return list(_wires.watchers)


def _everybody() -> list[Watcher]:
    return list({watcher: None for watchers in _wires.watchers.values() for watcher in watchers})
