"""Server-sent events: every kind of operation as a stream of its own, and how streams end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import orjson
import pytest
from clients import Client, document
from crowd import asked_by, member

from models import VoteValue
from schema.nodes import global_id
from services import live, voting
from transports import connections
from transports.listening import feeds

EVENTS = "text/event-stream"
WATCH = document("watch_votes")


class Stream:
    """A stream of events that is being read."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()
        self.comments = 0

    async def event(self) -> tuple[str, Any]:
        """The next event: its name, and what it carries. Raises StopAsyncIteration where the stream ends."""
        name, data = "", ""
        async for line in self._lines:
            if line.startswith(":"):
                self.comments += 1
            elif line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data:"):
                data = line.removeprefix("data:").strip()
            elif not line and name:
                return name, orjson.loads(data) if data else None
        raise StopAsyncIteration

    async def rest(self) -> list[tuple[str, Any]]:
        """All events that are left."""
        events = []
        try:
            while True:
                events.append(await self.event())
        except StopAsyncIteration:
            return events


@asynccontextmanager
async def streamed(client: Client, method: str = "POST", accept: str = EVENTS, **asked: Any) -> AsyncIterator[Stream]:
    """The answer to a request, as it comes."""
    headers = {"accept": accept, **client.headers}
    options: dict[str, Any] = {"json": asked}
    if method == "GET":
        options = {"params": {k: v if isinstance(v, str) else orjson.dumps(v).decode() for k, v in asked.items()}}
    async with client.http.stream(method, "/graphql", headers=headers, **options) as response:
        yield Stream(response)


async def watched(post: Any) -> dict[str, Any]:
    return {"query": WATCH, "variables": {"postIds": [global_id(post)]}}


async def no_listener_is_left() -> None:
    async with asyncio.timeout(5):
        while feeds.listeners or connections._open:  # noqa: ASYNC110  leaving is no event
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_subscription_is_a_stream(visitor: Client, method: str) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    _, question = await asked_by(ann)
    async with streamed(bob, method, **await watched(question)) as stream:
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"] == f"{EVENTS}; charset=utf-8"
        assert stream.response.headers["cache-control"] == "no-store"
        name, present = await stream.event()
        assert (name, present["data"]["votesChanged"]["viewerVote"]) == ("next", "NONE")
        await bob.do("cast_vote", postId=global_id(question), value="UP")
        name, voted = await stream.event()
        assert (name, voted["data"]["votesChanged"]["viewerVote"]) == ("next", "UP")
    await no_listener_is_left()


async def test_a_query_and_a_mutation_are_short_streams_for_who_accepts_nothing_else(visitor: Client) -> None:
    bob = await visitor.sign_up("bob")
    _, question = await asked_by(await member("ann"))
    async with streamed(visitor, query="{ site { name } }") as stream:
        assert await stream.rest() == [("next", {"data": {"site": {"name": "Plainspoken"}}}), ("complete", None)]
    voted = {"input": {"postId": global_id(question), "value": "UP"}}
    async with streamed(bob, query=document("cast_vote"), variables=voted) as stream:
        (_, answer), end = await stream.rest()
        assert (answer["data"]["castVote"]["post"]["score"], end) == (1, ("complete", None))
    async with streamed(visitor, accept=f"application/json, {EVENTS}", query="{ site { name } }") as stream:
        assert stream.response.headers["content-type"] == "application/json; charset=utf-8"
        assert orjson.loads(await stream.response.aread()) == {"data": {"site": {"name": "Plainspoken"}}}


async def test_what_is_wrong_with_an_operation_is_an_event_too(visitor: Client) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"query": "{"}, "Syntax Error: Expected Name, found <EOF>."),
        ({"query": "{ nothing }"}, "Cannot query field 'nothing' on type 'Query'."),
        ({"query": WATCH, "variables": {"postIds": ["x"]}}, "'x' is not the id of a Post."),
        ({"query": WATCH, "variables": {}}, "Variable '$postIds' has invalid value: Expected a value of non-null type"),
    ]
    for asked, message in wrong:
        async with streamed(visitor, **asked) as stream:
            (name, answer), end = await stream.rest()
            assert (stream.response.status_code, name, end) == (200, "next", ("complete", None))
            assert answer.keys() == {"errors"}
            assert answer["errors"][0]["message"].startswith(message)


async def test_what_is_wrong_with_a_request_is_told_as_ever(visitor: Client) -> None:
    _, question = await asked_by(await member("ann"))
    vote: dict[str, Any] = {
        "query": document("cast_vote"),
        "variables": {"input": {"postId": global_id(question), "value": "UP"}},
    }
    nothing: dict[str, Any] = {}
    for method, asked, status in (("POST", nothing, 400), ("GET", vote, 405), ("DELETE", nothing, 405)):
        async with streamed(visitor, method, **asked) as stream:
            assert (method, stream.response.status_code) == (method, status)
            assert "errors" in orjson.loads(await stream.response.aread())
    async with streamed(visitor, accept="application/json", **await watched(question)) as stream:
        assert stream.response.status_code == 400
        assert EVENTS in orjson.loads(await stream.response.aread())["errors"][0]["message"]


async def test_a_stream_that_the_server_ends_has_no_complete(visitor: Client) -> None:
    _, question = await asked_by(await member("ann"))
    async with streamed(visitor, **await watched(question)) as stream:
        assert (await stream.event())[0] == "next"
        live.close()
        assert await stream.rest() == []
    await no_listener_is_left()


async def test_a_stream_ends_with_its_session(visitor: Client) -> None:
    bob = await visitor.sign_up("bob")
    _, question = await asked_by(await member("ann"))
    async with streamed(bob, **await watched(question)) as stream:
        await stream.event()
        await bob.run("sign_out")
        (_, answer), end = await stream.rest()
        assert (answer["errors"][0]["extensions"], end) == ({"code": "UNAUTHENTICATED"}, ("complete", None))


async def test_a_stream_gives_signs_of_life(visitor: Client, setting: Any) -> None:
    setting(live_heartbeat_seconds=0.02)
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    async with connections.kept_alive(), streamed(visitor, **await watched(question)) as stream:
        await stream.event()
        before = stream.comments
        await asyncio.sleep(0.2)
        await voting.cast_vote(bob, question.id, VoteValue.UP)
        await stream.event()
        assert stream.comments > before


async def test_an_address_has_so_many_connections_at_once(
    visitor: Client, setting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, question = await asked_by(await member("ann"))
    asked = await watched(question)
    setting(live_connections=2)
    async with streamed(visitor, **asked) as first, streamed(visitor, **asked), streamed(visitor, **asked):
        assert first.response.status_code == 200  # those of the machine itself are not counted
    await no_listener_is_left()
    monkeypatch.setattr(connections, "_is_of_this_machine", lambda _: False)
    async with streamed(visitor, **asked), visitor.socket(), streamed(visitor, **asked) as third:
        assert third.response.status_code == 429
        message = orjson.loads(await third.response.aread())["errors"][0]["message"]
        assert message == "Too many connections from this address."
    await no_listener_is_left()
    async with streamed(visitor, **asked) as again:
        assert again.response.status_code == 200
