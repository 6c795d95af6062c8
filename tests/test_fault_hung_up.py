"""Thousands who hang up or are cancelled at any moment: no connection, lock or task is left behind."""

import asyncio
import random
from contextlib import suppress
from typing import Any

import orjson
import pytest
from clients import Client, document
from crowd import offences
from faults import Figures, Stopwatch, size
from graphql import OperationType
from starlette.requests import HTTPConnection
from tortoise.connection import get_connection

import models
from schema import schema
from schema.context import Context

LEAVING = size(300, 10_000)
AT_ONCE = 20
#: Seconds after which somebody leaves, at the latest: most operations take less.
PATIENCE = 0.02
BOTH = (OperationType.QUERY, OperationType.MUTATION)


@pytest.fixture
def forum_url(any_forum_url: str) -> str:
    """It goes over both kinds of database."""
    return any_forum_url


async def test_who_hangs_up_leaves_nothing_behind(
    visitor: Client, figures: Figures, forum_url: str, setting: Any
) -> None:
    setting(response_cache=False)
    ann, ben = await visitor.sign_up("ann"), await visitor.sign_up("ben")
    asked = await ann.do("ask_question", title="Who is still on the line?", body="Nobody, it seems.")
    number, post = asked["thread"]["number"], asked["thread"]["question"]["id"]
    voter = await models.User.get(name="ben")
    chance = random.Random(7)

    def operation() -> dict[str, Any]:
        if chance.random() < 0.5:
            return {"query": document("question_page"), "variables": {"number": number}}
        vote = {"postId": post, "value": chance.choice(["UP", "DOWN", "NONE"])}
        return {"query": document("cast_vote"), "variables": {"input": vote}}

    async def hang_up() -> None:
        base = visitor.http.base_url
        _, writer = await asyncio.open_connection(base.host, base.port)
        body = orjson.dumps(operation())
        request = (
            f"POST /graphql HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {ben.token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode() + body
        writer.write(request if chance.random() < 0.8 else request[: chance.randrange(len(request))])
        await asyncio.sleep(chance.uniform(0, PATIENCE))
        writer.transport.abort()

    async def be_cancelled() -> None:
        asking = operation()
        request = HTTPConnection({"type": "http", "headers": [], "client": None})
        running = asyncio.create_task(
            schema.run(asking["query"], asking["variables"], None, Context(request, voter), BOTH)
        )
        await asyncio.sleep(chance.uniform(0, PATIENCE))
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    async def leave(times: int) -> None:
        for _ in range(times):
            await (hang_up() if chance.random() < 0.5 else be_cancelled())

    tasks, watch = len(asyncio.all_tasks()), Stopwatch()
    await asyncio.gather(*(leave(LEAVING // AT_ONCE) for _ in range(AT_ONCE)))
    seconds = watch.seconds
    client: Any = get_connection("default")
    for _ in range(1_000):
        is_free = not client._lock.locked() if forum_url.startswith("sqlite") else client.turns.are_over
        if is_free and len(asyncio.all_tasks()) <= tasks:
            break
        await asyncio.sleep(0.01)
    assert is_free
    assert len(asyncio.all_tasks()) <= tasks, asyncio.all_tasks()
    assert (await ben.do("cast_vote", postId=post, value="UP"))["__typename"] == "CastVotePayload"
    assert (await models.Post.get(id=1)).up_votes == 1
    assert await offences() == []
    figures.say(
        f"Cancellations and disconnects, {forum_url.partition(':')[0]}",
        f"{LEAVING:,} in {seconds:.0f} s, {AT_ONCE} at once, in a page or a vote; half hung up over HTTP.",
        "No task, lock or connection is left, the next vote counts, and the books add up.",
    )
