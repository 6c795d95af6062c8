"""Spans cost nothing where nobody wants them, and what is hard to see from outside is right where somebody does."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
import asyncpg  # type: ignore[import-untyped]
import httpx2
import pytest
from clients import Client
from collector import Collector, collecting
from command_line import QA, free_port, outcome, qa, serving, started
from own_redis import OwnRedis

from models import database, tracing
from models.engines import short_reads
from models.engines import traced as traced_engines
from models.meter import Meter, metering
from models.reading import Reading
from services.together import Together
from settings import ROOT
from transports.spans import summary_of
from transports.tracing import PATIENCE, spans_sent

Setting = Callable[..., None]
#: A server that starts, answers and ends, and then says what of OpenTelemetry and its like was loaded.
VISITED = """
import asyncio, sys
import server

async def visited():
    async with server.lifespan(server.app):
        sent = []
        async def receive():
            return {"type": "http.request", "body": b'{"query": "{ site { name } }"}'}
        async def send(message):
            sent.append(message)
        headers = [(b"content-type", b"application/json")]
        await server.app({"type": "http", "method": "POST", "path": "/graphql", "headers": headers, "query_string": b"",
                          "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "scheme": "http"}, receive, send)
        assert sent[0]["status"] == 200, sent

asyncio.run(visited())
mine = {"opentelemetry.exporter", "opentelemetry.proto", "requests", "google.protobuf", "transports.spans"}
print(sorted(mine & set(sys.modules)))
"""
#: Python as it is where OpenTelemetry is not installed.
NOT_INSTALLED = """
import sys

class Nowhere:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Nowhere)
"""


@pytest.fixture
def not_installed(tmp_path: Path) -> dict[str, str]:
    """An environment in which OpenTelemetry is not installed."""
    (tmp_path / "sitecustomize.py").write_text(NOT_INSTALLED)
    return {"PYTHONPATH": str(tmp_path)}


def visited(url: str, **environment: str) -> str:
    """What a server in a process of its own says that it has loaded when it has answered."""
    done = subprocess.run(  # noqa: S603  as it stands
        [sys.executable, "-c", VISITED],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@asynccontextmanager
async def traced(setting: Setting, url: str) -> AsyncIterator[Collector]:
    """Spans of what this process does on the database at `url`; the collector has them all after the block."""
    with collecting() as spans:
        setting(otel_exporter_otlp_endpoint=spans.url)
        async with spans_sent(), database.connected(url):
            yield spans


def begun() -> Meter:
    """What is measured, and traced, as an operation would be."""
    assert tracing.tracer is not None
    return Meter(tracing.tracer.begin())


def test_nothing_is_loaded_where_nobody_wants_spans(forum_url: str, not_installed: dict[str, str]) -> None:
    # redis-py loads OpenTelemetry's API and SDK wherever they are installed.
    assert visited(forum_url) == visited(forum_url, **not_installed) == "[]"
    with collecting() as spans:
        loaded = visited(forum_url, OTEL_EXPORTER_OTLP_ENDPOINT=spans.url)
        assert "opentelemetry.exporter" in loaded
        assert "transports.spans" in loaded
        assert [span.name for span in spans.spans if span.kind == "server"] == ["query"]


def test_nothing_takes_the_place_of_the_drivers_connections_then(tmp_path: Path) -> None:
    assert tracing.tracer is None
    file = str(tmp_path / "forum.db")
    short = traced_engines.short_reads(file, {})
    short.close()
    assert type(short) is short_reads.ShortReads
    assert type(traced_engines.sqlite_connection(file)) is aiosqlite.Connection
    assert traced_engines.postgres_connections() is asyncpg.Connection


async def test_what_is_missing_is_told_with_its_remedy(forum_url: str, not_installed: dict[str, str]) -> None:
    environment = {**not_installed, "DATABASE_URL": forum_url, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    async with started(QA, "serve", "--port", str(free_port()), **environment) as process:
        refused = await outcome(process)
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors == (
        "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed. Run: "
        "pip install --require-hashes -r requirements-otel.lock; or leave that variable out."
    )


@pytest.mark.parametrize(
    ("name", "value"), [("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]
)
def test_what_spans_cannot_be_sent_by_is_told(
    forum_url: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setenv(name, value)
    refused = qa(forum_url, "serve")
    assert (refused.status, refused.output) == (1, "")
    assert name in refused.errors


async def test_a_file_of_settings_says_the_rest_too(
    forum_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: Setting
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "to be restored")
    monkeypatch.delenv("OTEL_SERVICE_NAME")
    (tmp_path / ".env").write_text("OTEL_SERVICE_NAME=of a file\nSOMETHING=else\n")
    async with traced(setting, forum_url) as spans:
        begun().end("query", {})
    assert [span.process["service.name"] for span in spans.spans] == ["of a file"]
    assert "SOMETHING" not in os.environ
    monkeypatch.delenv("OTEL_SERVICE_NAME")


async def test_what_is_done_for_several_is_below_the_first_and_known_to_all(forum_url: str, setting: Setting) -> None:
    going_on, may_go_on = asyncio.Event(), asyncio.Event()

    async def work(items: Sequence[str]) -> Sequence[str]:
        going_on.set()
        await may_go_on.wait()
        await database.fetch("SELECT 1 AS one")
        return items

    batches = Together(work)

    async def asked(name: str) -> None:
        meter = begun()
        token = metering.set(meter)
        await batches.do(name)
        metering.reset(token)
        meter.end(name, {})

    async with traced(setting, forum_url) as spans:
        asking = [asyncio.create_task(asked("alone"))]
        await going_on.wait()
        asking += [asyncio.create_task(asked(name)) for name in ("first", "second", "third")]
        await asyncio.sleep(0)  # until all of them wait
        may_go_on.set()
        await asyncio.gather(*asking)
    of_one, of_three = spans.called("together")
    [alone], [first], [second], [third] = map(spans.called, ("alone", "first", "second", "third"))
    assert (of_one.parent, of_one.links, of_one.said["plainspoken.traced"]) == (alone.id, (), 1)
    assert (of_three.trace, of_three.parent) == (first.trace, first.id)
    assert of_three.links == ((second.trace, second.id), (third.trace, third.id))
    assert (first.links, second.links, third.links) == ((), ((of_three.trace, of_three.id),), second.links)
    assert of_three.said["plainspoken.traced"] == 3
    assert [span.said["db.query.text"] for span in spans.below(of_three)] == ["SELECT 1 AS one"]


async def test_what_goes_on_after_an_operation_is_none_of_it(forum_url: str, setting: Setting) -> None:
    async with traced(setting, forum_url) as spans:
        meter = begun()
        token = metering.set(meter)
        may_go_on = asyncio.Event()

        async def later() -> None:
            await may_go_on.wait()
            await database.fetch("SELECT 2 AS late")

        task = asyncio.create_task(later())
        await database.fetch("SELECT 1 AS early")
        metering.reset(token)
        meter.end("query", {})
        may_go_on.set()
        await task
    assert [span.said["db.query.text"] for span in spans.spans if span.kind == "client"] == ["SELECT 1 AS early"]


async def test_a_read_that_is_given_up_and_left_to_a_thread_is_one_span(
    sqlite_url: str, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(short_reads, "PATIENCE", 0.0)
    long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT MAX(i) FROM n"
    async with traced(setting, sqlite_url) as spans:
        meter = begun()
        token = metering.set(meter)
        rows = await Reading()(long, [])
        metering.reset(token)
        meter.end("query", {})
    assert [tuple(row) for row in rows] == [(100000,)]
    [statement, query] = spans.spans
    assert (statement.parent, statement.said["db.query.text"]) == (query.id, long)


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("COMMIT", "COMMIT"),
        ('SELECT COUNT(*) FROM "post" "t0"', "SELECT post"),
        (
            "WITH given(id) AS (SELECT * FROM unnest($1::int[])) SELECT users.id FROM users JOIN given",
            "SELECT users",
        ),
        ("SELECT post.id FROM post, given ORDER BY post.id FOR NO KEY UPDATE OF post", "SELECT post"),
        ("INSERT INTO vote (value) VALUES (?) ON CONFLICT (id) DO UPDATE SET value = 1", "INSERT vote"),
        ('UPDATE "post" SET score = 1; DELETE FROM session', "UPDATE post DELETE session"),
    ],
)
def test_a_statement_is_called_by_what_it_does_to_which_tables(text: str, summary: str) -> None:
    assert summary_of(text) == summary


async def test_who_is_not_sampled_leaves_nothing(forum_url: str) -> None:
    with collecting() as spans:
        environment = {"OTEL_TRACES_SAMPLER": "parentbased_always_off", "LOG_OPERATIONS": "on"}
        async with serving(forum_url, OTEL_EXPORTER_OTLP_ENDPOINT=spans.url, **environment) as (process, http):
            for number, flags in ((1, "00"), (2, "01"), (3, "")):
                header = {"traceparent": f"00-{number:032x}-{number:016x}-{flags}"} if flags else {}
                asked = {"query": f"query Asked{number} {{ site {{ name }} }}"}
                assert (await http.post("/graphql", json=asked, headers=header)).status_code == 200
            process.terminate()
            ended = await outcome(process)
    [query] = [span for span in spans.spans if span.kind == "server"]
    assert {span.trace for span in spans.spans} == {f"{2:032x}"}
    assert query.parent == f"{2:016x}"
    assert ended.output.count('"operation": "Asked') == 3
    assert ended.output.count('"trace_id": ') == 1


async def test_a_collector_that_is_away_keeps_nobody_waiting(forum_url: str) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    async with serving(forum_url, OTEL_EXPORTER_OTLP_ENDPOINT=nowhere) as (process, http):
        assert await Client(http).run("site_name") == {"site": {"name": "Plainspoken"}}
        process.terminate()
        ended = await asyncio.wait_for(outcome(process), timeout=PATIENCE + 10)
    assert "the last spans were not sent" in ended.output


async def ask(server: httpx2.URL, name: str) -> None:
    """Ask something, over a connection of its own: it may be any process's."""
    async with httpx2.AsyncClient(base_url=server, timeout=30) as http:
        answer = await http.post("/graphql", json={"query": f"query {name} {{ site {{ name }} }}"})
        assert answer.status_code == 200


async def test_of_several_processes_each_sends_its_own(postgres_url: str, stoppable_redis: OwnRedis) -> None:
    assert (await asyncio.to_thread(qa, postgres_url, "migrate")).status == 0
    with collecting() as spans:
        environment = {
            "REDIS_URL": stoppable_redis.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": spans.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        async with serving(postgres_url, "--workers", "2", **environment) as (process, http):
            asked: list[str] = []
            async with asyncio.timeout(60):
                while len({span.process["process.pid"] for span in spans.spans}) < 2:
                    asked += (more := [f"Asked{len(asked) + each}" for each in range(8)])
                    await asyncio.gather(*(ask(http.base_url, name) for name in more))
            process.terminate()
            await process.communicate()
    sent = [span.said["graphql.operation.name"] for span in spans.spans if span.kind == "server"]
    assert sorted(sent) == sorted(asked)
    assert len({span.process["service.instance.id"] for span in spans.spans}) == 2
