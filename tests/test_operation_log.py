"""The log tells of operations what happened, and nothing of who asked or what they wrote."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from clients import Client, document
from structlog.testing import capture_logs

from schema import schema
from schema.operation_log import with_operation
from services import voting

Setting = Callable[..., None]


@pytest.fixture
def lines() -> Any:
    """What is logged, with what a line says of the operation under way."""
    with capture_logs(processors=[with_operation]) as captured:
        yield captured
    schema._plans_told.clear()


async def test_an_operation_leaves_no_line_by_default(visitor: Client, lines: list[dict[str, Any]]) -> None:
    await visitor.run("site_name")
    assert lines == []


async def test_a_line_says_which_operation_how_long_and_by_how_many_statements(
    visitor: Client, setting: Setting, lines: list[dict[str, Any]], statements: list[str]
) -> None:
    setting(log_operations=True, response_cache=False)
    asker = await visitor.sign_up("ann")
    asked = await asker.do("ask_question", title="What is a line worth?", body="In the log.")
    lines.clear()
    statements.clear()
    await asker.run("question_page", number=asked["thread"]["number"])
    [line] = lines
    sent = sum("session" not in statement for statement in statements)  # who asks is looked up before
    assert line["statements"] == sent > 0
    assert (line["event"], line["outcome"], line["operation"]) == ("operation", "ok", "QuestionPage")
    assert line["milliseconds"] > 0
    assert line["cost"] > 100
    assert len(line["hash"]) == len(line["request_id"]) == 16


async def test_the_id_of_a_request_is_the_proxys_if_it_is_one(
    visitor: Client, setting: Setting, lines: list[dict[str, Any]]
) -> None:
    setting(log_operations=True)
    for given in ("4bf92f3577b34da6", "a b", "x" * 101):
        await visitor.http.post("/graphql", json={"query": "{ site { name } }"}, headers={"x-request-id": given})
    first, *others = [line["request_id"] for line in lines]
    assert first == "4bf92f3577b34da6"
    assert all(len(other) == 16 and other != first for other in others)


async def test_a_slow_operation_is_told_with_its_plan_and_without_a_value(
    visitor: Client, setting: Setting, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    setting(slow_operation_ms=1000)
    now = iter(range(10_000))
    monkeypatch.setattr("schema.operation_log.perf_counter", lambda: float(next(now)) * 5)
    asked = (
        'query Secret($name: String!) { user(name: $name) { points } other: user(name: "Mallory Mason") { points } }'
    )
    for _ in range(2):
        assert "errors" not in await visitor.post(asked, {"name": "Zacharias Zimt"})
    first, second = lines
    assert (first["event"], first["log_level"], first["operation"]) == ("a slow operation", "warning", "Secret")
    assert {"reads", "sql"} == set(first["plan"][0])
    assert "SELECT" in first["plan"][0]["sql"]
    assert "plan" not in second  # it was told just now
    told = json.dumps(lines)
    assert not [
        word for word in ("Zacharias", "Zimt", "Mallory", "Mason", "127.0.0.1") if word.casefold() in told.casefold()
    ]


async def test_what_has_no_plan_says_why(
    visitor: Client, setting: Setting, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    setting(slow_operation_ms=1000)
    now = iter(range(10_000))
    monkeypatch.setattr("schema.operation_log.perf_counter", lambda: float(next(now)) * 5)
    await visitor.post("{ __schema { queryType { name } } }")
    [line] = lines
    assert list(line["plan"][0]) == ["falls back"]


async def test_slowness_is_what_the_setting_says(
    visitor: Client, setting: Setting, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    now = iter(range(10_000))
    monkeypatch.setattr("schema.operation_log.perf_counter", lambda: float(next(now)) * 5)
    setting(slow_operation_ms=0)
    await visitor.run("site_name")
    setting(slow_operation_ms=5001)
    await visitor.run("site_name")
    assert lines == []


async def test_an_operation_that_fails_is_told_with_its_name(
    visitor: Client, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(voting, "cast_vote", broken)
    answer = await visitor.post(document("cast_vote"), {"input": {"postId": "UG9zdDox", "value": "UP"}})
    [line] = lines
    assert line["event"] == "an operation failed"
    assert line["error_id"] == answer["errors"][0]["extensions"]["id"]
    assert line["operation"] == "CastVote"
