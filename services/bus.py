"""The bus between processes: live news, and which rows were written, by way of a Redis.

    commit -> live.publish, changes.tell -> the line ... the line of another process -> live.tell, changes.tell

Redis forgets a message that nobody was there for. So who was cut off, or is told that a process could not say all that
it had to, reads everything anew: that is what makes counts right. No deed ever waits for Redis, or fails by it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from services import changes, live
from services.changes import ANY, ROW, Change
from services.live import News, Topic
from services.redis_line import Line
from settings import settings

#: The longest that somebody waits for Redis, in seconds: who subscribes, and this process at its start and end.
PATIENCE = 1.0

#: By which it is known that others are to be told that they may have missed anything.
_ANYTHING = None


@asynccontextmanager
async def carrying() -> AsyncIterator[None]:
    """Carry news between this process and others while the block lasts, if REDIS_URL says by which Redis."""
    if (url := settings().redis_url) is None:
        yield
        return
    async with RedisBus(url.get_secret_value(), settings().redis_prefix).running():
        yield


class RedisBus:
    """A bus by the Redis at `url`: redis://, rediss:// or unix://. Its channels begin with the prefix and a colon."""

    def __init__(self, url: str, prefix: str) -> None:
        self._prefix = prefix
        self._common = f"{prefix}:all"
        self._topics: dict[str, Topic] = {}
        self._joined: asyncio.Future[None] | None = None
        self._lost_at: datetime | None = None
        self._line = Line(url, prefix, regained=self._regained, heard=self._heard, lost=self._lost)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Carry news while the block lasts. At its end what was told meanwhile is sent, if Redis is there."""
        changes.cut_off(True)
        self._line.join(self._common)
        live.use(self)
        try:
            with changes.hearing(self.hear):
                async with self._line.kept_up(PATIENCE):
                    yield
        finally:
            live.use(None)
            changes.cut_off(False)

    def send(self, news: News) -> None:
        """Tell the other processes: soon, or when Redis is back."""
        what = [news.what, news.post_id, news.at]
        self._say((news.topic, news.what, news.post_id), self._channel(news.topic), what)

    def join(self, topic: Topic) -> None:
        """Have news of `topic` come here."""
        channel = self._channel(topic)
        self._topics[channel] = topic
        self._joined = self._line.join(channel)

    def leave(self, topic: Topic) -> None:
        """Have it come here no longer."""
        channel = self._channel(topic)
        self._topics.pop(channel, None)
        self._line.leave(channel)

    async def joined(self) -> None:
        """Wait until news comes of every topic joined so far. While Redis is away none comes: all is read anew then."""
        if self._line.is_whole and self._joined is not None and not self._joined.done():
            await asyncio.wait([self._joined], timeout=PATIENCE)

    def hear(self, change: Change) -> None:
        """Tell the other processes which row was written, and no more of it than the ids that lead there."""
        if change.table == ANY:
            return  # which each process knows for itself
        values = change.known
        known = {name: values[name] for name in _ids(tuple(values)) if isinstance(values[name], int | None)}
        columns = None if change.columns is None else sorted(change.columns)
        self._say((change.table, change.columns, *known.items()), self._common, [change.table, columns, known])

    def _say(self, key: object, channel: str, what: Any) -> None:
        if not self._line.say(key, channel, what):
            self._line.say_only(_ANYTHING, self._common, None)

    def _regained(self) -> None:
        changes.cut_off(False)
        live.missed(self._lost_at)

    def _lost(self) -> None:
        self._lost_at = datetime.now(UTC)
        changes.cut_off(True)
        live.missed()

    def _heard(self, channel: str, what: Any) -> None:
        match what:
            case None if channel == self._common:
                changes.tell(changes.ANYTHING)
                live.missed()
            case [str(table), list() | None as columns, dict(known)] if channel == self._common:
                change = Change(table, None if columns is None else frozenset(columns), known)
                changes.tell(change, besides=self.hear)  # which would send it back
            case [str(how), int() | None as post_id, float() as at] if channel != self._common:
                if (topic := self._topics.get(channel)) is not None:  # and was not left meanwhile
                    live.tell(News(topic, how, post_id, at))
            case _:
                raise ValueError("its meaning is not known")

    def _channel(self, topic: Topic) -> str:
        return f"{self._prefix}:{topic[0]}:{topic[1]}"


@lru_cache(maxsize=1_000)
def _ids(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a table's columns that may go along: ids, and nothing that somebody wrote, or is called."""
    return tuple(name for name in columns if name in (ROW, "id") or name.endswith("_id"))
