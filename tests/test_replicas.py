"""Queries are read from a standby, and who does something sees it at once, whatever the standby has replayed."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from clients import Client, document
from command_line import serving
from keeping import keeping
from replicated import forget, forum_of, place, score, until_read_from, vote
from sockets import question
from standbys import Pair

from models import replica_metrics, replicas


@pytest.fixture
async def visitor(pair: Pair) -> AsyncIterator[Client]:
    async with forum_of(pair) as visitor:
        yield visitor


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


async def test_a_tick_under_way_may_have_been_before_what_was_seen() -> None:
    class Primary:
        is_open = True
        says = asyncio.Event()

        async def ask(self, question: str) -> list[int]:
            await self.says.wait()
            return [100]

    url = "postgres://ann@localhost/forum"
    here = replicas.Replicas(url, [url], lambda: 0)
    here._primary = primary = Primary()  # type: ignore[assignment]
    [replica] = here.all
    replica.trouble, replica.replayed = "", 100
    tick = asyncio.create_task(here._tick())
    await asyncio.sleep(0)
    here.saw(1)
    primary.says.set()
    await tick
    replica.passed = here._ticks[-1]
    assert [here.choose(1), here.choose(2)] == [None, replica]
    assert [here.choose(2, written=100), here.choose(2, written=101)] == [replica, None]
    await here._tick()
    replica.passed = here._ticks[-1]
    assert here.choose(1) is replica


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
