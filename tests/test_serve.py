"""`qa serve`, in a process of its own: what it says, what it does not do, and how it goes."""

import asyncio
import signal
import socket
import sys

import httpx2
import pytest
import websockets
from clients import Client, Socket, document
from command_line import QA, Outcome, answering, free_port, outcome, qa, serving, started
from streams import streamed

from commands.serve import GRACE
from settings import ROOT
from transports.requests import MOST_BODY


def test_it_does_not_serve_a_database_that_was_never_migrated(sqlite_url: str) -> None:
    message = "The database is not at this version's schema yet. Run: qa migrate"
    assert qa(sqlite_url, "serve") == Outcome(1, "", message)


def test_sqlite_is_served_by_one_process_and_why_is_told(sqlite_url: str) -> None:
    refused = qa(sqlite_url, "serve", "--workers", "2")
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors.startswith("SQLite is served by one process: it lets one write at a time")
    assert "Set DATABASE_URL to postgres://USER:PASSWORD@HOST:PORT/DATABASE" in refused.errors


def test_several_processes_need_redis_and_why_is_told() -> None:
    refused = qa("postgres://nobody@127.0.0.1:1/nothing", "serve", "--workers", "2")
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors.startswith("Several processes tell each other through Redis what changed")
    assert "Set REDIS_URL to redis://HOST:PORT" in refused.errors


@pytest.mark.parametrize(
    "url", ["", "http://h", "redis://", "unix://", "redis://u:se#cret@h", "redis://:secret@h:port", "redis://h?what=no"]
)
def test_a_redis_that_cannot_be_meant_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str, url: str
) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    refused = qa(sqlite_url, "serve")
    assert (refused.status, refused.output) == (1, "")
    assert "REDIS_URL: " in refused.errors
    assert "redis://USER:PASSWORD@HOST:PORT" in refused.errors
    assert "cret" not in refused.errors


async def test_it_serves_what_is_there_fills_nothing_in_and_goes_when_told(forum_url: str) -> None:
    async with serving(forum_url) as (process, http):
        visitor = Client(http)
        address = str(http.base_url).rstrip("/")
        counted = await visitor.post("{ site { threadCount userCount } categories { name } tags { totalCount } }")
        assert counted["data"] == {
            "site": {"threadCount": 0, "userCount": 0},
            "categories": [],
            "tags": {"totalCount": 0},
        }
        ann = await visitor.sign_up("ann")
        asked = await ann.do("ask_question", title="Is somebody there?", body="Hello.")
        watching = {"query": document("watch_votes"), "variables": {"postIds": [asked["thread"]["question"]["id"]]}}
        async with (
            visitor.socket() as listening,
            visitor.socket() as talking,
            streamed(visitor, watching) as stream,
        ):
            assert (await stream.event())[0] == "next"
            await listening.subscribe("watch_votes", postIds=[asked["thread"]["question"]["id"]])
            await listening.next()
            await talking.send(type="subscribe", id="1", payload={"query": "#" * MOST_BODY})
            assert await ending(talking) == 1009
            process.send_signal(signal.SIGTERM)
            assert await ending(listening) == 1012
            assert await stream.rest() == []
        ended = await asyncio.wait_for(outcome(process), timeout=GRACE / 2)
    assert ended.errors == ""
    assert ended.output == (
        f"GraphiQL {address}/graphiql GraphQL {address}/graphql "
        f"Subscriptions {address.replace('http', 'ws')}/graphql (graphql-transport-ws)"
    )
    assert ended.status in (0, -signal.SIGTERM)


async def ending(socket: Socket) -> int | None:
    """The code with which the server ends the connection, after whatever else it says."""
    try:
        while True:
            await socket.receive()
    except websockets.ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


async def test_a_port_that_is_taken_is_told(forum_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        async with started(QA, "serve", "--port", port, DATABASE_URL=forum_url) as process:
            refused = await outcome(process)
    assert refused.status != 0
    assert "address already in use" in refused.errors
    assert "Traceback" not in refused.errors


async def test_server_py_serves_too(forum_url: str) -> None:
    port = free_port()
    async with (
        started(sys.executable, ROOT / "server.py", "--port", str(port), DATABASE_URL=forum_url) as process,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        await answering(process, http)
        assert await Client(http).run("site_name") == {"site": {"name": "Plainspoken"}}
