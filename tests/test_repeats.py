"""Repeats: what was just said is not said again."""

import asyncio
from collections.abc import Awaitable

import pytest
from clients import Client
from crowd import answered_by, asked_by, commented_by, member, question_of

import models
from models import PostState
from schema.nodes import global_id
from services import posting
from services.errors import Conflict
from services.posting import Asked

TITLE = "How do I keep plants alive?"


async def is_refused(deed: Awaitable[object]) -> bool:
    try:
        await deed
    except Conflict:
        return True
    return False


async def test_a_question_with_the_words_of_a_recent_one_is_a_conflict(visitor: Client) -> None:
    ann, bob = await visitor.sign_up("ann"), await visitor.sign_up("bob")
    asked = await ann.do("ask_question", title=TITLE, body="They *all* die.")
    number = asked["thread"]["number"]
    assert await bob.do("ask_question", title="how do I keep PLANTS alive", body="They all die!") == {
        "__typename": "Conflict",
        "message": f"This was asked a moment ago: see the thread with the number {number}.",
    }
    assert await models.Thread.all().count() == 1


@pytest.mark.parametrize(
    ("title", "body"),
    [
        (TITLE, "They all live."),
        ("How do I keep a plant alive?", "They all die."),
        ("Howdo I keep plants alive?", "They all die."),
        ("हिन्दी में कैसे लिखें?", "They all die."),
    ],
)
async def test_another_word_makes_another_question(forum: str, title: str, body: str) -> None:
    ann = await member("ann")
    await posting.ask_question(ann, Asked(TITLE, "They all die."))
    await posting.ask_question(ann, Asked("हिन्दी में किसे लिखें?", "They all die."))
    assert not await is_refused(posting.ask_question(ann, Asked(title, body)))


async def test_only_the_five_newest_visible_questions_count(forum: str) -> None:
    ann = await member("ann")
    first = await posting.ask_question(ann, Asked(TITLE, "They all die."))
    for _ in range(4):
        await asked_by(ann)
    assert await is_refused(posting.ask_question(ann, Asked(TITLE, "They all die.")))
    await models.Thread.filter(id=first.id).update(state=PostState.HIDDEN)
    second = await posting.ask_question(ann, Asked(TITLE, "They all die."))
    for _ in range(4):
        await asked_by(ann)
    assert await is_refused(posting.ask_question(ann, Asked(TITLE, "They all die.")))
    await asked_by(ann)
    third = await posting.ask_question(ann, Asked(TITLE, "They all die."))
    assert first.id < second.id < third.id


async def test_the_same_reply_to_the_same_post_is_a_conflict(visitor: Client) -> None:
    ann, bob = await visitor.sign_up("ann"), await member("bob")
    thread, question = await asked_by(bob)
    answer, comment = await answered_by(bob, thread), await commented_by(bob, question)
    refusal = {"__typename": "Conflict", "message": "This was said here already, in the same words."}
    assert await ann.do("post_answer", threadId=global_id(thread), body=answer.body.upper()) == refusal
    assert await ann.do("post_comment", parentId=global_id(question), body=f"**{comment.body}**") == refusal
    for name, field, wanted, body in (
        ("post_answer", "threadId", thread, comment.body),
        ("post_comment", "parentId", question, answer.body),
        ("post_comment", "parentId", answer, comment.body),
    ):
        said = await ann.do(name, **{field: global_id(wanted)}, body=body)
        assert said["__typename"].endswith("Payload")


async def test_what_is_no_longer_there_to_be_read_can_be_said_again(forum: str) -> None:
    ann = await member("ann")
    thread, question = await asked_by(ann)
    comment = await commented_by(ann, question)
    await models.Post.filter(id=comment.id).update(state=PostState.HIDDEN)
    assert not await is_refused(posting.post_comment(ann, question.id, comment.body))
    other, _ = await asked_by(ann)
    answer = await answered_by(ann, thread)
    assert not await is_refused(posting.post_answer(ann, other.id, answer.body))


async def test_texts_of_signs_alone_are_told_apart(forum: str) -> None:
    ann = await member("ann")
    _, question = await asked_by(ann)
    await posting.post_comment(ann, question.id, "👍" * 12)
    assert not await is_refused(posting.post_comment(ann, question.id, "👎" * 12))
    assert await is_refused(posting.post_comment(ann, question.id, "👍" * 12))


async def test_of_two_that_come_at_once_one_is_kept(forum: str) -> None:
    ann = await member("ann")
    thread, _ = await asked_by(ann)
    question = await question_of(thread)
    answers = [is_refused(posting.post_answer(ann, thread.id, "Press the button twice.")) for _ in range(4)]
    comments = [is_refused(posting.post_comment(ann, question.id, "Press the button twice.")) for _ in range(4)]
    assert sorted(await asyncio.gather(*answers)) == sorted(await asyncio.gather(*comments)) == [False] + [True] * 3


async def test_of_two_questions_that_come_at_once_one_is_kept(forum: str) -> None:
    people = [await member(name) for name in ("ann", "bob", "cid", "dan")]
    asked = [is_refused(posting.ask_question(person, Asked(TITLE, "They all die."))) for person in people]
    assert sorted(await asyncio.gather(*asked)) == [False, True, True, True]
    assert await models.Thread.all().count() == 1
