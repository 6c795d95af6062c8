"""How operations are run: bugs are masked and logged, mistakes are told and not logged, documents are parsed once."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from clients import Client
from graphql import parse

CAST = "mutation ($input: CastVoteInput!) { castVote(input: $input) { __typename } }"
SECRET = "the password of the database is 12345"


@pytest.fixture
def events() -> Iterator[list[Any]]:
    """What is logged, as it is logged."""
    with structlog.testing.capture_logs() as logged:
        yield logged


async def broken(*args: object, **kwargs: object) -> None:
    """A service with a bug."""
    raise RuntimeError(SECRET)


def broken_at_once(*args: object, **kwargs: object) -> None:
    """A function with a bug."""
    raise RuntimeError(SECRET)


def masked(event: dict[str, Any], path: list[str | int]) -> dict[str, Any]:
    """What a client is told of the bug that was logged as `event`; the log must have its message."""
    assert (event["log_level"], event["path"]) == ("error", path)
    assert f"RuntimeError: {SECRET}" in event["traceback"]
    return {
        "message": f"Something went wrong here. The server's log has it under {event['error_id']}.",
        "path": path,
        "extensions": {"code": "INTERNAL_ERROR", "id": event["error_id"]},
    }


def without_places(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in error.items() if name != "locations"} for error in errors]


async def test_a_bug_is_masked_in_the_answer_and_told_in_the_log(
    visitor: Client, events: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.finding.tag_name", broken_at_once)
    answer = await visitor.post('{ tag(name: "grief") { name } site { name } }')
    assert answer["data"] == {"tag": None, "site": {"name": "Plainspoken"}}
    [event] = events
    assert without_places(answer["errors"]) == [masked(event, ["tag"])]
    assert SECRET not in str(answer)


async def test_every_bug_has_an_id_of_its_own(
    visitor: Client, events: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.finding.tag_name", broken_at_once)
    answer = await visitor.post('{ one: tag(name: "a") { name } other: tag(name: "b") { name } }')
    told = sorted(error["extensions"]["id"] for error in answer["errors"])
    assert told == sorted(event["error_id"] for event in events)
    assert len(set(told)) == 2


async def test_a_bug_in_a_deed_is_masked_and_shows_no_password(
    visitor: Client, events: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.passwords.hashed", broken)
    given = {"name": "ann", "email": "ann@example.org", "password": "the password of ann"}
    answer = await visitor.post(
        "mutation ($input: SignUpInput!) { signUp(input: $input) { __typename } }", {"input": given}
    )
    [event] = events
    assert answer["data"] is None
    assert without_places(answer["errors"]) == [masked(event, ["signUp"])]
    assert "the password of ann" not in str(event)


async def test_a_bug_in_a_subscription_is_masked(
    visitor: Client, events: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await visitor.sign_up("ann")
    asked = await ann.do("ask_question", title="What is a vote worth here?", body="In points.")
    async with visitor.socket() as socket:
        monkeypatch.setattr("schema.loaders._ById.batch_load_fn", broken)
        await socket.subscribe("watch_votes", postIds=[asked["thread"]["question"]["id"]])
        async with asyncio.timeout(5):
            told = await socket.receive()
    [event] = events
    [error] = told["payload"]
    assert error["extensions"] == {"code": "INTERNAL_ERROR", "id": event["error_id"]}
    assert SECRET not in str(told)
    assert SECRET in event["traceback"]


async def test_what_a_client_did_wrong_is_told_and_not_logged(
    visitor: Client, events: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    ann = await visitor.sign_up("ann")
    asked = await ann.do("ask_question", title="What is a vote worth here?", body="In points.")
    post_id = asked["thread"]["question"]["id"]
    refused = await ann.do("cast_vote", postId=post_id, value="UP")
    assert refused["message"] == "Nobody votes on their own posts."
    assert (await visitor.do("cast_vote", postId=post_id, value="UP"))["message"] == "Sign in to vote."
    assert (await ann.do("cast_vote", postId="nonsense", value="UP"))["__typename"] == "NotFound"
    assert (await ann.do("ask_question", title="Short", body=""))["__typename"] == "InvalidInput"
    for query, message in {
        "{": "Syntax Error: Expected Name, found <EOF>.",
        "{ nothing }": "Cannot query field 'nothing' on type 'Query'.",
        "{ thread(number: 3000000000) { id } }": "Int cannot represent non 32-bit signed integer value: 3000000000",
        "{ threads(first: 1, last: 1) { nodes { id } } }": (
            "Give first or last, not both: a page begins at one end of the list."
        ),
        '{ threads(filter: {since: "yesterday"}) { nodes { id } } }': "DateTime must look like 2026-11-23T09:30:00Z.",
    }.items():
        [error] = (await visitor.post(query))["errors"]
        assert error["message"].endswith(message)
    assert events == []
    assert [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


async def test_a_request_that_cannot_be_granted_names_its_arguments(visitor: Client) -> None:
    [error] = (await visitor.post("{ threads(first: 1, last: 1) { nodes { id } } }"))["errors"]
    assert error["extensions"] == {"code": "BAD_REQUEST", "arguments": ["first", "last"]}


async def test_a_document_is_parsed_once_and_run_with_its_own_variables(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []

    def parse_and_note(text: str, **options: Any) -> Any:
        parsed.append(text)
        return parse(text, **options)

    monkeypatch.setattr("planner.documents.parse", parse_and_note)
    query = "query OfTwoNames($one: Boolean!) { site { name @include(if: $one) welcome @skip(if: $one) } }"
    for _ in range(2):
        assert await visitor.post(query, {"one": True}) == {"data": {"site": {"name": "Plainspoken"}}}
        assert await visitor.post(query, {"one": False}) == {"data": {"site": {"welcome": "Ask, answer, and vote."}}}
    assert parsed == [query]


async def test_a_wrong_document_is_wrong_each_time(visitor: Client) -> None:
    answers = [await visitor.post("{ site { nonsense } }") for _ in range(3)]
    assert answers[0]["errors"][0]["message"] == "Cannot query field 'nonsense' on type 'Site'."
    assert answers[0] == answers[1] == answers[2]
