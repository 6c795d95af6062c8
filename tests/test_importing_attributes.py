"""What the attributes of a dump's rows mean, whatever stands there."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.importing import attributes
from commands.importing.attributes import NO_TIME


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("<a><b-c>", ["a", "b-c"]),
        ("|a|b-c|", ["a", "b-c"]),
        ("<C#><c++><.net>", ["c#", "c++", ".net"]),
        ("<a><A>", ["a"]),
        ("", []),
        (None, []),
        ("<>", []),
        ("a b", ["a", "b"]),
    ],
)
def test_tags_are_read_in_every_form(text: str | None, names: list[str]) -> None:
    assert attributes.tags(text) == names


@pytest.mark.parametrize("text", ["https://example.org", "http://example.org/a?b=c#d"])
def test_a_web_address_may_be_linked(text: str) -> None:
    assert attributes.web_address(f" {text} ") == text


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "example.org",
        "javascript:alert(1)",
        "ftp://example.org",
        "http://",
        "http://[",
        "https://a b.org",
        "https://example.org/\u202e",
        "https://example.org/" + "x" * 400,
    ],
)
def test_anything_else_may_not(text: str | None) -> None:
    assert attributes.web_address(text) is None


def test_times_are_utc() -> None:
    assert attributes.time("2012-03-02T12:00:00.123") == datetime(2012, 3, 2, 12, 0, 0, 123000, UTC)
    assert attributes.time("2012-03-02T12:00:00.1234567") == datetime(2012, 3, 2, 12, 0, 0, 123456, UTC)
    assert attributes.time("2012-03-02T12:00:00+02:00") == datetime(2012, 3, 2, 10, tzinfo=UTC)
    assert attributes.time("2012-03-02") == datetime(2012, 3, 2, tzinfo=UTC)


def test_the_first_time_that_can_be_read_counts() -> None:
    assert attributes.time(None, "soon", "2012-03-02") == datetime(2012, 3, 2, tzinfo=UTC)
    assert attributes.time(None, "") == NO_TIME
    assert attributes.time("0001-01-01T00:00:00+14:00") == NO_TIME


def test_a_number_that_no_column_holds_is_brought_in() -> None:
    assert attributes.number(10**12) == 2**31 - 1
    assert attributes.number(-(10**12)) == 1 - 2**31
    assert (attributes.number("many"), attributes.number(None), attributes.number(1.5)) == (None, None, None)


@pytest.mark.parametrize("text", [None, "", "x", "1.5", "9" * 30])
def test_what_is_no_id_is_none(text: str | None) -> None:
    assert attributes.identity(text) is None


@given(st.text(max_size=200))
def test_a_name_can_be_seen_or_there_is_none(text: str) -> None:
    name = attributes.name(text)
    assert name is None or (name.isprintable() and name == name.strip() and 0 < len(name) <= attributes.NAME_LENGTH)
