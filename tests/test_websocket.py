"""Operations over a websocket: who asks them, what they see, how they fail, and what is left of them."""

import asyncio
from typing import Any

import pytest
import structlog
import websockets
from clients import Client
from sockets import INIT, SITE, connected, ending, question, subscribe

from transports.listening import feeds
from transports.websocket import MOST_OPERATIONS


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Any:
    """Whatever a client does, the log tells of no failure of ours."""
    with structlog.testing.capture_logs() as events:
        yield
    told = [
        (record.name, record.getMessage()) for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")
    ]
    assert (told, events) == ([], [])


async def nobody_listens() -> bool:
    """Whether soon nobody listens any more."""
    for _ in range(500):
        if not feeds.listeners:
            return True
        await asyncio.sleep(0.01)
    return False


async def test_a_query_is_answered_and_completed(visitor: Client) -> None:
    async with visitor.socket() as socket:
        await socket.subscribe("site_name", "a")
        data = {"site": {"name": "Plainspoken"}}
        assert await socket.receive() == {"type": "next", "id": "a", "payload": {"data": data}}
        assert await socket.receive() == {"type": "complete", "id": "a"}


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


SEVERAL = "Give operationName: the document has several operations."
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
        assert feeds.listeners == MOST_OPERATIONS
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
            assert await ending(socket) == (4400, "A message is an object with a type")
    assert await nobody_listens()
