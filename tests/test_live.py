"""Live news: what listeners hear."""

import asyncio

import pytest
from crowd import asked_by, member

import models
from models import VoteValue
from models.database import transaction
from services import live, voting
from services.live import listening, post_topic, publish, user_topic

UP, DOWN, NONE = VoteValue.UP, VoteValue.DOWN, VoteValue.NONE


async def heard(listener: live.Listener) -> list[live.Topic]:
    """What the listener has to tell by now."""
    listener.close()
    return [topic async for topic in listener]


async def test_each_topic_is_told_once_however_often_it_changed() -> None:
    with listening([post_topic(1), post_topic(2)]) as listener:
        for post_id in (2, 1, 2, 2, 1):
            publish(post_topic(post_id))
        assert await heard(listener) == [post_topic(2), post_topic(1)]


async def test_a_topic_that_changes_after_it_was_told_is_told_again() -> None:
    with listening([post_topic(1)]) as listener:
        news = aiter(listener)
        for _ in range(3):
            publish(post_topic(1))
            assert await anext(news) == post_topic(1)


async def test_a_listener_sleeps_until_there_is_news() -> None:
    with listening([post_topic(1)]) as listener:
        waiting = asyncio.ensure_future(anext(aiter(listener)))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        publish(post_topic(1))
        assert await waiting == post_topic(1)


async def test_a_listener_hears_of_its_own_topics_alone() -> None:
    with listening([post_topic(1)]) as listener:
        publish(post_topic(2))
        publish(user_topic(1))
        assert await heard(listener) == []


async def test_all_who_listen_to_a_topic_hear_of_it_and_who_left_does_not() -> None:
    with listening([post_topic(1)]) as stays:
        with listening([post_topic(1), post_topic(2)]) as leaves:
            assert live.listener_count() == 2
        publish(post_topic(1))
        assert (await heard(stays), await heard(leaves)) == ([post_topic(1)], [])
    assert live.listener_count() == 0


async def test_nothing_is_kept_of_a_topic_that_nobody_listens_to() -> None:
    with listening([post_topic(1), user_topic(1)]):
        assert set(live.watched()) == {post_topic(1), user_topic(1)}
    assert live.watched() == []


async def test_closing_ends_every_listener_after_what_it_knows() -> None:
    with listening([post_topic(1)]) as first, listening([post_topic(2)]) as second:
        publish(post_topic(1))
        live.close()
        assert [topic async for topic in first] == [post_topic(1)]
        assert [topic async for topic in second] == []


async def test_a_vote_tells_of_the_post_and_of_all_whose_points_it_changed(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    topics = [post_topic(question.id), user_topic(ann.id), user_topic(bob.id)]
    with listening(topics) as listener:
        await voting.cast_vote(bob, question.id, UP)
        assert sorted(await heard(listener)) == topics


async def test_a_vote_that_changes_nothing_is_no_news(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    await voting.cast_vote(bob, question.id, UP)
    with listening([post_topic(question.id), user_topic(ann.id), user_topic(bob.id)]) as listener:
        await voting.cast_vote(bob, question.id, UP)
        assert await heard(listener) == []


async def test_what_is_undone_is_no_news(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    with listening([post_topic(question.id), user_topic(ann.id)]) as listener:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012
            async with transaction():
                await voting.cast_vote(bob, question.id, UP)
                raise ZeroDivisionError
        assert await heard(listener) == []
    assert (await models.Post.get(id=question.id)).score == 0


async def test_the_news_comes_after_the_commit(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    with listening([post_topic(question.id)]) as listener:
        async with transaction():
            await voting.cast_vote(bob, question.id, UP)
            assert listener._news == {}
        assert await heard(listener) == [post_topic(question.id)]
