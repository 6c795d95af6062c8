"""What is listened to over one connection: the outlets of its subscriptions, and what waits for a slow reader.

A reader who does not read costs nothing but the newest answer of each thing watched. Once they read again, they get
that; if they do not within the time that the settings give, they are let go.
"""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Protocol

from graphql import GraphQLError

from schema import feed_metrics as metrics
from schema import schema
from schema.context import Context
from schema.feeds import Feed, Feeds
from schema.watched import Subscribed
from settings import settings

#: Answers that wait for a slow reader in one subscription; of those of more things than that, the oldest go.
MOST_WAITING = 200


#: The feeds of this process.
feeds = Feeds(schema)


class Ends(Protocol):
    """What goes out at the other end of an outlet."""

    def answer(self, answer: bytes) -> None:
        """Send an answer."""

    def error(self, errors: Sequence[GraphQLError]) -> None:
        """Send errors in the place of all answers; the subscription is over."""

    def close(self) -> None:
        """End the connection: the server goes down."""


class Way(Protocol):
    """What answers go out by."""

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing should be added."""


class Reader:
    """Who reads at the other end of a way, and what waits until there is room on it."""

    def __init__(self, way: Way, let_go: Callable[[], None]) -> None:
        self.way = way
        self.is_behind = False
        self._let_go = let_go
        self._waiting: dict[Listening, None] = {}
        self._patience: asyncio.TimerHandle | None = None

    def wait(self, listening: "Listening") -> None:
        """Have what an outlet holds wait."""
        if not self.is_behind:
            self.is_behind = True
            patience = settings().live_patience_seconds
            self._patience = asyncio.get_running_loop().call_later(patience, self._let_go)
        self._waiting[listening] = None

    def drained(self) -> None:
        """Send what waits, as far as there is room."""
        for listening in tuple(self._waiting):
            if not listening.flush(self.way):
                return
            self._waiting.pop(listening, None)
        self.forget()

    def forget(self) -> None:
        """Wait no longer: all was sent, or the connection is gone."""
        self.is_behind = False
        self._waiting.clear()
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class Listening:
    """One subscription on a connection: the outlet of its feed."""

    __slots__ = ("_behind", "_ends", "_held", "_is_over", "_reader", "feed")

    def __init__(self, ends: Ends, reader: Reader) -> None:
        self.feed: Feed | None = None
        self._ends = ends
        self._reader = reader
        self._held: dict[Hashable, bytes] | None = None
        self._behind = False
        self._is_over = False

    @property
    def subscribed(self) -> Subscribed | None:
        """What is listened to; None before it begins and when it is over."""
        return None if self.feed is None or self._is_over else self.feed.subscribed

    def begin(self, subscribed: Subscribed, eyes: Hashable, context: Callable[[], Context]) -> None:
        """Listen, by those eyes."""
        self.feed = feeds.join(self, subscribed, eyes, context)

    def look_by(self, eyes: Hashable, context: Callable[[], Context]) -> None:
        """Listen by other eyes, if they are others: from the present state on, as those see it."""
        if self.feed is not None and not self._is_over and self.feed.eyes != eyes:
            self.feed.leave(self)
            self._held = None
            self.begin(self.feed.subscribed, eyes, context)

    def show(self, place: Hashable, answer: bytes | None) -> None:
        """Send an answer, or have it wait for the reader."""
        if self._is_over:
            return
        reader = self._reader
        if not reader.is_behind and not reader.way.is_full:
            if answer is not None:
                self._ends.answer(answer)
            return
        held = self._held = {} if self._held is None else self._held
        if held.pop(place, None) is not None:
            metrics.COALESCED.inc()
        if answer is None:
            return
        held[place] = answer
        reader.wait(self)
        if len(held) > MOST_WAITING:
            del held[next(iter(held))]
            self._behind = True
            metrics.DROPPED.inc()

    def flush(self, way: Way) -> bool:
        """Send what waits while there is room; whether all was sent. Who lost something gets the present state."""
        while self._held and not self._is_over:
            if way.is_full:
                return False
            place = next(iter(self._held))
            self._ends.answer(self._held.pop(place))
        self._held = None
        if self._behind and self.feed is not None and not self._is_over:
            self._behind = False
            self.feed.join(self)
        return True

    def fail(self, errors: Sequence[GraphQLError]) -> None:
        """Tell that there is nothing to listen to."""
        if not self._is_over:
            self._is_over = True
            self._ends.error(errors)

    def close(self) -> None:
        """End the connection: the server goes down."""
        if not self._is_over:
            self._ends.close()

    def stop(self) -> None:
        """Listen no longer."""
        self._is_over = True
        self._held = None
        if self.feed is not None:
            self.feed.leave(self)
