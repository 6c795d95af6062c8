"""Queries are read from a standby, and who does something sees it at once, whatever the standby has replayed."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from clients import Client, document
from command_line import qa, serving
from conftest import served
from keeping import keeping
from sockets import question
from standbys import Pair

from models import database, replica_metrics, replicas
from models.database import DatabaseUnavailable
from services import changes
from transports.wire import OPTIONS

PATIENCE = 20


@asynccontextmanager
async def forum_of(pair: Pair) -> AsyncIterator[Client]:
    """A visitor to a forum that is read from the standby, served from this process."""
    async with (
        pair.forum() as (url, at_standby),
        database.connected(url),
        replicas.reading(url, [at_standby], changes.told),
        served(url, OPTIONS) as visitor,
    ):
        await until_read_from(visitor)
        yield visitor


@pytest.fixture
async def visitor(pair: Pair) -> AsyncIterator[Client]:
    async with forum_of(pair) as visitor:
        yield visitor


async def place(reader: Client, name: str = "site_name", **variables: Any) -> tuple[str, dict[str, Any]]:
    """Where a query is read, and what it answers."""
    before = replica_metrics.counted("replica")
    answer = await reader.run(name, **variables)
    return "replica" if replica_metrics.counted("replica") > before else "primary", answer


async def until_read_from(*readers: Client, where: str = "replica") -> None:
    """Wait until the queries of all of them are read there."""
    async with asyncio.timeout(PATIENCE):
        for reader in readers:
            while (await place(reader))[0] != where:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def score(reader: Client) -> int:
    """The score of the first question, as somebody is shown it."""
    page = await reader.run("question_page", number=1)
    found: int = page["thread"]["question"]["score"]
    return found


def forget(here: replicas.Replicas | None) -> None:
    """Have this process know as little of what its readers did and saw as another one does."""
    assert here is not None
    here._seen.clear()


async def vote(voter: Client, post_id: str, value: str) -> None:
    result = await voter.do("cast_vote", postId=post_id, value=value)
    assert result["__typename"] == "CastVotePayload", result


async def test_a_writer_sees_at_once_what_others_see_when_it_has_been_replayed(visitor: Client, pair: Pair) -> None:
    asker, voter, reader = [await visitor.sign_up(name) for name in ("ann", "bob", "carl")]
    post_id = await question(asker)
    await pair.caught_up()
    await until_read_from(visitor, asker, voter, reader)
    await pair.standby.pause()

    await vote(voter, post_id, "UP")
    assert [await score(voter) for _ in range(3)] == [1, 1, 1]
    assert (await place(voter))[0] == "primary"
    assert [await score(each) for each in (reader, asker, visitor)] == [0, 0, 0]
    assert [(await place(each))[0] for each in (reader, asker, visitor)] == ["replica"] * 3

    await pair.standby.resume()
    await until_read_from(voter)
    assert [await score(each) for each in (voter, reader, asker, visitor)] == [1, 1, 1, 1]
    assert (await place(voter))[0] == "replica"


async def test_all_of_a_page_is_read_at_one_place_also_without_a_plan(
    visitor: Client, pair: Pair, setting: Any, statements: list[str]
) -> None:
    asker, voter = [await visitor.sign_up(name) for name in ("ann", "bob")]
    post_id = await question(asker)
    await pair.caught_up()
    await until_read_from(asker, voter)
    counts = []
    for planner in ("on", "off"):
        setting(planner=planner)
        await until_read_from(asker, voter)
        await pair.standby.pause()
        await vote(voter, post_id, "UP" if planner == "on" else "NONE")
        for each in (asker, voter):
            statements.clear()
            await each.run("question_page", number=1)
            counts.append(len([sent for sent in statements if "pg_current_wal" not in sent]))
        older, newer = await score(asker), await score(voter)
        assert (older, newer) == ((0, 1) if planner == "on" else (1, 0))
        await pair.standby.resume()
        await until_read_from(voter)
    assert counts[0] == counts[1] == 2  # the session, and the page
    assert counts[2] == counts[3] > 2


async def test_a_socket_keeps_what_its_caller_did(visitor: Client, pair: Pair) -> None:
    asker, voter = [await visitor.sign_up(name) for name in ("ann", "bob")]
    post_id = await question(asker)
    await pair.caught_up()
    await until_read_from(voter)
    await pair.standby.pause()
    async with voter.socket() as socket:
        payload = {"query": document("cast_vote"), "variables": {"input": {"postId": post_id, "value": "UP"}}}
        await socket.send(type="subscribe", id="1", payload=payload)
        await socket.next()
        assert (await socket.receive())["type"] == "complete"
        await socket.subscribe("question_page", "2", number=1)
        page = await socket.next()
        assert page["thread"]["question"]["score"] == 1
    assert await score(voter) == 1
    await pair.standby.resume()


async def test_who_has_seen_something_at_the_primary_is_not_shown_what_was_before(
    visitor: Client, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker, voter, *readers = [await visitor.sign_up(name) for name in ("ann", "bob", "carl", "dan", "eve")]
    post_id = await question(asker)
    await pair.caught_up()
    await until_read_from(visitor, *readers)
    await pair.standby.pause()
    await vote(voter, post_id, "UP")
    with monkeypatch.context() as impatient:
        impatient.setattr(replicas, "MOST_BEHIND", 0.0)
        await until_read_from(visitor, where="primary")
        assert [await score(readers[0]), await score(visitor)] == [1, 1]
    while (await visitor.http.get("/readyz")).json()["replicas"][0]["state"] != "ok":  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    # The replica is read from again, and has nothing new: that is good enough for two who have seen nothing of it.
    assert [await score(each) for each in (*readers, visitor)] == [1, 0, 0, 1]
    monkeypatch.setattr(replicas, "MOST_SEEN", 1)  # who is forgotten for others has to wait as long
    assert [await score(each) for each in (voter, readers[0], visitor)] == [1, 1, 1]
    assert [await score(each) for each in (readers[0], voter, visitor)] == [1, 1, 1]
    await pair.standby.resume()
    await until_read_from(visitor, voter, *readers)


async def test_who_writes_without_an_account_is_read_for_at_the_primary(visitor: Client, pair: Pair) -> None:
    user = await visitor.sign_up("ann")
    await pair.caught_up()
    await until_read_from(visitor, user)
    await pair.standby.pause()
    for writer in (visitor, user):
        await writer.do("write_question", title="Who can write here?", body="", anonymous={})
        kept = dict(visitor.http.cookies)
        assert list(kept) == ["writer"]
        forget(replicas.current())
        assert (await place(writer))[0] == "primary"
        visitor.http.cookies.clear()
        forget(replicas.current())
        assert (await place(user))[0] == "replica", "nothing says that it was the account"
    await pair.standby.resume()


async def test_an_answer_to_visitors_is_kept_only_if_the_replica_had_all_that_was_told(
    visitor: Client, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker, voter = [await visitor.sign_up(name) for name in ("ann", "bob")]
    post_id = await question(asker)
    await pair.caught_up()
    with keeping(monkeypatch) as answers:
        await until_read_from(asker, voter, visitor)
        await asyncio.sleep(3 * replicas.INTERVAL)
        await pair.standby.pause()
        assert [await score(visitor), len(answers)] == [0, 2]  # the site's name is the other one
        await vote(voter, post_id, "UP")
        assert [await score(visitor), len(answers)] == [0, 1]
        await pair.standby.resume()
        await until_read_from(voter)
        assert [await score(visitor), len(answers)] == [1, 2]


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


async def test_another_process_shows_a_writer_what_they_did_at_this_one(pair: Pair) -> None:
    async with pair.forum() as (url, at_standby), AsyncExitStack() as stack:
        environment = {"READ_REPLICAS": json.dumps([at_standby])}
        both = await asyncio.gather(*(stack.enter_async_context(serving(url, **environment)) for _ in range(2)))
        here, there = [Client(http) for _, http in both]
        asker, *writers = [await here.sign_up(f"writer{number}") for number in range(4)]
        post_id = await question(asker)
        await pair.caught_up()
        await asyncio.sleep(10 * replicas.INTERVAL)
        for number in range(4):
            await pair.standby.pause()
            seen = []
            for writer in writers:
                await vote(writer, post_id, "NONE" if number % 2 else "UP")
                page = await Client(there.http, writer.token).run("question_page", number=1)
                seen.append(page["thread"]["question"]["viewerVote"])
            assert set(seen) == {"NONE" if number % 2 else "UP"}, seen
            await pair.standby.resume()
            await asyncio.sleep(5 * replicas.INTERVAL)
        text = (await there.http.get("/metrics")).text
        read = {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if "graphql_reads_total{" in line}
        assert read['graphql_reads_total{place="primary"}'] >= 1


async def test_no_writer_ever_misses_what_they_did_and_nobody_goes_back(visitor: Client, pair: Pair) -> None:
    chance = random.Random(11)
    asker = await visitor.sign_up("ann")
    post_id = await question(asker)
    voters = [await visitor.sign_up(f"voter{number}") for number in range(6)]
    readers = [await visitor.sign_up(f"reader{number}") for number in range(3)]
    await pair.caught_up()
    is_over = asyncio.Event()
    places: set[tuple[str, bool]] = set()

    async def write(mine: Client) -> None:
        version = 0
        while not is_over.is_set():
            value = chance.choice(["UP", "DOWN", "NONE"])
            result = await mine.do("cast_vote", postId=post_id, value=value)
            version = max(version, result["post"]["version"])
            for _ in range(chance.randrange(1, 6)):
                page = await mine.run("question_page", number=1)
                shown = page["thread"]["question"]
                assert (shown["viewerVote"], shown["version"] >= version) == (value, True), (shown, version)
                version = shown["version"]
                await asyncio.sleep(chance.choice([0, 0.01, 0.1]))

    async def read(mine: Client) -> None:
        version = 0
        while not is_over.is_set():
            before = replica_metrics.counted("replica")
            shown = (await mine.run("question_page", number=1))["thread"]["question"]
            assert shown["version"] >= version
            version = shown["version"]
            places.add(("replica", replica_metrics.counted("replica") > before))
            await asyncio.sleep(chance.choice([0, 0.02]))

    async with asyncio.TaskGroup() as running:
        for each in voters:
            running.create_task(write(each))
        for each in readers:
            running.create_task(read(each))
        for _ in range(6):
            await asyncio.sleep(chance.uniform(0.1, 0.5))
            await pair.standby.pause()
            await asyncio.sleep(chance.uniform(0.1, 0.6))
            await pair.standby.resume()
        is_over.set()
    assert ("replica", True) in places


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
    assert answered > 50


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
