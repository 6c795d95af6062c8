"""Spans of a server in a process of its own, on either database, as a collector of OpenTelemetry's gets them."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from clients import Client, document
from collector import Collector, Span, collecting
from command_line import qa, serving, tell

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HANDSHAKE = "11112222333344445555666677778888"
#: How many ask at the same time, each in a trace of their own.
CROWD = 8
#: What people said: none of it may be told.
PRIVATE = ("Zacharias", "example.org", "a long password", "Xylophones", "Glockenspiel", "Mallory", "127.0.0.1")


@dataclass
class Told:
    """What a server told of the same visits, on one of the databases."""

    system: str
    spans: Collector
    lines: list[dict[str, Any]] = field(default_factory=list)
    error_id: str = ""

    def only(self, name: str) -> Span:
        """The span of the one operation of that name."""
        [span] = self.spans.operations(name)
        return span

    def line(self, name: str) -> dict[str, Any]:
        """The line of the log about the one operation of that name."""
        [line] = [line for line in self.lines if (line["event"], line.get("operation")) == ("operation", name)]
        return line


def parent(trace: str, span: str = CALLER, flags: str = "01") -> dict[str, str]:
    """The header that says which span a request is below."""
    return {"traceparent": f"00-{trace}-{span}-{flags}"}


async def visit(told: Told, url: str, rename: Any) -> None:
    """Visit a server, and have it end: whatever it has told nobody yet it tells then, or never."""
    environment = {"LOG_OPERATIONS": "on", "OTEL_BSP_SCHEDULE_DELAY": "600000", "OTEL_SERVICE_NAME": "a forum"}
    async with serving(url, OTEL_EXPORTER_OTLP_ENDPOINT=told.spans.url, **environment) as (process, http):
        visitor = Client(http)
        asker, voter = [await visitor.sign_up(name) for name in ("Zacharias", "ben")]
        asked = await asker.do("ask_question", title="Which Xylophones are best?", body="Or a Glockenspiel?")
        number, post = asked["thread"]["number"], asked["thread"]["question"]["id"]
        async with visitor.socket(parent(HANDSHAKE)) as socket:
            await socket.subscribe("watch_votes", postIds=[post])
            await socket.next()
            await voter.do("cast_vote", postId=post, value="UP")
            await socket.next()
            await socket.subscribe("site_name", "2")
            await socket.next()
        page = {"query": document("question_page"), "variables": {"number": number}}
        await http.post("/graphql", json=page, headers={**asker.headers, **parent(TRACE)})
        named = {**page, "query": document("question_page").replace("query QuestionPage", "query InACrowd")}
        each = [{**asker.headers, **parent(f"{number:032x}")} for number in range(1, CROWD + 1)]
        await asyncio.gather(*(http.post("/graphql", json=named, headers=headers) for headers in each))
        await voter.post('query Secret { user(name: "Mallory") { points } }')
        await voter.post('query Wrong { user(name: "Mallory") { nonsense } }')
        await voter.run("search", query="Glockenspiel")
        await rename()
        failed = await voter.post("query Failing { tags(first: 1) { nodes { name } } }")
        told.error_id = failed["errors"][0]["extensions"]["id"]
        process.terminate()
        output, _ = await process.communicate()
    told.lines = [json.loads(line) for line in output.decode().splitlines() if line.startswith("{")]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """What a server told, on each of the databases; at the end one of its tables was gone."""
    gone = "ALTER TABLE tag RENAME TO gone"
    if request.param == "sqlite":
        file: Path = tmp_path_factory.mktemp("traced") / "forum.db"
        url = f"sqlite://{file}"

        async def rename() -> None:
            with sqlite3.connect(file) as connection:
                connection.execute(gone)
            connection.close()
    else:
        url = request.getfixturevalue("scratch_postgres")
        asyncio.run(tell(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"))

        async def rename() -> None:
            await tell(url, gone)

    assert qa(url, "migrate").status == 0
    with collecting() as spans:
        told = Told(request.param, spans)
        asyncio.run(visit(told, url, rename))
        yield told


def test_a_query_is_a_span_with_a_span_below_it_for_each_statement(told: Told) -> None:
    page = told.only("QuestionPage")
    assert (page.name, page.kind, page.is_error) == ("query", "server", False)
    assert page.said["graphql.operation.type"] == "query"
    line = told.line("QuestionPage")
    assert (page.said["plainspoken.document.hash"], page.said["plainspoken.cost"]) == (line["hash"], line["cost"])
    statements = told.spans.below(page)
    assert len(statements) == page.said["plainspoken.statements"] == line["statements"] > 0
    for each in statements:
        assert (each.kind, each.said["db.system.name"], each.is_error) == ("client", told.system, False)
        assert each.name == each.said["db.query.summary"]
        assert each.name.startswith("SELECT ")
        assert each.said["db.query.text"].startswith(("SELECT", "WITH"))
        assert 0 < each.seconds <= page.seconds
        assert told.spans.below(each) == []
    assert {"thread", "post", "users"} <= {word for each in statements for word in each.name.split()}
    mark = "$1" if told.system == "postgresql" else "?1"
    assert any(mark in each.said["db.query.text"] for each in statements)


def test_a_request_is_below_the_span_that_it_names_and_the_log_has_its_trace(told: Told) -> None:
    page = told.only("QuestionPage")
    assert (page.trace, page.parent) == (TRACE, CALLER)
    assert told.line("QuestionPage")["trace_id"] == TRACE
    asked = told.only("AskQuestion")  # which named none
    assert (asked.parent, told.line("AskQuestion")["trace_id"]) == ("", asked.trace)


def test_an_operation_over_a_socket_is_a_trace_of_its_own_that_refers_to_the_handshake(told: Told) -> None:
    query = told.only("SiteName")
    assert (query.parent, query.links) == ("", ((HANDSHAKE, CALLER),))
    assert query.trace != HANDSHAKE


def test_of_those_who_ask_at_once_each_has_the_statements_of_one(told: Told) -> None:
    crowd = told.spans.operations("InACrowd")
    assert {int(each.trace, 16) for each in crowd} == set(range(1, CROWD + 1))
    for each in crowd:
        of_trace = [span for span in told.spans.spans if span.trace == each.trace]
        below = told.spans.below(each)
        assert len(of_trace) == 1 + len(below)
        assert sorted(span.name for span in below) == sorted(
            span.name for span in told.spans.below(told.only("QuestionPage"))
        )


def test_a_vote_has_its_transaction_below_it(told: Told) -> None:
    vote = told.only("CastVote")
    assert (vote.name, vote.kind) == ("mutation", "server")
    [shared] = [span for span in told.spans.below(vote) if span.kind == "internal"]
    assert (shared.name, shared.said["code.function.name"]) == ("together", "services.voting._count_all")
    statements = told.spans.below(shared)
    if told.system == "sqlite":
        begin, *statements, commit = statements
        assert (begin.name, commit.name) == ("BEGIN", "COMMIT")
    counted = [each.said.get("db.operation.batch.size", 1) for each in statements]
    assert sum(counted) == shared.said["plainspoken.statements"]
    assert {"INSERT vote", "UPDATE post", "INSERT points_entry", "UPDATE users"} <= {
        deed for each in statements for deed in pairs(each.name)
    }
    [shown] = [span for span in told.spans.below(vote) if span.kind == "client"]
    assert vote.said["plainspoken.statements"] == 1
    assert shown.name.startswith("SELECT ")


def pairs(summary: str) -> set[str]:
    """The deeds of a summary, each with its table."""
    words = summary.split()
    return {f"{deed} {table}" for deed, table in pairwise(words)}


def test_a_subscription_has_a_span_for_each_round_that_is_no_listeners(told: Told) -> None:
    first, second = told.spans.operations("WatchVotes")
    for each in (first, second):
        assert (each.name, each.kind, each.parent, each.links) == ("subscription", "server", "", ())
        assert each.said["plainspoken.listeners"] == 1
        assert len(told.spans.below(each)) == each.said["plainspoken.statements"] > 0
    assert first.trace != second.trace


def test_what_fails_is_told_under_the_id_that_the_client_and_the_log_have(told: Told) -> None:
    failing = told.only("Failing")
    assert failing.is_error
    assert (failing.said["error.type"], failing.said["plainspoken.error.ids"]) == ("INTERNAL_ERROR", [told.error_id])
    [line] = [line for line in told.lines if line["event"] == "an operation failed"]
    assert (line["error_id"], line["trace_id"]) == (told.error_id, failing.trace)
    statements = told.spans.below(failing)
    code = {"sqlite": "SQLITE_ERROR", "postgresql": "42P01"}[told.system]
    assert {each.said["db.response.status_code"] for each in statements if each.is_error} == {code}
    assert {span.trace for span in told.spans.spans if span.is_error} == {failing.trace}


def test_a_clients_mistake_is_no_error_of_ours(told: Told) -> None:
    wrong = told.only("Wrong")
    assert (wrong.is_error, wrong.said["plainspoken.outcome"], told.spans.below(wrong)) == (False, "errors", [])


def test_nothing_that_anybody_wrote_is_told(told: Told) -> None:
    assert told.only("Secret").said["plainspoken.outcome"] == "ok"
    assert told.spans.below(told.only("Secret"))
    raw = bytes(told.spans.raw).lower()
    assert b"questionpage" in raw  # what is told can be found so
    assert [word for word in PRIVATE if word.lower().encode() in raw] == []
    assert {*told.only("Secret").said} == {
        "graphql.operation.name",
        "graphql.operation.type",
        "plainspoken.cost",
        "plainspoken.document.hash",
        "plainspoken.outcome",
        "plainspoken.statements",
    }


def test_the_process_says_which_service_it_is(told: Told) -> None:
    assert {span.process["service.name"] for span in told.spans.spans} == {"a forum"}
    assert len({span.process["process.pid"] for span in told.spans.spans}) == 1
