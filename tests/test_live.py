"""Live news: what watchers hear."""

import pytest
from crowd import asked_by, member
from hearing import hearing

import models
from models import VoteValue
from models.database import transaction
from services import live, voting
from services.live import News, post_topic, publish, user_topic

UP = VoteValue.UP


def test_a_watcher_hears_of_its_own_topics_alone() -> None:
    with hearing([post_topic(1), post_topic(2)]) as hearer:
        for post_id in (2, 3, 1):
            publish(post_topic(post_id))
        publish(user_topic(1))
        assert hearer.topics == [post_topic(2), post_topic(1)]


def test_all_who_watch_a_topic_hear_of_it_and_who_left_does_not() -> None:
    with hearing([post_topic(1)]) as stays:
        with hearing([post_topic(1), post_topic(2)]) as leaves:
            pass
        publish(post_topic(1))
        assert (stays.topics, leaves.topics) == ([post_topic(1)], [])


def test_nothing_is_kept_of_a_topic_that_nobody_watches() -> None:
    with hearing([post_topic(1), user_topic(1)]):
        assert live.watched() == [post_topic(1), user_topic(1)]
    assert live.watched() == []


def test_each_watcher_is_closed_and_told_of_lost_news_once() -> None:
    with hearing([post_topic(1), post_topic(2)]) as first, hearing([post_topic(2)]) as second:
        live.missed()
        live.close()
        assert (first.has_missed, first.is_closed, second.has_missed, second.is_closed) == (True,) * 4


class Tape:
    """A bus that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []

    def send(self, news: News) -> None:
        self.told.append(("send", news.topic))

    def join(self, topic: live.Topic) -> None:
        self.told.append(("join", topic))

    def leave(self, topic: live.Topic) -> None:
        self.told.append(("leave", topic))

    async def joined(self) -> None:
        self.told.append(("joined", None))


async def test_a_bus_carries_news_and_joins_what_is_watched_here() -> None:
    tape = Tape()
    one, two = post_topic(1), post_topic(2)
    with hearing([one]):
        live.use(tape)
        try:
            with hearing([one, two]):
                await live.reached()
                publish(two)
            publish(one)
        finally:
            live.use(None)
        publish(two)
    assert tape.told == [
        ("join", one),
        ("join", two),
        ("joined", None),
        ("send", two),
        ("leave", two),
        ("send", one),
    ]


async def test_a_vote_tells_of_the_post_and_of_all_whose_points_it_changed(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    topics = [post_topic(question.id), user_topic(ann.id), user_topic(bob.id)]
    with hearing(topics) as hearer:
        await voting.cast_vote(bob, question.id, UP)
        assert sorted(hearer.topics) == topics


async def test_a_vote_that_changes_nothing_is_no_news(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    await voting.cast_vote(bob, question.id, UP)
    with hearing([post_topic(question.id), user_topic(ann.id), user_topic(bob.id)]) as hearer:
        await voting.cast_vote(bob, question.id, UP)
        assert hearer.topics == []


async def test_what_is_undone_is_no_news(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    with hearing([post_topic(question.id), user_topic(ann.id)]) as hearer:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012
            async with transaction():
                await voting.cast_vote(bob, question.id, UP)
                raise ZeroDivisionError
        assert hearer.topics == []
    assert (await models.Post.get(id=question.id)).score == 0


async def test_the_news_comes_after_the_commit(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    with hearing([post_topic(question.id)]) as hearer:
        async with transaction():
            await voting.cast_vote(bob, question.id, UP)
            assert hearer.topics == []
        assert hearer.topics == [post_topic(question.id)]
