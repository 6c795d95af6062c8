"""Views of threads: one for each viewer and day, counted for all threads at once, and nothing kept of who they were."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from clients import Client, document
from crowd import asked_by, member, members

import models
from models import database
from schema.nodes import global_id
from server import app, lifespan
from services import audit, clock, origin, viewing, voting
from services.actors import Actor, Writer
from services.errors import NotFound
from settings import settings

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
async def nothing_noted(forum: str) -> AsyncIterator[None]:
    viewing._noted.clear()
    yield
    viewing._noted.clear()


async def broken() -> list[str]:
    return [finding.name async for finding in audit.check() if finding.offenders]


async def view(actor: Actor, thread: models.Thread, address: str | None = None, user_agent: str = BROWSER) -> None:
    with origin.coming_from(address):
        await viewing.view_thread(actor, thread.id, user_agent)


async def views(*threads: models.Thread) -> list[int]:
    """How often these threads have been viewed, when all is counted."""
    await viewing.count()
    return [(await models.Thread.get(id=thread.id)).view_count for thread in threads]


async def test_a_viewer_counts_once_a_day_over_http(visitor: Client) -> None:
    thread, _ = await asked_by(await member("ann"))
    bob = await visitor.sign_up("bob")

    async def shown(client: Client) -> Any:
        body = {"query": document("view_thread"), "variables": {"input": {"threadId": global_id(thread)}}}
        answer = await client.http.post("/graphql", json=body, headers={**client.headers, "user-agent": BROWSER})
        return answer.json()["data"]["viewThread"]

    for client in (bob, visitor, bob, visitor):
        assert await shown(client) == {
            "__typename": "ViewThreadPayload",
            "thread": {"id": global_id(thread), "viewCount": 0},
        }
    assert await views(thread) == [2]
    before = thread.hotness
    await thread.refresh_from_db()
    assert thread.hotness == before + 2 * 100 * 4_000
    for _ in range(2):
        assert (await shown(bob))["thread"]["viewCount"] == 2
        assert await views(thread) == [2]
    assert await broken() == []
    missing = await visitor.do("view_thread", threadId="VGhyZWFkOjk5OQ")
    assert missing == {"__typename": "NotFound", "message": "There is no such thread."}


async def test_a_query_is_no_view(visitor: Client) -> None:
    thread, _ = await asked_by(await member("ann"))
    visitor.http.headers["user-agent"] = BROWSER
    await visitor.run("question_page", number=thread.id)
    assert await views(thread) == [0]


async def test_who_is_another_account_or_comes_from_another_network_is_another_viewer(forum: str) -> None:
    ann, bob, cid = await members(3)
    thread, _ = await asked_by(ann)
    other, _ = await asked_by(ann)
    await view(bob, thread, "192.0.2.1")
    await view(bob, thread, "192.0.2.2")
    assert await views(thread) == [1]
    await view(cid, thread, "192.0.2.1")
    await view(None, thread, "192.0.2.1")
    await view(None, thread, "::ffff:192.0.2.1")
    # A cookie costs nothing, and the last half of an IPv6 address is whatever its owner wants.
    await view(Writer("a" * 64), thread, "192.0.2.1")
    assert await views(thread) == [3]
    await view(None, thread, "2001:db8::1")
    await view(None, thread, "2001:db8::2%eth0")
    await view(None, thread, "2001:db8:0:1::1")
    assert await views(thread) == [5]
    await view(Writer("a" * 64), thread)
    await view(None, thread)
    await view(None, thread, "a socket")
    await view(bob, other)
    assert await views(thread, other) == [7, 1]
    assert await broken() == []


@pytest.mark.parametrize(
    ("user_agent", "counts"),
    [
        (BROWSER, 1),
        ("", 0),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", 0),
        ("curl/8.14.1", 0),
        ("facebookexternalhit/1.1", 0),
    ],
)
async def test_programs_do_not_count(forum: str, user_agent: str, counts: int) -> None:
    thread, _ = await asked_by(await member("ann"))
    await view(None, thread, "192.0.2.1", user_agent)
    assert await views(thread) == [counts]


async def test_ones_own_thread_does_not_count(forum: str) -> None:
    ann, writer = await member("ann"), Writer("a" * 64)
    thread, _ = await asked_by(ann)
    theirs, _ = await asked_by(ann)
    await models.Thread.filter(id=theirs.id).update(author_id=None, writer_key=writer.key)
    await view(ann, thread, "192.0.2.1")
    await view(writer, theirs, "192.0.2.1")
    assert await views(thread, theirs) == [0, 0]
    await view(ann, theirs, "192.0.2.1")
    await view(writer, thread, "192.0.2.1")
    assert await views(thread, theirs) == [1, 1]


async def test_what_a_viewer_may_not_see_they_do_not_view(forum: str) -> None:
    thread, _ = await asked_by(await member("ann"))
    await models.Thread.filter(id=thread.id).update(state="hidden")
    with pytest.raises(NotFound):
        await view(None, thread, "192.0.2.1")


async def test_a_day_later_a_viewer_counts_again_and_the_day_before_is_forgotten(forum: str) -> None:
    thread, _ = await asked_by(await member("ann"))
    keys = set()
    for day in range(3):
        with clock.standing_at(NOON + timedelta(days=day)):
            await view(None, thread, "192.0.2.1")
            assert await views(thread) == [day + 1]
        [row] = await models.ThreadView.all()
        keys.add(row.viewer_key)
        assert row.day == (NOON + timedelta(days=day)).date()
    assert len(keys) == 3
    late = NOON + timedelta(days=2, hours=12)
    with clock.standing_at(late + timedelta(minutes=9)):
        await viewing.count()
        assert await models.ThreadView.all().count() == 1
    with clock.standing_at(late + timedelta(minutes=11)):
        await viewing.count()
        assert await models.ThreadView.all().count() == 0


async def test_many_threads_are_counted_in_as_many_statements_as_one(forum: str, statements: list[str]) -> None:
    ann, *others = await members(4)
    threads = [(await asked_by(ann))[0] for _ in range(12)]
    costs = []
    for viewed in (threads[:1], threads):
        for thread in viewed:
            for viewer in others:
                await view(viewer, thread)
        statements.clear()
        await viewing.count()
        costs.append(len(statements))
    assert costs[0] == costs[1]
    assert await views(*threads) == [3] * 12
    assert await broken() == []


async def test_what_could_not_be_counted_is_counted_later(forum: str) -> None:
    thread, _ = await asked_by(await member("ann"))
    await view(None, thread, "192.0.2.1")
    await database.disconnect()
    with pytest.raises(Exception):  # noqa: B017, PT011  whatever a database that is not there raises
        await viewing.count()
    await database.connect(forum)
    assert await views(thread) == [1]


async def test_no_more_is_noted_than_fits(forum: str, monkeypatch: pytest.MonkeyPatch) -> None:
    thread, _ = await asked_by(await member("ann"))
    monkeypatch.setattr(viewing, "MOST_NOTED", 5)
    for number in range(9):
        await view(None, thread, f"192.0.2.{number}")
    assert await views(thread) == [5]


async def test_threads_that_are_gone_by_then_are_passed_over(forum: str) -> None:
    ann = await member("ann")
    (gone, _), (thread, _) = await asked_by(ann), await asked_by(ann)
    for each in (gone, thread):
        await view(None, each, "192.0.2.1")
    await models.Post.filter(thread_id=gone.id).delete()
    await models.Thread.filter(id=gone.id).delete()
    assert await views(thread) == [1]


async def test_views_and_votes_of_a_crowd_do_not_wait_for_each_other_for_ever(forum: str) -> None:
    ann, *others = await members(6)
    asked = [await asked_by(ann) for _ in range(8)]

    async def votes(voter: models.User) -> None:
        for value in (1, -1, 0) * 2:
            for _, question in asked if voter.id % 2 else reversed(asked):
                await voting.cast_vote(voter, question.id, models.VoteValue(value))

    async def counts() -> None:
        for turn in range(12):
            for thread, _ in asked:
                await view(None, thread, f"192.0.2.{turn}")
            await viewing.count()

    await asyncio.gather(*map(votes, others), counts())
    assert await views(*(thread for thread, _ in asked)) == [12] * 8
    assert await broken() == []


async def test_the_server_counts_while_it_runs_and_when_it_stops(forum: str, monkeypatch: pytest.MonkeyPatch) -> None:
    thread, _ = await asked_by(await member("ann"))
    await database.disconnect()
    monkeypatch.setenv("DATABASE_URL", forum)
    monkeypatch.setattr(viewing, "EVERY", 0.01)
    settings.cache_clear()
    async with lifespan(app):
        await view(None, thread, "192.0.2.1")
        for _ in range(500):
            await asyncio.sleep(0.01)
            if (await models.Thread.get(id=thread.id)).view_count == 1:
                break
        monkeypatch.setattr(viewing, "EVERY", 600)
        await asyncio.sleep(0.05)
        await view(None, thread, "192.0.2.2")
    settings.cache_clear()
    await database.connect(forum)
    assert (await models.Thread.get(id=thread.id)).view_count == 2


async def test_while_the_database_is_away_views_wait_and_the_log_is_short(
    forum: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise ConnectionRefusedError

    thread, _ = await asked_by(await member("ann"))
    await view(await member("bob"), thread)
    with monkeypatch.context() as patch, structlog.testing.capture_logs() as lines:
        patch.setattr(viewing, "count", away)
        await viewing._count_or_log()
    [line] = lines
    assert (line["event"], line["log_level"], line["error"]) == (
        "views are counted later",
        "warning",
        "ConnectionRefusedError",
    )
    assert "traceback" not in line
    assert await views(thread) == [1]
