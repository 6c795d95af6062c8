"""Feeds: what is read once for many listeners, by whose eyes, how often, and that nothing is lost where that fails."""

import asyncio
from typing import Any

import pytest
import structlog
from clients import Client, Socket
from crowd import asked_by, member, members, trusted
from sockets import ending

import models
from models import UserLevel, VoteValue
from schema import feeds as module
from schema.live import Votes
from schema.nodes import global_id
from services import live, voting
from services.live import post_topic
from transports.listening import feeds

UP, DOWN, NONE = VoteValue.UP, VoteValue.DOWN, VoteValue.NONE
BARE = "subscription($postIds: [ID!]!) { votesChanged(postIds: $postIds) { id score version author { name points } } }"
OWN = "subscription($postIds: [ID!]!) { votesChanged(postIds: $postIds) { id score viewerVote } }"


async def watch(socket: Socket, query: str, *posts: models.Post, operation_id: str = "1") -> list[dict[str, Any]]:
    """Watch the votes of these posts; their present states."""
    variables = {"postIds": [global_id(post) for post in posts]}
    await socket.send(type="subscribe", id=operation_id, payload={"query": query, "variables": variables})
    return [(await socket.next())["votesChanged"] for _ in posts]


async def voted(socket: Socket) -> dict[str, Any]:
    """The next change of votes."""
    seen: dict[str, Any] = (await socket.next())["votesChanged"]
    return seen


class Crowd:
    """Sockets, opened one after the other."""

    def __init__(self) -> None:
        self.sockets: list[Socket] = []
        self._open: list[Any] = []

    async def join(self, client: Client, **headers: str) -> Socket:
        context = client.socket(headers)
        socket = await context.__aenter__()
        self._open.append(context)
        self.sockets.append(socket)
        return socket

    async def __aenter__(self) -> "Crowd":
        return self

    async def __aexit__(self, *failure: Any) -> None:
        for context in self._open:
            await context.__aexit__(None, None, None)


async def test_a_change_is_read_once_for_all_who_see_the_same_of_it(visitor: Client, statements: list[str]) -> None:
    _, question = await asked_by(await member("ann"))
    users = [await visitor.sign_up(f"user{number}") for number in range(3)]
    costs = []
    async with Crowd() as crowd:
        for amount in (1, 12):
            while len(crowd.sockets) < amount:
                number = len(crowd.sockets)
                socket = await crowd.join(users[number % 3] if number % 2 else visitor)
                await watch(socket, BARE, question)
            assert (len(feeds), feeds.listeners) == (1, amount)
            statements.clear()
            live.publish(post_topic(question.id))
            for socket in crowd.sockets:
                assert (await voted(socket))["id"] == global_id(question)
            costs.append(len(statements))
    assert costs[0] == costs[1] > 0


async def test_a_selection_that_looks_at_the_viewer_is_read_for_each_and_once_for_all_visitors(visitor: Client) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    carol = await visitor.sign_up("carol")
    _, question = await asked_by(ann)
    async with Crowd() as crowd:
        for client in (visitor, visitor, bob, bob, carol):
            await watch(await crowd.join(client), OWN, question)
        assert (len(feeds), feeds.listeners) == (3, 5)
        await bob.do("cast_vote", postId=global_id(question), value="UP")
        assert [(await voted(socket))["viewerVote"] for socket in crowd.sockets] == ["NONE", "NONE", "UP", "UP", "NONE"]
    assert len(feeds) == 0


async def test_whoever_sees_more_than_others_is_read_for_apart(visitor: Client) -> None:
    ann, judge = await visitor.sign_up("ann"), await trusted(visitor, "judge", UserLevel.MODERATOR)
    _, question = await asked_by(await models.User.get(name="ann"))
    await judge.do("hide_post", postId=global_id(question))
    async with judge.socket() as judges, ann.socket() as anns, visitor.socket() as strangers:
        for socket in (judges, anns):
            assert [post["score"] for post in await watch(socket, BARE, question)] == [0]
        await strangers.send(
            type="subscribe", id="1", payload={"query": BARE, "variables": {"postIds": [global_id(question)]}}
        )
        assert (await strangers.receive())["payload"][0]["message"] == "One of these posts does not exist."


async def test_who_loses_the_right_to_see_a_post_is_shown_it_no_longer(visitor: Client) -> None:
    judge, owner = await trusted(visitor, "judge", UserLevel.MODERATOR), await trusted(visitor, "o", UserLevel.OWNER)
    ann, bob = await member("ann"), await member("bob")
    (_, hidden), (_, seen) = await asked_by(ann), await asked_by(ann)
    await owner.do("hide_post", postId=global_id(hidden))
    async with judge.socket() as socket:
        await watch(socket, BARE, hidden, seen)
        user_id = global_id(await models.User.get(name="judge"))
        await owner.do("set_user_level", userId=user_id, level="REGISTERED")
        assert (await socket.receive())["payload"][0]["message"] == "One of these posts does not exist."
        await watch(socket, BARE, seen)
        await owner.do("set_user_level", userId=user_id, level="MODERATOR")
        assert (await voted(socket))["id"] == global_id(seen)  # anew, by other eyes
        await watch(socket, BARE, hidden, operation_id="2")
        await voting.cast_vote(bob, seen.id, UP)
        assert (await voted(socket))["score"] == 1


