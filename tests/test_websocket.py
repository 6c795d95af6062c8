"""GraphQL over WebSocket: graphql-transport-ws as its protocol document says, whatever comes in.

The codes with which a connection ends are those of
https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest
import structlog
import websockets
from clients import Client, Socket
from starlette.routing import WebSocketRoute

from server import app
from services import live
from transports import websocket
from transports.websocket import MOST_OPERATIONS

INIT: dict[str, Any] = {"type": "connection_init"}


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Any:
    """Whatever a client does, the log tells of no failure of ours."""
    with structlog.testing.capture_logs() as events:
        yield
    told = [
        (record.name, record.getMessage()) for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")
    ]
    assert (told, events) == ([], [])


def address(visitor: Client) -> str:
    return str(visitor.http.base_url.join("/graphql")).replace("http://", "ws://")


@asynccontextmanager
async def connected(visitor: Client, **headers: str) -> AsyncIterator[Socket]:
    """A socket on which nothing has been said yet."""
    protocols: Any = ["graphql-transport-ws"]
    async with websockets.connect(address(visitor), subprotocols=protocols, additional_headers=headers) as raw:
        yield Socket(raw)


async def ending(socket: Socket) -> tuple[int, str]:
    """The code and the reason with which the server ends the connection."""
    try:
        while True:
            await socket.receive()
    except websockets.ConnectionClosed as closed:
        frame = closed.rcvd
    assert frame is not None, "the connection broke off without a close frame"
    return frame.code, frame.reason


def subscribe(payload: object, operation_id: object = "1") -> dict[str, Any]:
    return {"type": "subscribe", "id": operation_id, "payload": payload}


async def nobody_listens() -> bool:
    """Whether soon nobody listens any more."""
    for _ in range(500):
        if not live.listener_count():
            return True
        await asyncio.sleep(0.01)
    return False


async def question(asker: Client) -> str:
    """The id of a new question."""
    asked = await asker.do("ask_question", title="What is a vote worth here?", body="In points.")
    return str(asked["thread"]["question"]["id"])


async def test_a_query_is_answered_and_completed(visitor: Client) -> None:
    async with visitor.socket() as socket:
        await socket.subscribe("site_name", "a")
        data = {"site": {"name": "Plainspoken"}}
        assert await socket.receive() == {"type": "next", "id": "a", "payload": {"data": data}}
        assert await socket.receive() == {"type": "complete", "id": "a"}


async def test_frames_are_text(visitor: Client) -> None:
    async with connected(visitor) as socket:
        await socket.send(**INIT)
        assert isinstance(await socket.raw.recv(), str)


async def test_a_ping_is_answered(visitor: Client) -> None:
    async with connected(visitor) as socket:
        await socket.send(type="ping", payload={"at": 1})
        await socket.send(type="pong")
        assert await socket.receive() == {"type": "pong"}


async def test_a_bearer_token_signs_in(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    for name in ("Authorization", "authorization"):
        async with connected(visitor) as socket:
            await socket.send(**INIT, payload={name: f"Bearer {ann.token}"})
            assert await socket.receive() == {"type": "connection_ack", "payload": {"viewer": "ann"}}
            await socket.subscribe("who_am_i")
            assert await socket.next() == {"viewer": {"user": {"name": "ann"}}}


async def test_a_cookie_signs_in_from_our_own_pages_and_from_programs(visitor: Client) -> None:
    cookie = f"session={(await visitor.sign_up('ann')).token}"
    for headers in ({}, {"origin": str(visitor.http.base_url).rstrip("/")}):
        async with connected(visitor, cookie=cookie, **headers) as socket:
            await socket.send(**INIT)
            assert await socket.receive() == {"type": "connection_ack", "payload": {"viewer": "ann"}}


async def test_a_visitor_needs_no_token(visitor: Client) -> None:
    for payload in (None, {}, {"Other": 5}):
        async with connected(visitor) as socket:
            await socket.send(**INIT, payload=payload)
            assert await socket.receive() == {"type": "connection_ack", "payload": {"viewer": None}}


async def test_a_wrong_token_is_forbidden(visitor: Client) -> None:
    for authorization in ("Bearer wrong", "Bearer ", "Basic YW5u", "", None, 5, ["Bearer wrong"]):
        async with connected(visitor) as socket:
            await socket.send(**INIT, payload={"Authorization": authorization})
            assert (authorization, *await ending(socket)) == (authorization, 4403, "Forbidden")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://["])
async def test_a_handshake_from_a_foreign_page_is_refused(visitor: Client, origin: str) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with connected(visitor, origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_a_client_of_another_protocol_is_told(visitor: Client) -> None:
    protocols: Any = ["graphql-ws"]
    for offered in (protocols, None):
        async with websockets.connect(address(visitor), subprotocols=offered) as raw:
            assert await ending(Socket(raw)) == (4406, "Subprotocol not acceptable")


NO_MESSAGE = "A message is an object with a type"
NO_ID = "The id of an operation is a string that is not empty"
NO_PAYLOAD = "The payload of subscribe is an object with a query"
SEVERAL = "Give operationName: the document has several operations."
SITE = {"query": "{ site { name } }"}


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
    (subscribe({"query": 5}), NO_PAYLOAD),
    (subscribe({"extensions": {"persistedQuery": {}}}), NO_PAYLOAD),
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
    [endpoint] = [route.app for route in app.routes if isinstance(route, WebSocketRoute)]
    monkeypatch.setattr(endpoint, "connection_init_wait_timeout", timedelta(milliseconds=20))
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


OPERATIONS: list[tuple[dict[str, Any], str]] = [
    ({"query": "{"}, "Syntax Error: Expected Name, found <EOF>."),
    ({"query": "{ nothing }"}, "Cannot query field 'nothing' on type 'Query'."),
    ({"query": "query A { a: __typename } query B { b: __typename }"}, SEVERAL),
    ({"query": "fragment A on Site { name }"}, "There is no operation in the document."),
    ({**SITE, "operationName": "B"}, "There is no operation 'B' in the document."),
]


async def test_a_wrong_operation_fails_alone(visitor: Client) -> None:
    ann, bob = await visitor.sign_up("ann"), await visitor.sign_up("bob")
    post_id = await question(ann)
    async with ann.socket() as socket:
        await socket.subscribe("watch_votes", "running", postIds=[post_id])
        await socket.next()
        for payload, message in OPERATIONS:
            await socket.send(**subscribe(payload, "wrong"))
            failed = await socket.receive()
            assert (payload, failed["type"], failed["id"]) == (payload, "error", "wrong")
            assert [error["message"] for error in failed["payload"]] == [message]
        await bob.do("cast_vote", postId=post_id, value="UP")
        assert (await socket.next())["votesChanged"]["score"] == 1


async def test_an_empty_query_fails_alone(visitor: Client) -> None:
    async with visitor.socket() as socket:
        await socket.send(**subscribe({"query": ""}, "wrong"))
        failed = await socket.receive()
        assert (failed["type"], failed["id"], len(failed["payload"])) == ("error", "wrong", 1)


async def test_every_operation_sees_what_happened_before_it(visitor: Client) -> None:
    ann, bob = await visitor.sign_up("ann"), await visitor.sign_up("bob")
    post_id = await question(ann)
    async with bob.socket() as socket:
        await socket.subscribe("post_score", id=post_id)
        assert await socket.next() == {"node": {"score": 0, "viewerVote": "NONE", "version": 1}}
        assert (await socket.receive())["type"] == "complete"
        await bob.do("cast_vote", postId=post_id, value="UP")
        await socket.subscribe("post_score", id=post_id)
        assert await socket.next() == {"node": {"score": 1, "viewerVote": "UP", "version": 2}}


async def test_mutations_go_over_a_socket_too(visitor: Client) -> None:
    post_id = await question(await visitor.sign_up("ann"))
    bob = await visitor.sign_up("bob")
    async with bob.socket() as socket:
        await socket.subscribe("cast_vote", input={"postId": post_id, "value": "DOWN"})
        assert (await socket.next())["castVote"]["post"]["score"] == -1


async def test_a_bug_before_an_operation_begins_is_told(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await visitor.sign_up("ann")

    async def broken(token: str) -> None:
        raise RuntimeError("the secret inner life of sessions")

    async with ann.socket() as socket:
        monkeypatch.setattr("services.accounts.user_of", broken)
        with structlog.testing.capture_logs() as events:
            await socket.subscribe("site_name")
            async with asyncio.timeout(5):
                failed = await socket.receive()
    [event] = events
    assert (failed["type"], failed["id"]) == ("error", "1")
    message = f"Something went wrong here. The server's log has it under {event['error_id']}."
    assert [error["message"] for error in failed["payload"]] == [message]


async def test_a_socket_ends_with_its_session(visitor: Client) -> None:
    post_id = await question(await visitor.sign_up("ann"))
    bob = await visitor.sign_up("bob")
    async with bob.socket() as socket:
        await bob.run("sign_out")
        await socket.subscribe("cast_vote", input={"postId": post_id, "value": "UP"})
        assert await ending(socket) == (4403, "The session has ended")
    assert (await visitor.run("post_score", id=post_id))["node"]["score"] == 0


async def test_more_operations_than_one_client_needs_are_refused(visitor: Client) -> None:
    post_id = await question(await visitor.sign_up("ann"))
    async with visitor.socket() as socket:
        for index in range(MOST_OPERATIONS + 1):
            await socket.subscribe("watch_votes", str(index), postIds=[post_id])
        answers = [await socket.receive() for _ in range(MOST_OPERATIONS + 1)]
        [refused] = [answer for answer in answers if answer["type"] != "next"]
        assert refused == {
            "type": "error",
            "id": str(MOST_OPERATIONS),
            "payload": [{"message": "Subscription limit reached"}],
        }
        assert live.listener_count() == MOST_OPERATIONS
        await socket.send(type="complete", id="0")
        await socket.subscribe("site_name", "now there is room")
        assert (await socket.receive())["id"] == "now there is room"


async def test_a_client_that_vanishes_leaves_nothing_behind(visitor: Client) -> None:
    post_id = await question(await visitor.sign_up("ann"))
    bob = await visitor.sign_up("bob")
    for value in ("UP", "DOWN", "NONE"):
        async with visitor.socket() as socket:
            for index in range(10):
                await socket.subscribe("watch_votes", f"{index}", postIds=[post_id])
                await socket.subscribe("question_page", f"page {index}", number=1)
            await bob.do("cast_vote", postId=post_id, value=value)
            socket.raw.transport.abort()
    assert await nobody_listens()


async def test_junk_among_running_operations_leaves_nothing_behind(visitor: Client) -> None:
    post_id = await question(await visitor.sign_up("ann"))
    for _ in range(10):
        async with visitor.socket() as socket:
            for index in range(20):
                await socket.subscribe("watch_votes", f"{index}", postIds=[post_id])
                await socket.subscribe("question_page", f"page {index}", number=1)
            await socket.raw.send("5")
            assert await ending(socket) == (4400, NO_MESSAGE)
    assert await nobody_listens()


async def test_completing_what_does_not_run_is_no_mistake(visitor: Client) -> None:
    async with visitor.socket() as socket:
        await socket.send(type="complete", id="unknown")
        await socket.subscribe("site_name")
        assert await socket.next() == {"site": {"name": "Plainspoken"}}
