"""Subscriptions: what watchers over a real websocket see."""

import asyncio
from typing import Any

import pytest
from clients import Client, Socket
from crowd import answered_by, asked_by, commented_by, member, members

import models
from models import PostState, VoteValue
from schema.live import Votes
from schema.nodes import global_id
from services import voting
from services.live import post_topic, publish
from transports.listening import feeds

UP, DOWN, NONE = VoteValue.UP, VoteValue.DOWN, VoteValue.NONE


async def no_listener_is_left() -> None:
    """Wait until nobody listens."""
    async with asyncio.timeout(5):
        while feeds.listeners:  # noqa: ASYNC110  leaving is no event
            await asyncio.sleep(0.005)


async def watch(socket: Socket, *posts: models.Post) -> list[dict[str, Any]]:
    """Watch the votes of these posts; their present states."""
    await socket.subscribe("watch_votes", postIds=[global_id(post) for post in posts])
    return [(await socket.next())["votesChanged"] for _ in posts]


async def test_the_present_state_of_each_post_comes_first_and_then_every_change(visitor: Client) -> None:
    ann, bob = await member("ann"), await member("bob")
    thread, question = await asked_by(ann)
    answer = await answered_by(ann, thread)
    comment = await commented_by(ann, answer)
    await voting.cast_vote(bob, answer.id, DOWN)
    async with visitor.socket() as socket:
        present = await watch(socket, comment, answer, question)
        assert [(post["id"], post["score"]) for post in present] == [
            (global_id(comment), 0),
            (global_id(answer), -1),
            (global_id(question), 0),
        ]
        for post, value, shown in (
            (question, UP, (1, 1, 0, 2)),
            (answer, UP, (1, 1, 0, 4)),
            (question, NONE, (0, 0, 0, 3)),
            (comment, DOWN, (-1, 0, 1, 2)),
        ):
            await voting.cast_vote(bob, post.id, value)
            seen = (await socket.next())["votesChanged"]
            assert seen["id"] == global_id(post)
            assert (seen["score"], seen["upVotes"], seen["downVotes"], seen["version"]) == shown


async def test_a_post_named_twice_is_shown_once(visitor: Client) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    async with visitor.socket() as socket:
        await socket.subscribe("watch_votes", postIds=[global_id(question)] * 2)
        assert (await socket.next())["votesChanged"]["version"] == 1
        await voting.cast_vote(bob, question.id, UP)
        assert (await socket.next())["votesChanged"]["version"] == 2


async def test_every_watcher_sees_their_own_vote(visitor: Client) -> None:
    bob = await visitor.sign_up("bob")
    _, question = await asked_by(await member("ann"))
    async with visitor.socket() as strangers, bob.socket() as bobs:
        for socket in (strangers, bobs):
            assert (await watch(socket, question))[0]["viewerVote"] == "NONE"
        for value in ("UP", "DOWN"):
            await bob.do("cast_vote", postId=global_id(question), value=value)
            assert (await bobs.next())["votesChanged"]["viewerVote"] == value
            assert (await strangers.next())["votesChanged"]["viewerVote"] == "NONE"


