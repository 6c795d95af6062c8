"""Floods: whatever one client pours in, or does not take, others are served, and nothing of it is left."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from clients import Client, Socket
from conftest import served
from crowd import asked_by, member, members
from sockets import address, connected, ending

import models
from models import VoteValue
from schema.nodes import global_id
from services import voting
from transports import connections, websocket
from transports.listening import feeds
from transports.websocket import MOST_OPERATIONS

UP, NONE = VoteValue.UP, VoteValue.NONE
JUNK = 10_000
#: A page of it fills the buffers of a kernel soon.
HEAVY = f"""subscription($postIds: [ID!]!) {{
  votesChanged(postIds: $postIds) {{ version {" ".join(f"b{number}: bodyHtml" for number in range(20))} }}
}}"""


@asynccontextmanager
async def others_are_served(visitor: Client, post: models.Post) -> AsyncIterator[None]:
    """While the block lasts, and after it, somebody else reads pages, votes, and sees votes."""
    voter, count = await member("an honest voter"), 0

    async def served(socket: Socket) -> None:
        nonlocal count
        while True:
            before = (await visitor.run("post_score", id=global_id(post)))["node"]["version"]
            await voting.cast_vote(voter, post.id, NONE if count % 2 else UP)
            while (await socket.next())["votesChanged"]["version"] <= before:
                pass
            count += 1

    async with visitor.socket() as socket:
        await socket.subscribe("watch_votes", postIds=[global_id(post)])
        await socket.next()
        serving = asyncio.create_task(served(socket))
        yield
        count_then = count
        async with asyncio.timeout(10):
            while count < count_then + 3 and not serving.done():  # noqa: ASYNC110  being served is no event
                await asyncio.sleep(0.01)
        assert not serving.done(), serving
        serving.cancel()
        await asyncio.wait([serving])


async def nothing_is_left(of: int = 0) -> None:
    async with asyncio.timeout(10):
        while feeds.listeners > of or len(connections._open) > of:  # noqa: ASYNC110  leaving is no event
            await asyncio.sleep(0.01)


async def test_a_thousand_subscriptions_on_one_socket(visitor: Client) -> None:
    _, question = await asked_by(await member("ann"))
    async with others_are_served(visitor, question), visitor.socket() as socket:
        for number in range(1_000):
            await socket.subscribe("watch_votes", str(number), postIds=[global_id(question)])
        refused = 0
        while refused < 1_000 - MOST_OPERATIONS:
            refused += (await socket.receive())["type"] == "error"
        assert feeds.listeners == MOST_OPERATIONS + 1
    await nothing_is_left()


async def test_junk_frames(visitor: Client) -> None:
    _, question = await asked_by(await member("ann"))
    async with others_are_served(visitor, question):
        for frame in ("junk", "[]", '{"type": "subscribe"}', b"\x00"):
            async with visitor.socket() as socket:
                try:
                    for _ in range(JUNK):
                        await socket.raw.send(frame)
                except Exception:  # noqa: S110  it may be cut off at any moment
                    pass
                assert (await ending(socket))[0] == 4400
    await nothing_is_left()


async def test_as_many_right_messages_as_a_client_likes_are_read_later(visitor: Client) -> None:
    _, question = await asked_by(await member("ann"))
    async with others_are_served(visitor, question), visitor.socket() as socket:
        for _ in range(websocket.MOST_AT_ONCE + 20):
            await socket.send(type="ping")
        for _ in range(websocket.MOST_AT_ONCE + 20):
            assert (await socket.receive())["type"] == "pong"


async def test_a_frame_of_a_hundred_megabytes(visitor: Client) -> None:
    _, question = await asked_by(await member("ann"))
    async with others_are_served(visitor, question), visitor.socket() as socket:
        header = struct.pack("!BBQ4s", 0x81, 0x80 | 127, 100 * 1024 * 1024, b"mask")
        socket.raw.transport.write(header + b"x" * 100_000)
        assert (await ending(socket))[0] == 1009


async def test_half_open_sockets(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "INIT_TIMEOUT", 0.2)
    host, port = address(visitor).removeprefix("ws://").removesuffix("/graphql").split(":")
    _, question = await asked_by(await member("ann"))
    async with others_are_served(visitor, question):
        silent = [await asyncio.open_connection(host, int(port)) for _ in range(50)]  # which say nothing at all
        async with connected(visitor) as ungreeted:
            assert await ending(ungreeted) == (4408, "Connection initialisation timeout")
        for _, writer in silent:
            writer.transport.abort()
    await nothing_is_left()


async def heavy_reader(visitor: Client, post: models.Post) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Somebody who watches a long post, and does not read."""
    host, port = address(visitor).removeprefix("ws://").removesuffix("/graphql").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(
        f"GET /graphql HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    payload = {"query": HEAVY, "variables": {"postIds": [global_id(post)]}}
    for message in ({"type": "connection_init"}, {"type": "subscribe", "id": "1", "payload": payload}):
        text = orjson.dumps(message)
        writer.write(struct.pack("!BBH4s", 0x81, 0x80 | 126, len(text), bytes(4)) + text)
    return reader, writer


async def texts(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    """The messages that come."""
    while True:
        head = await reader.readexactly(2)
        size = head[1]
        if size >= 126:
            size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
        data = await reader.readexactly(size)
        if head[0] & 15 == 1:
            yield orjson.loads(data)


async def long_question() -> models.Post:
    """A question of 20,000 characters."""
    _, question = await asked_by(await member("ann"))
    await models.Post.filter(id=question.id).update(body_html="x" * 20_000)
    return question


async def vote_until_it_waits(question: models.Post, voters: list[models.User]) -> int:
    """Have users vote until an answer waits for the reader, and some votes more; the last version."""
    waited = 0
    for turn in range(500):
        voter = voters[turn % len(voters)]
        await voting.cast_vote(voter, question.id, NONE if (turn // len(voters)) % 2 else UP)
        await asyncio.sleep(0.005)
        outlets: list[Any] = [outlet for feed in feeds._feeds.values() for outlet in feed._members]
        held = [outlet._held for outlet in outlets]
        waited += any(held)
        assert all(len(each) == 1 for each in held if each)  # the newest answer, and no more
        if waited > 3:
            return (await models.Post.get(id=question.id)).version
    raise AssertionError("nothing ever waited")


async def test_a_reader_that_stops_costs_one_answer_and_gets_the_newest_when_it_reads_again(
    visitor: Client, setting: Any
) -> None:
    setting(live_rate=1000)
    question, voters = await long_question(), await members(4)
    async with others_are_served(visitor, (await asked_by(voters[0]))[1]):
        reader, writer = await heavy_reader(visitor, question)
        last = await vote_until_it_waits(question, voters)
        versions = []
        async for message in texts(reader):
            if message["type"] == "next":
                versions.append(message["payload"]["data"]["votesChanged"]["version"])
                if versions[-1] == last:
                    break
        assert versions == sorted(versions)
        assert len(versions) < last
        writer.transport.abort()
    await nothing_is_left()


async def test_a_reader_that_stops_is_let_go_after_a_while(visitor: Client, setting: Any) -> None:
    setting(live_rate=1000, live_patience_seconds=0.3)
    question, voters = await long_question(), await members(4)
    reader, writer = await heavy_reader(visitor, question)
    await vote_until_it_waits(question, voters)
    await nothing_is_left()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        async for _ in texts(reader):
            pass
    writer.transport.abort()


async def test_a_stream_whose_reader_stops_is_let_go_too(visitor: Client, setting: Any) -> None:
    setting(live_rate=1000, live_patience_seconds=0.3)
    question, voters = await long_question(), await members(4)
    asked = {"query": HEAVY, "variables": {"postIds": [global_id(question)]}}
    headers = {"accept": "text/event-stream"}
    async with visitor.http.stream("POST", "/graphql", json=asked, headers=headers):
        await vote_until_it_waits(question, voters)
        await nothing_is_left()


@pytest.fixture
async def plain(forum: str) -> AsyncIterator[Client]:
    """A visitor to a server whose websockets are uvicorn's own."""
    async with served(forum, {}) as client:
        yield client


async def test_a_socket_served_without_our_protocol_class_works_too(plain: Client) -> None:
    bob = await member("bob")
    _, question = await asked_by(await member("ann"))
    async with plain.socket() as socket:
        await socket.subscribe("watch_votes", postIds=[global_id(question)])
        assert (await socket.next())["votesChanged"]["score"] == 0
        await voting.cast_vote(bob, question.id, UP)
        assert (await socket.next())["votesChanged"]["score"] == 1
