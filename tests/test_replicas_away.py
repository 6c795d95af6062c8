"""Replicas that go, are far behind, or are none: all is read from the primary then, and it is told."""

import asyncio
import json
import random
from collections.abc import AsyncIterator

import pytest
from clients import Client
from command_line import qa
from conftest import served
from replicated import PAUSE, forget, forum_of, place, score, until_read_from, vote
from sockets import question
from standbys import Pair

from models import database, replica_metrics, replicas
from models.database import DatabaseUnavailable
from services import changes
from transports.wire import OPTIONS


@pytest.fixture
async def visitor(pair: Pair) -> AsyncIterator[Client]:
    async with forum_of(pair) as visitor:
        yield visitor


async def test_a_crash_of_the_primary_forgets_nobodys_deed(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicas, "MOST_BEHIND", 1000)
    async with forum_of(pair) as visitor:
        asker, voter, reader = [await visitor.sign_up(name) for name in ("ann", "bob", "carl")]
        post_id = await question(asker)
        await pair.caught_up()
        await until_read_from(voter, reader)
        await pair.standby.pause()
        await vote(voter, post_id, "UP")
        forget(replicas.current())
        assert await score(voter) == 1
        await asyncio.to_thread(pair.primary.stop, "immediate")
        await asyncio.to_thread(pair.primary.start)
        for _ in range(20):
            forget(replicas.current())
            assert await score(voter) == 1
            await asyncio.sleep(0.05)
        await pair.standby.resume()
        await until_read_from(voter, reader)


@pytest.mark.parametrize("how", ["killed", "standing still"])
async def test_a_replica_that_goes_costs_nobody_an_answer_and_is_read_from_when_it_is_back(
    visitor: Client, pair: Pair, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = await visitor.sign_up("ann")
    await question(asker)
    readers = [await visitor.sign_up(f"reader{number}") for number in range(4)]
    await pair.caught_up()
    await until_read_from(*readers)
    answered = 0
    is_over = asyncio.Event()

    async def read(mine: Client) -> None:
        nonlocal answered
        while not is_over.is_set():
            assert await score(mine) == 0
            answered += 1
            await asyncio.sleep(PAUSE * random.random())

    async with asyncio.TaskGroup() as reading:
        for each in readers:
            reading.create_task(read(each))
        await asyncio.sleep(0.5)
        if how == "killed":
            await asyncio.to_thread(pair.standby.stop, "immediate")
            await until_read_from(visitor, where="primary")
            await asyncio.sleep(0.5)
            await asyncio.to_thread(pair.standby.start)
        else:
            with pair.standby.standing_still():
                await until_read_from(visitor, where="primary")
        await until_read_from(visitor, *readers)
        is_over.set()
    assert answered > 20


async def test_a_replica_far_behind_is_not_read_from(
    visitor: Client, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "MOST_BEHIND", 0.7)
    asker, reader = [await visitor.sign_up(name) for name in ("ann", "bob")]
    await pair.caught_up()
    await until_read_from(reader)
    await pair.standby.pause()
    await question(asker)
    await until_read_from(reader, where="primary")
    [said] = (await visitor.http.get("/readyz")).json()["replicas"]
    assert said["state"] == "is more than 0.7 s behind"
    assert said["secondsBehind"] > 0.7
    await pair.standby.resume()
    await until_read_from(reader)


async def test_it_is_told_how_far_replicas_are_behind_and_where_is_read(visitor: Client, pair: Pair) -> None:
    ready = await visitor.http.get("/readyz")
    [said] = ready.json()["replicas"]
    assert ready.status_code == 200
    assert (said["number"], said["state"]) == (1, "ok")
    assert 0 <= said["secondsBehind"] < replicas.MOST_BEHIND
    asker = await visitor.sign_up("ann")
    await pair.standby.pause()
    await question(asker)
    await asyncio.sleep(3 * replicas.INTERVAL)
    text = (await visitor.http.get("/metrics")).text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(lines['replica_behind_bytes{replica="1"}']) > 0
    assert float(lines['replica_behind_seconds{replica="1"}']) > 2 * replicas.INTERVAL
    assert float(lines['replica_serves{replica="1"}']) == 1
    assert float(lines['graphql_reads_total{place="replica"}']) == replica_metrics.counted("replica") > 0
    await pair.standby.resume()


async def test_what_is_no_standby_of_the_primary_is_refused(pair: Pair, scratch_postgres: str) -> None:
    async with pair.forum() as (url, _), database.connected(url):
        for other, why in ((url, "is no standby"), (pair.standby.url, "is a standby of another")):
            with pytest.raises(DatabaseUnavailable, match=f"^Number 1 of READ_REPLICAS {why}"):
                async with replicas.reading(url, [other], changes.told):
                    pass
    assert replicas.current() is None


async def test_the_server_says_so_in_a_line(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pair.forum() as (url, _):
        monkeypatch.setenv("READ_REPLICAS", json.dumps([url]))
        refused = await asyncio.to_thread(qa, url, "serve")
    assert refused.status == 1
    assert refused.errors == "Number 1 of READ_REPLICAS is no standby."


async def test_a_replica_that_is_not_there_at_the_start_is_waited_for(pair: Pair) -> None:
    async with pair.forum() as (url, at_standby), database.connected(url):
        await asyncio.to_thread(pair.standby.stop, "fast")
        async with replicas.reading(url, [at_standby], changes.told), served(url, OPTIONS) as visitor:
            assert (await place(visitor))[0] == "primary"
            [said] = (await visitor.http.get("/readyz")).json()["replicas"]
            assert said == {"number": 1, "state": "does not answer: ConnectionRefusedError"}
            await asyncio.to_thread(pair.standby.start)
            await until_read_from(visitor)
