"""Queries stop at the time limit and when their client hangs up; deeds do not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from clients import Client, document

import models
from transports import watching
from transports.media_types import GRAPHQL, JSON
from transports.watching import Gone, TooLong, watched

Setting = Callable[..., None]
TOO_LONG = "This took longer than 0.2 seconds, and was given up. Ask for less at once."


class Work:
    """Something that never ends by itself."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def __call__(self, *_: Any, **__: Any) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@pytest.fixture
async def endless(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Queries never end."""
    work = Work()
    monkeypatch.setattr("schema.execution.planned", work)
    return work


@pytest.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    """Nothing is watched afterwards."""
    yield
    assert not watching._looks._under_way


async def hung_up(visitor: Client, body: dict[str, Any], begun: asyncio.Event) -> None:
    """Send a request, and hang up as soon as its work has begun."""
    address = urlsplit(str(visitor.http.base_url))
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    content = orjson.dumps(body)
    head = f"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: {JSON}\r\ncontent-length: {len(content)}\r\n\r\n"
    writer.write(head.encode() + content)
    await writer.drain()
    async with asyncio.timeout(5):
        await begun.wait()
    writer.close()
    await writer.wait_closed()


async def test_a_query_that_takes_too_long_is_given_up(visitor: Client, setting: Setting, endless: Work) -> None:
    setting(operation_seconds=0.2)
    for accept, status in ((GRAPHQL, 503), (JSON, 200)):
        endless.cancelled.clear()
        response = await visitor.http.post("/graphql", json={"query": "{ site { name } }"}, headers={"accept": accept})
        assert (response.status_code, response.headers["cache-control"]) == (status, "no-store")
        assert response.json() == {"errors": [{"message": TOO_LONG, "extensions": {"code": "TIMEOUT"}}]}
        assert endless.cancelled.is_set()


async def test_a_query_whose_client_hangs_up_stops(
    visitor: Client, endless: Work, caplog: pytest.LogCaptureFixture
) -> None:
    await hung_up(visitor, {"query": "{ site { name } }"}, endless.begun)
    async with asyncio.timeout(5):
        await endless.cancelled.wait()
    assert [record.getMessage() for record in caplog.records if record.levelname in ("ERROR", "WARNING")] == []


async def test_a_deed_is_finished_however_long_it_takes_and_whoever_hangs_up(
    visitor: Client, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(operation_seconds=0.1)
    begun = asyncio.Event()

    async def slowly(password: str) -> str:
        begun.set()
        await asyncio.sleep(0.5)
        return "hash"

    monkeypatch.setattr("services.passwords.hashed", slowly)
    assert (await visitor.do("sign_up", name="ann", email="ann@example.org", password="a long password"))["token"]
    begun.clear()
    given = {"name": "bob", "email": "bob@example.org", "password": "a long password"}
    await hung_up(visitor, {"query": document("sign_up"), "variables": {"input": given}}, begun)
    async with asyncio.timeout(5):
        while not await models.User.exists(name="bob"):  # noqa: ASYNC110  nobody is told of it
            await asyncio.sleep(0.05)


async def test_what_is_done_in_time_is_not_disturbed() -> None:
    async def work() -> int:
        await asyncio.sleep(0.3)
        return 5

    assert await watched(work(), 10, asyncio.Event().wait) == 5  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        await watched(failing(), 10)


async def failing() -> None:
    raise ZeroDivisionError


async def test_who_cancels_it_from_outside_cancels_it() -> None:
    work = Work()
    task = asyncio.create_task(watched(work(), 10))
    await work.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.cancelled.is_set()


async def test_each_reason_has_its_exception() -> None:
    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(TooLong):
        await watched(Work()(), 0.01)
    with pytest.raises(Gone):
        await watched(Work()(), 10, gone)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_queries_that_are_given_up_anywhere_leave_nothing_behind(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await visitor.sign_up("ann")
    await ann.do("ask_question", title="What is a vote worth here?", body="In points.")
    monkeypatch.setattr(watching, "WATCHED_AFTER", 0.0)
    await visitor.run("question_page", number=1)
    chance = Random(1)

    async def given_up() -> bool:
        try:
            await watched(ann.post(document("question_page"), {"number": 1}), chance.random() * 0.02)
        except TooLong:
            return True
        return False

    given = [await asyncio.gather(*(given_up() for _ in range(20))) for _ in range(10)]
    assert any(any(each) for each in given)
    page = await ann.run("question_page", number=1)
    assert page["thread"]["title"] == "What is a vote worth here?"
