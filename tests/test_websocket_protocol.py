"""What a websocket client may say, and when: everything else ends the connection with the protocol's codes.

Those are in https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.
"""

from typing import Any

import orjson
import pytest
import structlog
import websockets
from clients import Client, Socket
from sockets import INIT, SITE, address, connected, ending, question, subscribe

from transports import websocket


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Any:
    """Whatever a client does, the log tells of no failure of ours."""
    with structlog.testing.capture_logs() as events:
        yield
    told = [
        (record.name, record.getMessage()) for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")
    ]
    assert (told, events) == ([], [])


async def test_a_client_of_another_protocol_is_told(visitor: Client) -> None:
    protocols: Any = ["graphql-ws"]
    for offered in (protocols, None):
        async with websockets.connect(address(visitor), subprotocols=offered) as raw:
            assert await ending(Socket(raw)) == (4406, "Subprotocol not acceptable")


NO_MESSAGE = "A message is an object with a type"
NO_ID = "The id of an operation is a string that is not empty"
NO_PAYLOAD = "The payload of subscribe is an object with a query"
FRAMES: list[tuple[Any, str]] = [
    ("{", "WebSocket message must be valid JSON"),
    ("", "WebSocket message must be valid JSON"),
    ("[" * 100_000, "WebSocket message must be valid JSON"),
    ('{"type": "ping", "payload": NaN}', "WebSocket message must be valid JSON"),
    (r'{"type": "\ud800"}', "WebSocket message must be valid JSON"),
    (b'{"type": "ping"}', "WebSocket message type must be text"),
    ("5", NO_MESSAGE),
    ("[]", NO_MESSAGE),
    ("null", NO_MESSAGE),
    ("{}", NO_MESSAGE),
    ({"type": []}, NO_MESSAGE),
    ({"type": None}, NO_MESSAGE),
    ({"type": "start"}, "Unknown message type: start"),
    ({"type": "complete"}, NO_ID),
    ({"type": "complete", "id": 7}, NO_ID),
    ({"type": "subscribe", "payload": SITE}, NO_ID),
    (subscribe(SITE, 7), NO_ID),
    (subscribe(SITE, [1]), NO_ID),
    (subscribe(SITE, ""), NO_ID),
    (subscribe(SITE, "x" * 129), NO_ID),
    ({"type": "subscribe", "id": "1"}, NO_PAYLOAD),
    (subscribe(None), NO_PAYLOAD),
    (subscribe("{ site { name } }"), NO_PAYLOAD),
    (subscribe({}), NO_PAYLOAD),
    (subscribe({"extensions": {}}), NO_PAYLOAD),
    (subscribe({"query": 5}), "query has the wrong type"),
    (subscribe({"documentId": 5}), "documentId has the wrong type"),
    (subscribe({**SITE, "variables": [1]}), "variables has the wrong type"),
    (subscribe({**SITE, "variables": "x"}), "variables has the wrong type"),
    (subscribe({**SITE, "operationName": 5}), "operationName has the wrong type"),
    (subscribe({**SITE, "extensions": 5}), "extensions has the wrong type"),
]


async def test_a_frame_that_is_no_message_ends_the_connection(visitor: Client) -> None:
    for frame, reason in FRAMES:
        async with visitor.socket() as socket:
            await socket.raw.send(frame if isinstance(frame, str | bytes) else orjson.dumps(frame).decode())
            assert (str(frame)[:80], *await ending(socket)) == (str(frame)[:80], 4400, reason)


async def test_a_long_unknown_type_ends_the_connection_too(visitor: Client) -> None:
    async with visitor.socket() as socket:
        await socket.send(type="é" * 500)
        code, reason = await ending(socket)
        assert (code, reason[:22]) == (4400, "Unknown message type: ")


async def test_the_protocol_has_its_order(visitor: Client) -> None:
    async with connected(visitor) as socket:
        await socket.send(**subscribe(SITE))
        assert await ending(socket) == (4401, "Unauthorized")
    async with visitor.socket() as socket:
        await socket.send(**INIT)
        assert await ending(socket) == (4429, "Too many initialisation requests")
    async with connected(visitor) as socket:
        await socket.send(**INIT, payload="x")
        assert await ending(socket) == (4400, "Invalid connection init payload")


async def test_who_does_not_begin_in_time_is_sent_away(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert websocket.INIT_TIMEOUT == 10
    monkeypatch.setattr(websocket, "INIT_TIMEOUT", 0.02)
    async with connected(visitor) as socket:
        assert await ending(socket) == (4408, "Connection initialisation timeout")


async def test_an_id_that_is_in_use_ends_the_connection(visitor: Client) -> None:
    post_id = await question(await visitor.sign_up("ann"))
    for operation_id in ("1", "\N{PARTY POPPER}" * 128):
        async with visitor.socket() as socket:
            await socket.subscribe("watch_votes", operation_id, postIds=[post_id])
            await socket.next()
            await socket.subscribe("site_name", operation_id)
            code, reason = await ending(socket)
            assert (code, reason[:15]) == (4409, "Subscriber for ")


async def test_completing_what_does_not_run_is_no_mistake(visitor: Client) -> None:
    async with visitor.socket() as socket:
        await socket.send(type="complete", id="unknown")
        await socket.subscribe("site_name")
        assert await socket.next() == {"site": {"name": "Plainspoken"}}


async def test_a_ping_is_answered(visitor: Client) -> None:
    async with connected(visitor) as socket:
        await socket.send(type="ping", payload={"at": 1})
        await socket.send(type="pong")
        assert await socket.receive() == {"type": "pong"}


async def test_frames_are_text(visitor: Client) -> None:
    async with connected(visitor) as socket:
        await socket.send(**INIT)
        assert isinstance(await socket.raw.recv(), str)
