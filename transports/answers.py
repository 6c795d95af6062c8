"""Answers to visitors, kept as they went out, until something changes that they were made of.

An answer knows what it was made of (`services.changes.Read`), and is found by that when a change is told. Changes are
told after their commit and before their author is answered, so who asks after that never gets what was before. An
answer that was being made meanwhile may have been read before the commit: it is kept only if nothing that was told
since it began concerns it.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from services import changes
from services.changes import ANY, Change, Read

Header = tuple[bytes, bytes]
#: A request: all of it that an answer to a visitor depends on.
Key = tuple[bytes | str | None, ...]

#: No answer may take more than this part of the memory.
_LARGEST = 1 / 16
#: Bytes beside body and request: of an answer, of each of its reads, and of each value of those; as measured.
_EACH, _EACH_READ, _EACH_VALUE = 4_000, 700, 150
#: Changes that are remembered for answers in the making: those of some seconds, when much goes on.
_REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out. With an `etag`, the headers have it too."""

    status: int
    headers: list[Header]
    body: bytes = b""
    etag: bytes | None = None


@dataclass(eq=False, slots=True)
class _Kept:
    key: Key
    answer: Answer
    reads: Sequence[Read]
    weight: int
    until: float


#: By table, then by column and what was looked at, then by value: who was made of it.
_Index = dict[str, dict[tuple[str, frozenset[str]], dict[Any, set[_Kept]]]]


class Answers:
    """Answers by request: those most recently used, in at most `most` bytes, each for at most so many `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self.weight = 0
        #: How many changes were told so far.
        self.told = 0
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._index: _Index = {}
        self._news: deque[Change] = deque(maxlen=_REMEMBERED)

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Answer | None:
        """The answer to that request, if it is kept and still true."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until < monotonic():
            self._drop(kept)
            return None
        self._kept.move_to_end(key)
        return kept.answer

    def put(self, key: Key, answer: Answer, reads: Sequence[Read], since: int) -> None:
        """Keep an answer that was made of `reads`, which began when `since` changes had been told."""
        missed = self.told - since
        weight = _EACH + len(answer.body) + sum(len(part) for part in key if part)
        weight += sum(_EACH_READ + _EACH_VALUE * len(read.values) for read in reads)
        if missed > len(self._news) or weight > self.most * _LARGEST or changes.is_cut_off():
            return
        if (former := self._kept.get(key)) is not None:
            self._drop(former)
        kept = self._kept[key] = _Kept(key, answer, reads, weight, monotonic() + self.seconds)
        self.weight += weight
        for read in reads:
            group = self._index.setdefault(read.table, {}).setdefault((read.column, read.columns), {})
            for value in read.values:
                group.setdefault(value, set()).add(kept)
        for place in range(missed):
            self._forget(self._news[-1 - place])
        now = monotonic()
        while (oldest := next(iter(self._kept.values()), None)) and (self.weight > self.most or oldest.until < now):
            self._drop(oldest)

    def hear(self, change: Change) -> None:
        """Forget the answers that a change concerns."""
        self.told += 1
        self._news.append(change)
        self._forget(change)

    def _forget(self, change: Change) -> None:
        if change.table == ANY:
            for kept in list(self._kept.values()):
                self._drop(kept)
        for (column, columns), group in list(self._index.get(change.table, {}).items()):
            if change.columns is not None and change.columns.isdisjoint(columns):
                continue
            for kept in list(_concerned(group, column, change)):
                self._drop(kept)

    def _drop(self, kept: _Kept) -> None:
        if self._kept.get(kept.key) is not kept:
            return
        del self._kept[kept.key]
        self.weight -= kept.weight
        for read in kept.reads:
            groups = self._index[read.table]
            if (group := groups.get((read.column, read.columns))) is None:
                continue  # another of its reads was like this one
            for value in read.values:
                if (those := group.get(value)) is not None:
                    those.discard(kept)
                    if not those:
                        del group[value]
            if not group:
                del groups[read.column, read.columns]


def _concerned(group: dict[Any, set[_Kept]], column: str, change: Change) -> Iterable[_Kept]:
    """Of those that were made of rows with certain values of `column`, the ones that may have seen the changed row."""
    if column in change.known and (change.columns is None or column not in change.columns):
        return group.get(change.known[column], ())
    return [kept for those in group.values() for kept in those]
