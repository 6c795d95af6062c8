"""The bus: what one process tells reaches the others, whatever becomes of Redis meanwhile."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio
from crowd import asked_by, member
from hearing import Hearer, hearing
from own_redis import OwnRedis
from structlog.testing import capture_logs

from models import VoteValue
from services import changes, live, redis_line, voting
from services.bus import RedisBus
from services.changes import ROW, Change, Read
from services.live import News, post_topic, thread_topic
from services.redis_line import Line
from transports.answers import Answer, Answers

READ = [Read("post", "id", [7], frozenset({"score"}))]


@pytest.fixture
def prefix() -> str:
    """What the channels of this test begin with."""
    return f"test-{secrets.token_hex(8)}"


@pytest.fixture
async def here(redis_url: str, prefix: str) -> AsyncIterator[RedisBus]:
    """The bus of this process."""
    bus = RedisBus(redis_url, prefix)
    async with bus.running():
        yield bus


@pytest.fixture
async def there(redis_url: str, prefix: str) -> AsyncIterator[RedisBus]:
    """The bus of another process, which speaks; nobody there listens."""
    async with speaking(redis_url, prefix) as bus:
        yield bus


@asynccontextmanager
async def speaking(url: str, prefix: str) -> AsyncIterator[RedisBus]:
    """A bus that this process does not use: another one's."""
    bus = RedisBus(url, prefix)
    bus._line._tell_regained = bus._line._tell_lost = lambda: None
    async with bus._line.kept_up(5):
        yield bus


