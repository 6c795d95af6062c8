"""Posting: questions, answers, comments, and the choice of the best answer."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from clients import Client
from crowd import WORDS, answered_by, asked_by, category_at, commented_by, member, members, points_of

import models
from models import ClosureReason, PostState, UserLevel
from schema.nodes import global_id
from services import audit, choosing, clock, posting
from services.errors import InvalidInput, NotFound, NotPermitted

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_a_question_opens_a_thread(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    await category_at("life/home")
    asked = await ann.do(
        "ask_question",
        title="  How do I keep\tmy plants alive? ",
        body="They *all* die.\r\n",
        categoryPath="life/home",
        tags=["Plants"],
    )
    thread = asked["thread"]
    question = thread.pop("question")
    assert thread == {
        "id": thread["id"],
        "number": thread["number"],
        "slug": "how-do-i-keep-my-plants-alive",
        "title": "How do I keep\tmy plants alive?",
        "category": {"path": "life/home", "threadCount": 1},
        "tags": [{"name": "plants", "threadCount": 1}],
    }
    assert question == {
        "id": question["id"],
        "body": "They *all* die.",
        "bodyHtml": "<p>They <em>all</em> die.</p>",
        "score": 0,
        "version": 1,
        "author": {"id": question["author"]["id"], "name": "ann", "points": 120},
    }
    page = (await visitor.run("question_page", number=thread["number"]))["thread"]
    assert (page["title"], page["answerCount"], page["closure"]) == (thread["title"], 0, None)
    assert page["question"]["displayName"] == "ann"


async def test_an_answer_is_told_with_its_place_and_the_threads_new_counts(visitor: Client) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    thread, _ = await asked_by(ann)
    first = await answered_by(ann, thread)
    answered = await bob.do("post_answer", threadId=global_id(thread), body=WORDS)
    answer = answered["answer"]
    assert answer == {
        "id": answer["id"],
        "body": WORDS,
        "isBest": False,
        "version": 1,
        "author": {"name": "bob", "points": 140},
    }
    assert answered["answerEdge"]["node"] == {"id": answer["id"]}
    assert answered["thread"]["id"] == global_id(thread)
    assert answered["thread"]["answerCount"] == 2
    after = await visitor.run("thread_answers", number=thread.id, before=answered["answerEdge"]["cursor"])
    assert [edge["node"]["id"] for edge in after["thread"]["answers"]["edges"]] == [global_id(first)]


async def test_a_comment_is_told_with_its_parents_new_count_and_version(visitor: Client) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    thread, question = await asked_by(ann)
    for parent in (question, await answered_by(ann, thread)):
        commented = await bob.do("post_comment", parentId=global_id(parent), body=WORDS)
        comment = commented["comment"]
        assert comment == {
            "id": comment["id"],
            "body": WORDS,
            "author": {"name": "bob", "points": 100},
            "parent": {"id": global_id(parent)},
        }
        assert commented["commentEdge"]["node"] == {"id": comment["id"]}
        assert commented["parent"] == {"id": global_id(parent), "version": 2, "commentCount": 1}


async def test_answers_and_comments_are_activity_and_a_question_is_its_first(forum: str) -> None:
    ann = await member("ann")
    with clock.standing_at(NOON):
        thread, question = await asked_by(ann)
    assert thread.last_activity_at == thread.created_at == NOON
    with clock.standing_at(NOON + timedelta(hours=1)):
        await commented_by(ann, question)
    assert (await models.Thread.get(id=thread.id)).last_activity_at == NOON + timedelta(hours=1)
    with clock.standing_at(NOON + timedelta(hours=2)):
        await answered_by(ann, thread)
    assert (await models.Thread.get(id=thread.id)).last_activity_at == NOON + timedelta(hours=2)


@pytest.mark.parametrize(
    ("title", "body", "messages"),
    [
        ("x" * 12, "", []),
        ("x" * 120, "x" * 30_000, []),
        ("x" * 11, "", ["Write at least 12 characters; these are 11."]),
        ("x" * 121, "", ["Write at most 120 characters; these are 121."]),
        ("x" * 10 + " \n " + "x" * 10, "", ["Write it on one line."]),
        ("\N{PILE OF POO}" * 12, "x" * 30_001, ["Write at most 30,000 characters; these are 30,001."]),
        (
            "short",
            "\x00",
            ["Write at least 12 characters; these are 5.", "Remove the character U+0000: it is not text."],
        ),
    ],
)
async def test_a_question_has_limits(forum: str, title: str, body: str, messages: list[str]) -> None:
    ann = await member("ann")
    try:
        await posting.ask_question(ann, posting.Asked(title, body))
        told = []
    except InvalidInput as refused:
        told = [wrong.message for wrong in refused.fields]
    assert told == messages
    assert await models.Thread.all().count() == (not messages)


async def test_answers_and_comments_have_at_least_twelve_characters(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    thread, question = await asked_by(await member("bob"))
    refusal = {
        "__typename": "InvalidInput",
        "message": "body: Write at least 12 characters; these are 5.",
        "fields": [{"path": ["body"], "message": "Write at least 12 characters; these are 5."}],
    }
    assert await ann.do("post_answer", threadId=global_id(thread), body=" short ") == refusal
    assert await ann.do("post_comment", parentId=global_id(question), body=" short ") == refusal
    assert await models.Post.all().count() == 1


async def test_where_posting_takes_an_account_a_visitor_is_asked_to_sign_in(
    visitor: Client, setting: Callable[..., None]
) -> None:
    setting(permissions={"ask": {}, "answer": {}, "comment": {}})
    thread, question = await asked_by(await member("ann"))
    permission = {"allowed": False, "reason": "SIGN_IN"}
    assert await visitor.do("ask_question", title="short", body="") == {
        "__typename": "NotPermitted",
        "message": "Sign in to ask a question.",
        "permission": permission,
    }
    assert await visitor.do("post_answer", threadId=global_id(thread), body="short") == {
        "__typename": "NotPermitted",
        "message": "Sign in to answer.",
        "permission": permission,
    }
    assert await visitor.do("post_comment", parentId=global_id(question), body="short") == {
        "__typename": "NotPermitted",
        "message": "Sign in to comment.",
        "permission": permission,
    }
    with pytest.raises(NotPermitted, match=r"^Sign in to choose the best answer\.$"):
        await choosing.choose_best_answer(None, thread.id, None)


async def test_a_closed_thread_takes_comments_but_no_answers(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    thread, question = await asked_by(await member("bob"))
    await models.Thread.filter(id=thread.id).update(closed_at=NOON, close_reason=ClosureReason.RESOLVED)
    assert await ann.do("post_answer", threadId=global_id(thread), body=WORDS) == {
        "__typename": "NotPermitted",
        "message": "This thread is closed: it takes no more answers.",
        "permission": {"allowed": False, "reason": "CLOSED"},
    }
    commented = await ann.do("post_comment", parentId=global_id(question), body=WORDS)
    assert commented["__typename"] == "PostCommentPayload"


async def test_a_comment_on_a_comment_is_refused(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    bob = await member("bob")
    _, question = await asked_by(bob)
    comment = await commented_by(bob, question)
    assert await ann.do("post_comment", parentId=global_id(comment), body=WORDS) == {
        "__typename": "NotPermitted",
        "message": "Comments stand under questions and answers, not under comments.",
        "permission": {"allowed": False, "reason": "DISABLED"},
    }


async def test_what_is_not_there_or_not_seen_takes_nothing(visitor: Client) -> None:
    ann, bob = await visitor.sign_up("ann"), await member("bob")
    thread, question = await asked_by(bob)
    for wanted, message in (
        (global_id(models.Thread(id=thread.id + 1)), "There is no such thread."),
        (global_id(question), f"'{global_id(question)}' is not the id of a thread: it names a Post."),
    ):
        assert await ann.do("post_answer", threadId=wanted, body=WORDS) == {
            "__typename": "NotFound",
            "message": message,
        }
    for wanted, message in (
        (global_id(models.Post(id=question.id + 1)), "There is no such post."),
        (
            global_id(thread),
            f"'{global_id(thread)}' is not the id of a post: a question, an answer or a comment: it names a Thread.",
        ),
    ):
        assert await ann.do("post_comment", parentId=wanted, body=WORDS) == {
            "__typename": "NotFound",
            "message": message,
        }
    await models.Thread.filter(id=thread.id).update(state=PostState.HIDDEN)
    await models.Post.filter(id=question.id).update(state=PostState.HIDDEN)
    eve = await member("eve")
    with pytest.raises(NotFound):
        await posting.post_answer(eve, thread.id, WORDS)
    with pytest.raises(NotFound):
        await posting.post_comment(eve, question.id, WORDS)
    # Who asked still sees it, and is told.
    with pytest.raises(NotPermitted, match=r"^This is hidden\.$"):
        await posting.post_answer(bob, thread.id, WORDS)
    with pytest.raises(NotPermitted, match=r"^This is hidden\.$"):
        await posting.post_comment(bob, question.id, WORDS)


async def test_the_best_answer_stands_first_and_is_one(forum: str) -> None:
    ann = await member("ann")
    thread, _ = await asked_by(ann)
    first, second = await answered_by(ann, thread), await answered_by(ann, thread)
    await choosing.choose_best_answer(ann, thread.id, second.id)
    await choosing.choose_best_answer(ann, thread.id, first.id)
    answers = await models.Post.filter(thread_id=thread.id, kind="answer").order_by("-is_best", "id")
    assert [(post.id, post.is_best, post.version) for post in answers] == [(first.id, True, 2), (second.id, False, 3)]


async def test_the_same_choice_again_changes_nothing(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    thread, _ = await asked_by(ann)
    answer = await answered_by(bob, thread)
    await choosing.choose_best_answer(ann, thread.id, None)
    for _ in range(2):
        await choosing.choose_best_answer(ann, thread.id, answer.id)
    assert (await models.Post.get(id=answer.id)).version == 2
    assert (await points_of(ann), await points_of(bob)) == (150, 440)


async def test_the_asker_and_experts_choose_and_nobody_else(forum: str) -> None:
    ann, bob, cid = await member("ann"), await member("bob"), await member("cid")
    thread, _ = await asked_by(ann)
    answer = await answered_by(bob, thread)
    with pytest.raises(NotPermitted, match=r"^It takes the level expert to choose the best answer\.$"):
        await choosing.choose_best_answer(bob, thread.id, answer.id)
    cid.level = UserLevel.EXPERT
    await choosing.choose_best_answer(cid, thread.id, answer.id)
    # It is the asker who is paid for the choice, whoever made it.
    assert [await points_of(user) for user in (ann, bob, cid)] == [150, 440, 100]


async def test_only_an_answer_of_the_thread_can_be_its_best(forum: str) -> None:
    ann = await member("ann")
    thread, question = await asked_by(ann)
    other, _ = await asked_by(ann)
    elsewhere = await answered_by(ann, other)
    comment = await commented_by(ann, question)
    for post_id in (question.id, comment.id, elsewhere.id, elsewhere.id + 100):
        with pytest.raises(NotFound, match=r"^There is no such answer in this thread\.$"):
            await choosing.choose_best_answer(ann, thread.id, post_id)
    with pytest.raises(NotFound, match=r"^There is no such thread\.$"):
        await choosing.choose_best_answer(ann, other.id + 1, None)


async def test_answers_comments_and_choices_of_many_at_once_are_counted_exactly(forum: str) -> None:
    ann = await member("ann")
    thread, question = await asked_by(ann)
    people = await members(6)
    answers = await asyncio.gather(*(answered_by(person, thread) for person in people))
    await asyncio.gather(
        *(commented_by(person, question) for person in people),
        *(commented_by(person, answer) for person, answer in zip(people, answers, strict=True)),
        *(choosing.choose_best_answer(ann, thread.id, answer.id) for answer in answers),
    )
    assert (await models.Thread.get(id=thread.id)).answer_count == 6
    assert (await models.Post.get(id=question.id)).comment_count == 6
    assert await models.Post.filter(is_best=True).count() == 1
    assert await points_of(ann) == 150
    assert sorted([await points_of(person) for person in people]) == [140] * 5 + [440]
    assert [finding.name async for finding in audit.check() if finding.offenders] == []
