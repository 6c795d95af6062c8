"""Somebody who hears live news, for the tests: what they heard, each topic once."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from services import live
from services.live import News, Topic


class Hearer:
    """A `services.live.Watcher` that notes what it hears."""

    def __init__(self) -> None:
        self.news: list[News] = []
        self.has_missed = self.is_closed = False

    @property
    def topics(self) -> list[Topic]:
        """What was heard of, in the order of its first news."""
        return list(dict.fromkeys(each.topic for each in self.news))

    def hear(self, news: News) -> None:
        self.news.append(news)

    def missed(self, since: datetime) -> None:
        self.has_missed = True

    def close(self) -> None:
        self.is_closed = True


@contextmanager
def hearing(topics: Iterable[Topic]) -> Iterator[Hearer]:
    """Somebody who hears of these topics while the block lasts."""
    hearer, heard_of = Hearer(), list(topics)
    live.watch(heard_of, hearer)
    try:
        yield hearer
    finally:
        live.unwatch(heard_of, hearer)
