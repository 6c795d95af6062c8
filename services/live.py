"""Live news inside one process: who changed wakes those who watch it.

News carries no data, only which thing changed: a listener reads the thing again with its own viewer's eyes. So several
changes while a listener is busy are one piece of news, and a listener that never reads costs one small set.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager

#: What can be watched: the kind of a thing, and its id.
Topic = tuple[str, int]


def post_topic(post_id: int) -> Topic:
    """The votes of a post."""
    return "post", post_id


def user_topic(user_id: int) -> Topic:
    """The points of a user."""
    return "user", user_id


class Listener:
    """Hears of changes to its topics: iterate it. Each topic is told once, however often it changed meanwhile."""

    def __init__(self) -> None:
        self._news: dict[Topic, None] = {}
        self._woken = asyncio.Event()
        self._closed = False

    def tell(self, topic: Topic) -> None:
        """Note that `topic` changed."""
        self._news[topic] = None
        self._woken.set()

    def close(self) -> None:
        """End the iteration once what is known already has been told."""
        self._closed = True
        self._woken.set()

    async def __aiter__(self) -> AsyncIterator[Topic]:
        while True:
            while self._news:
                topic = next(iter(self._news))
                del self._news[topic]
                yield topic
            if self._closed:
                return
            self._woken.clear()
            await self._woken.wait()


_listeners: dict[Topic, set[Listener]] = {}


@contextmanager
def listening(topics: Iterable[Topic]) -> Iterator[Listener]:
    """A listener for `topics`. Read the present state inside the block: what changes after that is told."""
    listener = Listener()
    watched = set(topics)
    for topic in watched:
        _listeners.setdefault(topic, set()).add(listener)
    try:
        yield listener
    finally:
        for topic in watched:
            _listeners[topic].discard(listener)
            if not _listeners[topic]:
                del _listeners[topic]


def publish(topic: Topic) -> None:
    """Tell all who listen that `topic` changed. Call it after the commit, never before."""
    for listener in _listeners.get(topic, ()):
        listener.tell(topic)


def listener_count() -> int:
    """How many listeners there are now."""
    return len({listener for listeners in _listeners.values() for listener in listeners})


def close() -> None:
    """End every listener: the server goes down."""
    for listeners in list(_listeners.values()):
        for listener in listeners:
            listener.close()
