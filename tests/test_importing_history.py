"""The history of a post: one state for each action, complete although the dump tells only what changed."""

from typing import Any

import pytest
from dumps.writing import event

from commands.importing.closures import closure
from commands.importing.history import History
from commands.importing.staging import Staging
from models import ClosureReason

INITIAL = [event(1, 7, 2, "a", Text="one"), event(2, 7, 1, "a", Text="Title"), event(3, 7, 3, "a", Text="<x><y>")]


def history(*rows: dict[str, Any]) -> History:
    with Staging() as staging:
        staging.add("PostHistory", rows)
        return History.of(staging, 7)


def bodies(*rows: dict[str, Any]) -> list[str | None]:
    return [state.body for state in history(*rows).complete("Now", "now", ["now"])]


def test_rows_of_one_action_are_one_state() -> None:
    [state] = history(*INITIAL).states
    assert (state.title, state.body, state.tags) == ("Title", "one", ["x", "y"])


def test_rows_without_an_action_are_told_apart_by_time_and_user() -> None:
    nameless = [{**row, "RevisionGUID": ""} for row in INITIAL]
    later = event(4, 7, 5, "", Text="two", CreationDate="2013-01-01T00:00:00.000")
    assert [state.body for state in history(*nameless, later).states] == ["one", "two"]


def test_what_an_action_did_not_change_is_as_it_was() -> None:
    past = history(*INITIAL, event(4, 7, 5, "b", Text="two"), event(5, 7, 9, "c", Text="<z>"))
    assert [(state.title, state.body, state.tags) for state in past.complete(None, "", None)] == [
        ("Title", "one", ["x", "y"]),
        ("Title", "two", ["x", "y"]),
        ("Title", "two", ["z"]),
    ]


def test_what_is_not_known_of_the_first_states_is_as_when_first_known() -> None:
    assert bodies(event(1, 7, 4, "a", Text="Title"), event(2, 7, 5, "b", Text="two")) == ["two", "two"]


def test_what_was_never_known_is_as_it_is_now() -> None:
    assert bodies(event(1, 7, 4, "a", Text="Title"), event(2, 7, 4, "b", Text="Another")) == ["now", "now"]


@pytest.mark.parametrize("order", [(5, 24), (24, 5)])
def test_an_applied_suggestion_counts_as_the_edit_it_became(order: tuple[int, int]) -> None:
    texts = {5: "the edit", 24: "the suggestion"}
    rows = [event(4 + place, 7, kind, "b", Text=texts[kind]) for place, kind in enumerate(order)]
    assert bodies(*INITIAL, *rows) == ["one", "the edit"]
    assert bodies(*INITIAL, event(4, 7, 24, "b", Text="the suggestion")) == ["one", "the suggestion"]
    assert bodies(*INITIAL, event(4, 7, 24, "b", Comment="approved")) == ["one"]


def test_a_text_has_one_kind_of_line_end() -> None:
    assert history(event(1, 7, 2, "a", Text="a\r\n\r\nb\r\n")).body == "a\n\nb"


def closed(*rows: dict[str, Any], **question: Any) -> tuple[ClosureReason, str | None] | None:
    """Why post 7 is closed."""
    with Staging() as staging:
        staging.add("PostHistory", rows)
        staging.add("Posts", [{"Id": 7, **question}])
        [row] = staging.rows("SELECT * FROM Posts")
        found = closure(row, History.of(staging, 7), staging)
        return (found.reason, found.note) if found else None


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("1", (ClosureReason.DUPLICATE, None)),
        ("101", (ClosureReason.DUPLICATE, None)),
        ("2", (ClosureReason.OFF_TOPIC, None)),
        ("103", (ClosureReason.UNCLEAR, None)),
        ("4", (ClosureReason.UNCLEAR, "Closed as not a real question.")),
        ("104", (ClosureReason.OTHER, "Closed as too broad: it needs more focus.")),
        ("7", (ClosureReason.OTHER, "Closed as too localized.")),
        ("777", (ClosureReason.OTHER, None)),
        ("because", (ClosureReason.OTHER, None)),
        ("", (ClosureReason.OTHER, None)),
    ],
)
def test_every_close_reason_is_one_of_ours(reason: str, expected: tuple[ClosureReason, str | None]) -> None:
    assert closed(event(1, 7, 10, "a", Comment=reason)) == expected


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", "5", '{"Voters": 5}', '{"Voters": [5, {"Id": null}]}', "[" * 9_000]
)
def test_what_tells_of_a_closing_may_be_anything(text: str) -> None:
    assert closed(event(1, 7, 10, "a", UserId=99, Comment="102", Text=text)) == (ClosureReason.OFF_TOPIC, None)


def test_the_last_event_and_the_date_decide_whether_a_question_is_closed() -> None:
    shut, opened = event(1, 7, 10, "a", Comment="102"), event(2, 7, 11, "b")
    assert closed() is None
    assert closed(shut, opened) is None
    assert closed(shut, opened, ClosedDate="2012-01-01T00:00:00.000") == (ClosureReason.OFF_TOPIC, None)
    assert closed(ClosedDate="2012-01-01T00:00:00.000") == (ClosureReason.OTHER, None)
    assert closed(ClosedDate="once") is None
