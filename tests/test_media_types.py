"""Which media type a client gets, from what it says that it accepts."""

import pytest

from transports.media_types import GRAPHQL, JSON, is_utf8_json, negotiated


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/graphql-response+json", GRAPHQL),
        ("Application/GraphQL-Response+JSON", GRAPHQL),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL),
        ("application/json, application/graphql-response+json", JSON),
        ("application/json;q=0.5, application/graphql-response+json;q=0.6", GRAPHQL),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("application/graphql-response+json; charset=utf-8", GRAPHQL),
        ('application/json; charset="UTF-8"', JSON),
        ("application/json; charset=latin-1, */*;q=0.1", JSON),
    ],
)
def test_the_best_of_what_is_accepted_is_given(accept: str | None, given: str) -> None:
    assert negotiated(accept) == given


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "application/json;q=0",
        "application/json;q=often",
        "application/json;q=nan",
        "application/json;q=-1",
        "application/graphql-response+json; charset=utf-16",
        ";;;,,,",
    ],
)
def test_nothing_is_given_where_nothing_fits(accept: str) -> None:
    assert negotiated(accept) is None


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        'application/json; charset="UTF-8"',
        "application/json; charset=utf8",
        "application/json; charset=utf-8; profile=anything",
    ],
)
def test_json_in_utf_8_is_known(content_type: str) -> None:
    assert is_utf8_json(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/plain; application/json",
        "application/graphql",
        "application/jsonp",
        "application/graphql-response+json",
        "multipart/form-data; boundary=application/json",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
    ],
)
def test_everything_else_is_not_json_in_utf_8(content_type: str) -> None:
    assert not is_utf8_json(content_type)
