"""Differences: what became of a text, as pieces that stayed, went and came."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")

#: So many pairs of pieces at most are compared for a text; what lies beyond went as a whole, and other text came. It
#: is enough for 25 paragraphs of a hundred words, and takes 0.1 s where a text is made to take long.
MOST_PAIRS = 1_000_000


class Fate(StrEnum):
    """What became of a piece of text."""

    EQUAL = "equal"
    DELETE = "delete"
    INSERT = "insert"


@dataclass(frozen=True)
class Segment:
    """A piece of text, and what became of it."""

    fate: Fate
    text: str


def difference(before: str, after: str) -> list[Segment]:
    """How `after` came of `before`: without what was inserted it is `before`, without what was deleted `after`.

    Compared by lines, and where lines changed by words.
    """
    comparison = _Comparison()
    found = list[Segment]()
    for lines in comparison.of(_LINES.findall(before), _LINES.findall(after)):
        for old, new in comparison.of(*map(_WORDS.findall, lines)) if lines[0] != lines[1] else [lines]:
            if old == new:
                found.append(Segment(Fate.EQUAL, old))
            else:
                found += Segment(Fate.DELETE, old), Segment(Fate.INSERT, new)
    return list(_joined(found))


class _Comparison:
    """Compares sequences of pieces of one text, as long as it is not too much."""

    def __init__(self) -> None:
        self._pairs = MOST_PAIRS

    def of(self, before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Runs of pieces, each as it was and as it is: the same where it stayed."""
        shorter = min(len(before), len(after))
        head = next((place for place in range(shorter) if before[place] != after[place]), shorter)
        left = shorter - head
        tail = next((place for place in range(left) if before[-1 - place] != after[-1 - place]), left)
        old, new = before[head : len(before) - tail], after[head : len(after) - tail]
        yield "".join(before[:head]), "".join(after[:head])
        if len(old) * len(new) > self._pairs:
            yield "".join(old), "".join(new)
        else:
            self._pairs -= len(old) * len(new)
            for _, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
                yield "".join(old[old_from:old_to]), "".join(new[new_from:new_to])
        yield "".join(before[len(before) - tail :]), "".join(after[len(after) - tail :])


def _joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """The same in as few segments as it takes."""
    fate, texts = Fate.EQUAL, list[str]()
    for segment in segments:
        if segment.fate is not fate and segment.text:
            if text := "".join(texts):
                yield Segment(fate, text)
            fate, texts = segment.fate, []
        texts.append(segment.text)
    if text := "".join(texts):
        yield Segment(fate, text)
