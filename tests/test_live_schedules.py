"""Random schedules: votes, hides, slow readers, disconnects, reconnects and lost news in any order, and what listeners
may then have seen: no version goes back, the final state is missed by none, and nobody sees what they may not.

SCHEDULES=50 tries more of them than the suite does.
"""

import asyncio
import os
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from clients import Client, Socket
from crowd import answered_by, asked_by, member, members, trusted
from tortoise.expressions import F
from websockets import ConnectionClosed

import models
from models import PostState, UserLevel, VoteValue
from schema.nodes import global_id
from services import live, voting
from transports.listening import feeds

SCHEDULES = int(os.environ.get("SCHEDULES", "4"))
STEPS = 250
LISTENERS = 12
VOTES = list(VoteValue)
SELECTIONS = [
    "id version score upVotes downVotes body",
    "id version score upVotes downVotes body viewerVote",
    "id version score upVotes downVotes body thread { answerCount }",
]


class Listener:
    """Somebody who watches some posts, again after each disconnection; `seen` is the newest of each since then."""

    def __init__(self, client: Client, posts: list[models.Post], selection: str, sees_hidden: bool) -> None:
        self.client = client
        self.posts = posts
        self.query = f"subscription($postIds: [ID!]!) {{ votesChanged(postIds: $postIds) {{ {selection} }} }}"
        self.sees_hidden = sees_hidden
        self.seen: dict[str, dict[str, Any]] = {}
        #: Set while this listener reads what comes.
        self.reads = asyncio.Event()
        self.reads.set()
        self._task: asyncio.Task[None] | None = None
        self.socket: Socket | None = None

    def connect(self) -> None:
        """Come, or come again."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())

    async def disconnect(self, *, abruptly: bool) -> None:
        """Go, in mid sentence perhaps."""
        if self.socket is not None and abruptly:
            self.socket.raw.transport.abort()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _listen(self) -> None:
        self.seen = {}
        with suppress(OSError, ConnectionClosed):
            async with self.client.socket() as self.socket:
                payload = {"query": self.query, "variables": {"postIds": [global_id(post) for post in self.posts]}}
                await self.socket.send(type="subscribe", id="1", payload=payload)
                while True:
                    await self.reads.wait()
                    message = await self.socket.receive()
                    if message["type"] == "error":  # a post that cannot be seen now: there is nothing to watch
                        return
                    if message["type"] == "next":
                        self._note(message["payload"]["data"]["votesChanged"])

    def _note(self, post: dict[str, Any]) -> None:
        earlier = self.seen.get(post["id"])
        assert earlier is None or post["version"] >= earlier["version"], (earlier, post)
        assert post["score"] == post["upVotes"] - post["downVotes"]
        assert self.sees_hidden or "secret" not in post["body"], post
        self.seen[post["id"]] = post


def choices(rng: random.Random) -> Iterator[str]:
    """What happens next."""
    while True:
        yield rng.choices(
            ["vote", "hide or restore", "disconnect", "connect", "slow", "lost", "wait"], [60, 6, 6, 12, 6, 1, 9]
        )[0]


async def write(post: models.Post, *, is_hidden: bool) -> None:
    """Hide a post with a secret in it, or show it again without: as one deed, which tells its news."""
    state, body = (PostState.HIDDEN, "a secret") if is_hidden else (PostState.VISIBLE, "for all to read")
    await models.Post.filter(id=post.id).update(state=state, body=body, version=F("version") + 1)
    live.publish(live.post_topic(post.id))


@pytest.mark.parametrize("seed", range(SCHEDULES))
async def test_whatever_happens_in_whatever_order(visitor: Client, seed: int, setting: Any) -> None:
    rng = random.Random(seed)
    setting(live_rate=rng.choice([20, 200, 1000]))
    ann, voters = await member("ann"), await members(5)
    judge, bob = await trusted(visitor, "judge", UserLevel.MODERATOR), await visitor.sign_up("bob")
    thread, question = await asked_by(ann)
    posts = [question, *[await answered_by(voter, thread) for voter in voters[:3]]]
    clients = [(visitor, False), (bob, False), (judge, True)]
    listeners = []
    for number in range(LISTENERS):
        client, sees_hidden = clients[number % 3]
        some = [post for post in posts if rng.random() < 0.6] or posts
        listeners.append(Listener(client, some, rng.choice(SELECTIONS), sees_hidden))
    hidden: set[int] = set()
    deeds: set[asyncio.Task[Any]] = set()
    for listener in listeners:
        listener.connect()
    for _, choice in zip(range(STEPS), choices(rng), strict=False):
        listener, post = rng.choice(listeners), rng.choice(posts)
        match choice:
            case "vote" if post.id not in hidden:
                deeds.add(asyncio.create_task(voted(rng.choice(voters), post, rng.choice(VOTES))))
            case "hide or restore" if post.id != question.id:
                await write(post, is_hidden=post.id not in hidden)
                hidden ^= {post.id}
            case "disconnect":
                await listener.disconnect(abruptly=rng.random() < 0.5)
            case "connect":
                listener.connect()
            case "slow":
                (listener.reads.clear if listener.reads.is_set() else listener.reads.set)()
            case "lost":
                live.missed()
            case "wait":
                await asyncio.sleep(rng.random() * 0.02)
    await asyncio.gather(*deeds)
    for post in posts:
        if post.id in hidden:
            await write(post, is_hidden=False)
    for listener in listeners:
        listener.reads.set()
        listener.connect()
    wanted = {global_id(each): each for each in await models.Post.all()}
    async with asyncio.timeout(20):
        while not all(is_final(listener, wanted) for listener in listeners):
            for listener in listeners:
                raised = listener._task is not None and listener._task.done() and listener._task.exception()
                assert not raised, raised
                listener.connect()  # whom a hidden post had turned away
            await asyncio.sleep(0.02)
    for listener in listeners:
        await listener.disconnect(abruptly=False)
    async with asyncio.timeout(5):
        while feeds.listeners:  # noqa: ASYNC110  leaving is no event
            await asyncio.sleep(0.01)
    assert len(feeds) == 0


async def voted(voter: models.User, post: models.Post, value: VoteValue) -> None:
    """Vote; refused, for one's own post or one that is hidden by now, it is as well."""
    with suppress(Exception):
        await voting.cast_vote(voter, post.id, value)


def is_final(listener: Listener, posts: dict[str, models.Post]) -> bool:
    """Whether a listener has ended at what is."""
    for watched in listener.posts:
        post = posts[global_id(watched)]
        seen = listener.seen.get(global_id(post))
        if seen is None or seen["version"] < post.version:
            return False
        shown = tuple(seen[name] for name in ("version", "score", "upVotes", "downVotes", "body"))
        assert shown == (post.version, post.score, post.up_votes, post.down_votes, post.body), (seen, post.version)
    return True
