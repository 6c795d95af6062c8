"""`qa serve --workers 2` on PostgreSQL and Redis: who listens to one process sees what goes through the other.

OUTAGE=10 has Redis stay away for ten seconds, and not three.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import orjson
import psutil  # type: ignore[import-untyped]
import pytest
import redis.asyncio
import websockets
from clients import Client, Socket
from command_line import outcome, serving, tell
from own_redis import OwnRedis
from sockets import question
from used_again import UsedAgain

PREFIX = "workers"
OUTAGE = float(os.environ.get("OUTAGE", "3"))
Process = asyncio.subprocess.Process


@pytest.fixture
async def url(postgres_template: str, used_again: UsedAgain) -> str:
    """A forum on PostgreSQL."""
    return await used_again.like(postgres_template)


@pytest.fixture
async def served(url: str, stoppable_redis: OwnRedis) -> AsyncIterator[tuple[Process, httpx2.AsyncClient]]:
    """The forum, served by two processes."""
    environment = {"REDIS_URL": stoppable_redis.url, "REDIS_PREFIX": PREFIX, "PYTHONUNBUFFERED": "1"}
    async with serving(url, "--workers", "2", **environment) as (process, http):
        await until_heard_by(2, stoppable_redis, "all")
        try:
            yield process, http
        finally:
            if process.returncode is None:  # and not by force: its workers would stay
                process.terminate()
                await process.communicate()


@asynccontextmanager
async def away(url: str) -> AsyncIterator[None]:
    """The database, closed to all while the block lasts."""
    parts = urlsplit(url)
    server, name = parts._replace(path="/postgres").geturl(), parts.path.strip("/")
    await tell(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    try:
        await tell(server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        yield
    finally:
        await tell(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def workers(process: Process) -> list[psutil.Process]:
    """The processes that serve."""
    children = psutil.Process(process.pid).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


async def hearing(server: OwnRedis, channel: str) -> int:
    """How many processes hear what is said on a channel."""
    async with redis.asyncio.Redis.from_url(server.url) as client:
        [(_, amount)] = await client.pubsub_numsub(f"{PREFIX}:{channel}")
    return int(amount)


async def until_heard_by(amount: int, server: OwnRedis, channel: str) -> None:
    """Wait until so many processes hear what is said on a channel."""
    async with asyncio.timeout(30):
        while await hearing(server, channel) != amount:  # noqa: ASYNC110  it is Redis's to know
            await asyncio.sleep(0.02)


class Listener:
    """Who watches a post, on a socket, and connects anew where that breaks: what was seen last, and all versions."""

    def __init__(self, visitor: Client, post_id: str) -> None:
        self._visitor = visitor
        self._post_id = post_id
        self.ends: list[int | None] = []
        self.versions: list[list[int]] = []
        self.seen: dict[str, Any] = {}

    async def listen(self) -> None:
        """Listen until cancelled, or told that the server goes."""
        while True:
            self.versions.append([])
            try:
                async with self._visitor.socket() as socket:
                    await self._follow(socket)
            except websockets.ConnectionClosed as closed:
                self.ends.append(closed.rcvd.code if closed.rcvd else None)
                if closed.rcvd and closed.rcvd.code == 1012:
                    return
            await asyncio.sleep(0.05)

    async def _follow(self, socket: Socket) -> None:
        await socket.subscribe("watch_votes", postIds=[self._post_id])
        while True:
            message = await socket.receive()
            if message["type"] == "ping":
                await socket.send(type="pong")
                continue
            assert message["type"] == "next", message
            self.seen = message["payload"]["data"]["votesChanged"]
            self.versions[-1].append(self.seen["version"])


@asynccontextmanager
async def listening_at_both(visitor: Client, post_id: str, server: OwnRedis) -> AsyncIterator[list[Listener]]:
    """Who listens to the first post of the forum, at both processes."""
    listeners: list[Listener] = []
    tasks: list[asyncio.Task[None]] = []
    try:
        while await hearing(server, "post:1") < 2:
            listeners += (more := [Listener(visitor, post_id) for _ in range(5)])
            tasks += [asyncio.create_task(each.listen()) for each in more]
            await until_all(more, lambda each: bool(each.seen))
        yield listeners
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [each for each in ended if isinstance(each, Exception)] == []
    # Of what one connection showed, nothing ever went back.
    assert all(seen == sorted(seen) for each in listeners for seen in each.versions)


async def until_all(listeners: Sequence[Listener], is_so: Callable[[Listener], bool]) -> None:
    """Wait until something is so of each."""
    async with asyncio.timeout(20):
        while not all(map(is_so, listeners)):  # noqa: ASYNC110  what is looked at tells nobody
            await asyncio.sleep(0.02)


async def voted(voter: Client, post_id: str, value: str) -> dict[str, Any]:
    """The post after a vote, which must not fail."""
    result = await voter.do("cast_vote", postId=post_id, value=value)
    assert result["__typename"] == "CastVotePayload", result
    return {name: result["post"][name] for name in ("score", "upVotes", "downVotes", "version")}


def sees(post: dict[str, Any]) -> Callable[[Listener], bool]:
    """Whether a listener saw the post last as it is."""
    return lambda listener: post.items() <= listener.seen.items()


async def test_listeners_of_both_processes_end_at_the_right_counts_though_redis_goes_and_comes(
    served: tuple[Process, httpx2.AsyncClient], stoppable_redis: OwnRedis
) -> None:
    process, http = served
    visitor = Client(http)
    asker, *voters = [await visitor.sign_up(name) for name in ("ann", "bob", "carl", "dan")]
    post_id = await question(asker)
    for each in workers(process):  # thousands of listeners want thousands of files
        soft, hard = each.rlimit(psutil.RLIMIT_NOFILE)
        assert soft == hard

    async def vote_meanwhile(voter: Client, is_over: asyncio.Event) -> None:
        while not is_over.is_set():
            for value in ("UP", "DOWN", "NONE"):
                await voted(voter, post_id, value)
                await asyncio.sleep(0.02)

    async with listening_at_both(visitor, post_id, stoppable_redis) as listeners:
        await until_all(listeners, sees(await voted(voters[0], post_id, "UP")))

        is_over = asyncio.Event()
        async with asyncio.TaskGroup() as voting:
            for voter in voters:
                voting.create_task(vote_meanwhile(voter, is_over))
            await asyncio.sleep(0.3)
            stoppable_redis.stop()
            await asyncio.sleep(OUTAGE - 1)
            is_over.set()
        # The last of it happens while nothing can be told to the other process, and when that has read what it counted.
        await asyncio.sleep(1)
        last = await voted(voters[0], post_id, "UP")
        await asyncio.sleep(0.3)
        assert not all(map(sees(last), listeners))
        stoppable_redis.start()
        async with asyncio.timeout(5):
            await until_all(listeners, sees(last))

        await until_all(listeners, sees(await voted(voters[1], post_id, "DOWN")))


async def test_what_is_written_at_one_process_is_forgotten_at_the_other(
    served: tuple[Process, httpx2.AsyncClient], stoppable_redis: OwnRedis
) -> None:
    _, http = served
    asker, voter = [await Client(http).sign_up(name) for name in ("ann", "bob")]
    post_id = await question(asker)
    visitors = [httpx2.AsyncClient(base_url=http.base_url) for _ in range(12)]
    for value, score in (("UP", 1), ("DOWN", -1), ("NONE", 0)):
        await voted(voter, post_id, value)
        await asyncio.sleep(0.5)  # far shorter than answers are kept
        pages = await asyncio.gather(*(Client(each).run("question_page", number=1) for each in visitors))
        assert {page["thread"]["question"]["score"] for page in pages} == {score}
    for each in visitors:
        await each.aclose()


async def test_a_process_that_dies_is_replaced_and_all_end_together(
    served: tuple[Process, httpx2.AsyncClient], stoppable_redis: OwnRedis
) -> None:
    process, http = served
    visitor = Client(http)
    asker, voter = [await visitor.sign_up(name) for name in ("ann", "bob")]
    post_id = await question(asker)
    async with listening_at_both(visitor, post_id, stoppable_redis) as listeners:
        victim, other = workers(process)
        victim.kill()
        await until_heard_by(1, stoppable_redis, "all")
        await until_heard_by(2, stoppable_redis, "all")
        assert other in workers(process)
        assert victim not in workers(process)
        async with httpx2.AsyncClient(base_url=http.base_url) as anew:
            await until_all(listeners, sees(await voted(Client(anew, voter.token), post_id, "UP")))
        assert any(len(each.versions) > 1 for each in listeners)

        both = workers(process)
        process.send_signal(signal.SIGTERM)
        await until_all(listeners, lambda each: each.ends[-1:] == [1012])
    ended = await asyncio.wait_for(outcome(process), timeout=20)
    assert (ended.status, ended.errors) == (0, "")
    assert [each for each in both if each.is_running()] == []


async def test_a_process_that_dies_when_it_is_asked_whether_it_lives_is_replaced_at_once(
    served: tuple[Process, httpx2.AsyncClient], stoppable_redis: OwnRedis
) -> None:
    process, _ = served
    victim, _ = workers(process)
    victim.suspend()
    await asyncio.sleep(2)  # by now it was asked, and does not answer
    victim.kill()
    async with asyncio.timeout(30):
        await until_heard_by(1, stoppable_redis, "all")
        await until_heard_by(2, stoppable_redis, "all")


async def test_a_process_that_is_replaced_while_the_database_is_away_waits_for_it(
    served: tuple[Process, httpx2.AsyncClient], stoppable_redis: OwnRedis, url: str
) -> None:
    process, http = served
    assert process.stdout is not None
    said = asyncio.create_task(line_with(process.stdout, "waiting for the database"))
    victim, other = workers(process)
    async with away(url):
        victim.kill()
        await until_heard_by(1, stoppable_redis, "all")
        line = await asyncio.wait_for(said, 60)
        assert line["level"] == "warning"
        assert "not currently accepting connections" in line["error"]
        assert process.returncode is None
        assert other in workers(process)
    await until_heard_by(2, stoppable_redis, "all")
    assert await Client(http).run("site_name") == {"site": {"name": "Plainspoken"}}


async def test_a_process_that_waits_for_the_database_ends_when_told(
    served: tuple[Process, httpx2.AsyncClient], stoppable_redis: OwnRedis, url: str
) -> None:
    process, _ = served
    assert process.stdout is not None
    said = asyncio.create_task(line_with(process.stdout, "waiting for the database"))
    async with away(url):
        workers(process)[0].kill()
        await asyncio.wait_for(said, 60)
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)


async def line_with(stream: asyncio.StreamReader, words: str) -> dict[str, Any]:
    """The first line of a log that has these words."""
    lines = []
    async for line in stream:
        if words.encode() in line:
            found: dict[str, Any] = orjson.loads(line)
            return found
        lines.append(line)
    raise AssertionError(f"The log ends without it: {lines}")