async def test_who_signs_out_is_shown_nothing_more(visitor: Client) -> None:
    ann, bob = await visitor.sign_up("ann"), await member("bob")
    _, question = await asked_by(await member("carol"))
    async with ann.socket() as socket:
        await watch(socket, BARE, question)
        await ann.run("sign_out")
        assert await ending(socket) == (4403, "The session has ended")
    await voting.cast_vote(bob, question.id, UP)


async def test_many_votes_are_few_answers_and_the_last_is_the_final_state(visitor: Client, setting: Any) -> None:
    setting(live_rate=20)
    ann, voters = await member("ann"), await members(30)
    _, question = await asked_by(ann)
    async with visitor.socket() as socket:
        await watch(socket, BARE, question)
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        for voter in voters:
            await voting.cast_vote(voter, question.id, UP)
        versions = [(await voted(socket))["version"]]
        while versions[-1] < 1 + len(voters):
            versions.append((await voted(socket))["version"])
        took = loop.time() - began_at
    assert versions == sorted(set(versions))
    assert len(versions) <= 20 * took + 1


async def test_what_could_not_be_read_is_shown_as_soon_as_it_can(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, voters = await member("ann"), await members(3)
    _, question = await asked_by(ann)
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    shown, fails = Votes.shown, iter([True, True])

    async def broken(self: Votes, context: Any, news: Any) -> Any:
        if next(fails, False):
            raise OSError("the database is away")
        return await shown(self, context, news)

    async with visitor.socket() as socket:
        await watch(socket, BARE, question)
        monkeypatch.setattr(Votes, "shown", broken)
        with structlog.testing.capture_logs() as events:
            await voting.cast_vote(voters[0], question.id, UP)
            assert (await voted(socket))["score"] == 1
            await voting.cast_vote(voters[1], question.id, UP)
            assert (await voted(socket))["score"] == 2
        await voting.cast_vote(voters[2], question.id, UP)
        assert (await voted(socket))["score"] == 3
    assert [event["event"] for event in events] == ["an operation failed"] * 2


async def test_who_cannot_begin_since_reading_fails_is_told(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    _, question = await asked_by(await member("ann"))

    async def broken(self: Votes, context: Any) -> Any:
        raise OSError("the database is away")

    async with visitor.socket() as stays, visitor.socket() as comes:
        await watch(stays, BARE, question)
        with monkeypatch.context() as patched, structlog.testing.capture_logs():
            patched.setattr(Votes, "present", broken)
            payload = {"query": BARE, "variables": {"postIds": [global_id(question)]}}
            await comes.send(type="subscribe", id="1", payload=payload)
            failed = await comes.receive()
        assert (failed["type"], failed["payload"][0]["extensions"]["code"]) == ("error", "INTERNAL_ERROR")
        await voting.cast_vote(await member("bob"), question.id, UP)
        assert (await voted(stays))["score"] == 1  # of whose feed it was


async def test_after_lost_news_everything_watched_is_shown_anew(visitor: Client) -> None:
    ann, bob = await member("ann"), await member("bob")
    (_, first), (_, second) = await asked_by(ann), await asked_by(ann)
    async with visitor.socket() as socket:
        await watch(socket, BARE, first, second)
        await models.Post.filter(id=first.id).update(
            score=7, up_votes=7, version=9
        )  # as another process may, unheard of
        live.missed()
        seen = {post["id"]: post["score"] for post in [await voted(socket), await voted(socket)]}
        assert seen == {global_id(first): 7, global_id(second): 0}
        await voting.cast_vote(bob, second.id, UP)
        assert (await voted(socket))["score"] == 1


async def test_what_a_visitor_may_do_is_read_for_each_place_they_come_from(visitor: Client, setting: Any) -> None:
    setting(trusted_proxies=["127.0.0.1"])
    _, question = await asked_by(await member("ann"))
    may = (
        "subscription($postIds: [ID!]!) { votesChanged(postIds: $postIds) { viewerCan(action: COMMENT) { allowed } } }"
    )
    async with Crowd() as crowd:
        for number in (1, 1, 2):
            await watch(await crowd.join(visitor, **{"x-forwarded-for": f"192.0.2.{number}"}), may, question)
        assert (len(feeds), feeds.listeners) == (2, 3)
        await watch(await crowd.join(visitor, **{"x-forwarded-for": "192.0.2.3"}), OWN, question)
        await watch(await crowd.join(visitor, **{"x-forwarded-for": "192.0.2.4"}), OWN, question)
        assert (len(feeds), feeds.listeners) == (3, 5)  # no vote of a visitor's is anybody's