@asynccontextmanager
async def overhearing(url: str, prefix: str, *channels: str) -> AsyncIterator[list[tuple[str, Any]]]:
    """What is said on these channels, as it is said."""
    said: list[tuple[str, Any]] = []
    line = Line(url, "test", regained=lambda: None, heard=lambda *all: said.append(all), lost=lambda: None)
    for channel in channels:
        line.join(f"{prefix}:{channel}")
    async with line.kept_up(5):
        yield said


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; the test fails if it takes long."""
    async with asyncio.timeout(15):
        while not is_so():  # noqa: ASYNC110  what is looked at tells nobody
            await asyncio.sleep(0.01)


async def settled(*buses: RedisBus) -> None:
    """Wait until Redis has passed on all that was said by now."""
    for bus in buses:
        await bus._line.answer()


def news(hearer: Hearer) -> list[object]:
    """What was heard since the last look; "anything" stands for all that may have been missed."""
    heard: list[object] = [*hearer.topics, *(["anything"] if hearer.has_missed else [])]
    hearer.news.clear()
    hearer.has_missed = False
    return heard


async def test_who_was_told_that_it_hears_by_now_misses_nothing(here: RedisBus, there: RedisBus) -> None:
    for post_id in range(50):
        with hearing([post_topic(post_id), thread_topic(post_id)]) as hearer:
            await live.reached()
            there.send(News(thread_topic(post_id), "asked", 5, 1.5))
            await settled(there, here)
            assert news(hearer) == [thread_topic(post_id)]


async def test_news_arrives_as_it_was_told(here: RedisBus, there: RedisBus) -> None:
    with hearing([live.ASKED]) as hearer:
        await live.reached()
        told = [News(live.ASKED, "asked", 5, 1764095000.25), News(live.ASKED, "", None, 1.5)]
        for each in told:
            there.send(each)
        await settled(there, here)
        assert hearer.news == told


async def test_what_was_told_here_does_not_come_back(here: RedisBus) -> None:
    with hearing([post_topic(1)]) as hearer:
        await live.reached()
        live.publish(post_topic(1))
        assert news(hearer) == [post_topic(1)]
        await settled(here, here)
        assert news(hearer) == []


async def test_redis_sends_what_is_watched_here_and_nothing_else(here: RedisBus, redis_url: str, prefix: str) -> None:
    async with redis.asyncio.Redis.from_url(redis_url, decode_responses=True) as client:
        with hearing([post_topic(1), post_topic(2)]):
            with hearing([post_topic(2), post_topic(3)]):
                await live.reached()
                watched = {f"{prefix}:{each}" for each in ("all", "post:1", "post:2", "post:3")}
                assert set(await client.pubsub_channels(f"{prefix}:*")) == watched
            await settled(here)
            assert set(await client.pubsub_channels(f"{prefix}:*")) == watched - {f"{prefix}:post:3"}
        await settled(here)
        assert await client.pubsub_channels(f"{prefix}:*") == [f"{prefix}:all"]


async def test_thousands_of_topics_are_joined_at_once(here: RedisBus, there: RedisBus) -> None:
    with hearing(map(post_topic, range(5_000))) as hearer:
        await live.reached()
        for post_id in (0, 2_500, 4_999):
            there.send(News(post_topic(post_id), at=1.5))
        await settled(there, here)
        assert news(hearer) == [post_topic(0), post_topic(2_500), post_topic(4_999)]


async def test_the_same_again_is_said_once_and_dated_by_the_first(there: RedisBus, redis_url: str, prefix: str) -> None:
    async with overhearing(redis_url, prefix, "post:1", "thread:1") as said:
        for second in range(100):
            there.send(News(post_topic(1), at=second + 0.5))
            there.send(News(thread_topic(1), "answered", second % 2, second + 0.5))
        await settled(there)
        await until(lambda: len(said) >= 3)
    answered = [(f"{prefix}:thread:1", ["answered", 0, 0.5]), (f"{prefix}:thread:1", ["answered", 1, 1.5])]
    assert said == [(f"{prefix}:post:1", ["", None, 0.5]), *answered]


async def test_who_cannot_say_all_says_that_anything_may_have_changed(
    here: RedisBus, redis_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_line, "MOST_WAITING", 100)
    there = RedisBus(redis_url, prefix)
    there._line._tell_regained = lambda: None
    for post_id in range(1_000, 1_101):
        there.send(News(post_topic(post_id), at=1.5))
    assert len(there._line._outbox) == 1
    with hearing([post_topic(1), post_topic(2)]) as hearer:
        await live.reached()
        async with overhearing(redis_url, prefix, "all") as said, there._line.kept_up(5):
            await settled(there, here)
            await until(lambda: bool(said))
        assert said == [(f"{prefix}:all", None)]
        assert news(hearer) == ["anything"]


async def test_what_others_write_is_forgotten_here_and_not_sent_back(
    here: RedisBus, there: RedisBus, redis_url: str, prefix: str
) -> None:
    answers = Answers(10**6, 60)
    async with overhearing(redis_url, prefix, "all") as said:
        with changes.hearing(answers.hear):
            for key, column, value in ((b"a", "id", 7), (b"b", "id", 8), (b"c", "author_name", "Ann"), (b"d", ROW, 8)):
                answers.put(
                    (key,), Answer(200, []), [Read("post", column, [value], frozenset({"score"}))], answers.told
                )
            known = {ROW: 7, "id": 7, "author_id": None, "author_name": "Bob", "writer_key": "secret", "score": 5}
            there.hear(Change("post", frozenset({"score"}), known))
            await settled(there, here, here)
            # By the name it cannot be told any more whether that one was read: it goes, to be sure.
            assert [key for key in (b"a", b"b", b"c", b"d") if answers.get((key,))] == [b"b", b"d"]
            there.hear(Change("post", None, known))
            await settled(there, here, here)
            assert [key for key in (b"b", b"d") if answers.get((key,))] == [b"b", b"d"]
        await until(lambda: len(said) >= 2)
    ids = {ROW: 7, "id": 7, "author_id": None}
    assert said == [(f"{prefix}:all", ["post", ["score"], ids]), (f"{prefix}:all", ["post", None, ids])]


async def test_what_is_no_message_of_ours_is_ignored_and_told_once(
    here: RedisBus, there: RedisBus, redis_url: str, prefix: str
) -> None:
    junk = [b"", b"\xff", b"1", b"{}", b"[]", b'["x"', b'["x", 1]', b'["x", ["a", "b", "c"]]', b'["x", ["", 1.5, 1.5]]']
    junk += [b'["x", {"a": 1}]', b'["x", [["post"], null, {}]]', b'["x", ["post", null, {"id": [1]}]]', b'["x", [[]]]']
    with hearing([post_topic(1)]) as hearer, capture_logs() as logs:
        await live.reached()
        async with redis.asyncio.Redis.from_url(redis_url) as client:
            for message in junk:
                await client.publish(f"{prefix}:post:1", message)
                await client.publish(f"{prefix}:all", message)
        assert news(hearer) == []
        there.send(News(post_topic(1), at=1.5))
        await settled(there, here)
        assert news(hearer) == [post_topic(1)]
    assert [each["event"] for each in logs] == ["another program speaks on a channel of ours"]


async def test_while_redis_is_away_deeds_go_on_and_what_they_tell_comes_later(
    forum: str, stoppable_redis: OwnRedis, prefix: str
) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    with capture_logs() as logs:
        async with RedisBus(stoppable_redis.url, prefix).running(), speaking(stoppable_redis.url, prefix) as there:
            with hearing([post_topic(question.id), post_topic(1_000)]) as hearer:
                await live.reached()
                stoppable_redis.stop()
                await until(changes.is_cut_off)
                assert news(hearer) == ["anything"]
                for value in (VoteValue.UP, VoteValue.DOWN, VoteValue.UP):
                    assert (await voting.cast_vote(bob, question.id, value)).score == value.value
                    assert news(hearer) == [post_topic(question.id)]
                await live.reached()  # which nobody has to wait for
                stoppable_redis.start()
                await until(lambda: not changes.is_cut_off())
                assert news(hearer) == ["anything"]
                there.send(News(post_topic(1_000), at=1.5))
                await until(lambda: news(hearer) == [post_topic(1_000)])
    told = [each["event"] for each in logs]
    assert sorted(told) == ["other processes are heard again"] * 2 + ["other processes are not heard"] * 2


async def test_what_is_told_while_this_process_is_cut_off_is_said_when_it_is_back(
    there: RedisBus, redis_url: str, prefix: str
) -> None:
    async with overhearing(redis_url, prefix, "post:1") as said:
        async with redis.asyncio.Redis.from_url(redis_url) as client:
            [connection] = [each["id"] for each in await client.client_list() if each["name"] == prefix]
            await client.client_kill_filter(_id=connection)
        await until(lambda: not there._line.is_whole)
        there.send(News(post_topic(1), at=1.5))
        await until(lambda: bool(said))
    assert said == [(f"{prefix}:post:1", ["", None, 1.5])]


async def test_a_redis_that_says_nothing_is_away_and_what_it_did_not_answer_is_said_again(
    stoppable_redis: OwnRedis, prefix: str
) -> None:
    bus = RedisBus(stoppable_redis.url, prefix)
    async with bus.running():
        with hearing([post_topic(1)]) as hearer:
            await live.reached()
            assert news(hearer) == []
            stoppable_redis.pause()
            live.publish(post_topic(2))
            await until(lambda: bool(bus._line._unanswered))
            assert bus._line._outbox == {}
            await until(changes.is_cut_off)
            assert [channel for channel, _ in bus._line._outbox.values()] == [f"{prefix}:post:2"]
            assert news(hearer) == ["anything"]
            stoppable_redis.go_on()
            await until(lambda: not changes.is_cut_off())
            assert news(hearer) == ["anything"]


async def test_without_redis_a_process_starts_and_keeps_no_answers(stoppable_redis: OwnRedis, prefix: str) -> None:
    answers = Answers(10**6, 60)

    def is_kept() -> bool:
        answers.put((b"asked",), Answer(200, []), READ, answers.told)
        return len(answers) == 1

    stoppable_redis.stop()
    with changes.hearing(answers.hear):
        assert is_kept()
        async with RedisBus(stoppable_redis.url, prefix).running():
            assert len(answers) == 0
            assert not is_kept()
            stoppable_redis.start()
            begun_before = answers.told
            await until(lambda: not changes.is_cut_off())
            answers.put((b"read before",), Answer(200, []), READ, begun_before)
            assert len(answers) == 0
            assert is_kept()
            stoppable_redis.stop()
            await until(changes.is_cut_off)
            assert len(answers) == 0
        assert is_kept()