async def test_a_vote_cast_while_the_present_state_is_read_is_not_missed(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    read_the_present = Votes.present

    async def read_before_somebody_votes(self: Votes, context: Any) -> Any:
        posts = await read_the_present(self, context)
        await voting.cast_vote(bob, question.id, UP)
        return posts

    monkeypatch.setattr(Votes, "present", read_before_somebody_votes)
    async with visitor.socket() as socket:
        await watch(socket, question)  # which reads the post when it sends it, and so may know the vote already
        assert (await socket.next())["votesChanged"]["version"] == 2


async def test_whoever_reads_slowly_ends_at_the_last_state(visitor: Client) -> None:
    ann = await member("ann")
    _, question = await asked_by(ann)
    voters = await members(6)
    async with visitor.socket() as socket:
        await watch(socket, question)
        await asyncio.gather(*(voting.cast_vote(voter, question.id, UP) for voter in voters))
        versions = [1]
        while versions[-1] < 1 + len(voters):
            seen = (await socket.next())["votesChanged"]
            assert seen["upVotes"] == seen["version"] - 1
            versions.append(seen["version"])
        assert versions == sorted(versions)


async def test_a_post_that_can_no_longer_be_seen_falls_silent(visitor: Client) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    _, other = await asked_by(ann)
    async with visitor.socket() as socket:
        await watch(socket, question, other)
        await models.Post.filter(id=question.id).update(state=PostState.HIDDEN)
        publish(post_topic(question.id))
        await voting.cast_vote(bob, other.id, UP)
        assert (await socket.next())["votesChanged"]["id"] == global_id(other)


async def test_the_points_of_a_user_come_first_as_they_are_and_then_as_they_change(visitor: Client) -> None:
    ann, bob = await member("ann"), await member("bob")
    async with visitor.socket() as socket:
        await socket.subscribe("watch_points", userId=global_id(ann))
        shown = {"id": global_id(ann), "points": 100, "pointsCompact": "100", "rank": 1}
        assert (await socket.next())["pointsChanged"] == shown
        thread, question = await asked_by(ann)
        assert (await socket.next())["pointsChanged"] == shown | {"points": 120, "pointsCompact": "120"}
        await voting.cast_vote(bob, question.id, DOWN)
        assert (await socket.next())["pointsChanged"]["points"] == 110
        answer = await answered_by(bob, thread)  # which overtakes her
        await voting.cast_vote(ann, answer.id, UP)
        assert (await socket.next())["pointsChanged"] == shown | {"points": 120, "pointsCompact": "120", "rank": 2}


async def refusal(socket: Socket, name: str, **variables: Any) -> dict[str, Any]:
    """The one error that a subscription gets for an answer."""
    await socket.subscribe(name, "refused", **variables)
    message = await socket.receive()
    errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    [error] = errors
    assert error["extensions"]["code"] == "BAD_REQUEST"
    if message["type"] == "next":
        assert (await socket.receive())["type"] == "complete"
    return {"message": error["message"], "arguments": error["extensions"]["arguments"]}


async def test_what_cannot_be_watched_is_told_and_leaves_no_listener(visitor: Client) -> None:
    ann = await member("ann")
    thread, question = await asked_by(ann)
    unknown = global_id(models.Post(id=question.id + 1))
    nobody = global_id(models.User(id=ann.id + 1))
    async with visitor.socket() as socket:
        for ids, message in (
            ([], "Watch 1 to 100 posts; these are 0."),
            (["nonsense"], "'nonsense' is not the id of a Post."),
            ([global_id(thread)], f"'{global_id(thread)}' is not the id of a Post."),
            ([global_id(question), unknown], "One of these posts does not exist."),
            ([global_id(models.Post(id=number)) for number in range(1, 102)], "Watch 1 to 100 posts; these are 101."),
        ):
            refused = await refusal(socket, "watch_votes", postIds=ids)
            assert refused == {"message": message, "arguments": ["postIds"]}
        for wanted, message in (
            (global_id(question), f"'{global_id(question)}' is not the id of a User."),
            (nobody, "There is no such user."),
        ):
            refused = await refusal(socket, "watch_points", userId=wanted)
            assert refused == {"message": message, "arguments": ["userId"]}
        await no_listener_is_left()
        assert (await watch(socket, question))[0]["score"] == 0


async def test_who_stops_watching_or_leaves_is_no_longer_listened_for(visitor: Client) -> None:
    _, question = await asked_by(await member("ann"))
    async with visitor.socket() as socket:
        await watch(socket, question)
        assert feeds.listeners == 1
        await socket.send(type="complete", id="1")
        await no_listener_is_left()
        await watch(socket, question)
        assert feeds.listeners == 1
    await no_listener_is_left()


async def test_a_socket_that_breaks_off_is_no_longer_listened_for(visitor: Client) -> None:
    _, question = await asked_by(await member("ann"))
    async with visitor.socket() as socket:
        await watch(socket, question)
        socket.raw.transport.abort()
        await no_listener_is_left()


async def test_several_subscriptions_share_a_socket(visitor: Client) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    async with visitor.socket() as socket:
        await watch(socket, question)
        await socket.subscribe("watch_points", "2", userId=global_id(ann))
        await socket.next()
        await voting.cast_vote(bob, question.id, UP)
        seen = [await socket.receive() for _ in range(2)]
        news = {message["id"]: message["payload"]["data"] for message in seen}
        assert news["1"]["votesChanged"]["score"] == 1
        assert news["2"]["pointsChanged"]["points"] == 130
