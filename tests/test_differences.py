"""Differences: what became of a text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import differences
from services.differences import Fate, difference


def told(before: str, after: str) -> list[tuple[str, str]]:
    return [(segment.fate.value, segment.text) for segment in difference(before, after)]


def test_lines_that_stayed_are_not_cut_into_words() -> None:
    assert told("One two.\nThree four.\nFive.\n", "One two.\nThree for.\nFive.\n") == [
        ("equal", "One two.\nThree "),
        ("delete", "four"),
        ("insert", "for"),
        ("equal", ".\nFive.\n"),
    ]


def test_a_line_that_came_or_went_is_one_piece() -> None:
    assert told("One.\nThree.", "One.\nTwo, indeed.\nThree.") == [
        ("equal", "One.\n"),
        ("insert", "Two, indeed.\n"),
        ("equal", "Three."),
    ]
    assert told("One.\n", "") == [("delete", "One.\n")]
    assert told("", "") == []


TEXTS = st.text(st.sampled_from("ab .\n"), max_size=60)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_had_back(before: str, after: str) -> None:
    segments = difference(before, after)
    assert "".join(each.text for each in segments if each.fate is not Fate.INSERT) == before
    assert "".join(each.text for each in segments if each.fate is not Fate.DELETE) == after
    assert all(each.text for each in segments)
    assert all(one.fate is not other.fate for one, other in pairwise(segments))


def test_what_is_too_much_to_compare_went_and_came_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences, "MOST_PAIRS", 100)
    one, other = " ".join("abcdefghijkl"), " ".join("lkjihgfedcba")
    assert told(f"First. {one} Last.", f"First. {other} Last.") == [
        ("equal", "First. "),
        ("delete", one),
        ("insert", other),
        ("equal", " Last."),
    ]
