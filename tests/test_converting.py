"""Converting: answers become comments and comments answers, and all that was counted and paid is right afterwards."""

from collections.abc import Iterator
from typing import Any

import pytest
from clients import Client
from crowd import answered_by, asked_by, commented_by, member, members, offences, points_of, trusted

import models
from models import ModerationDeed, PostState, UserLevel, VoteValue
from models.database import transaction
from schema.nodes import global_id
from services import choosing, converting, origin, quotas, voting
from services.converting import Target
from services.errors import InvalidInput, NotPermitted, RateLimited
from services.policy import Limited
from services.settling import settled
from settings import settings


@pytest.fixture
async def editor(visitor: Client) -> Client:
    """Somebody who may convert posts."""
    return await trusted(visitor, "editor", UserLevel.EDITOR)


async def test_the_best_answer_becomes_a_comment_and_its_comments_move_along(editor: Client) -> None:
    ann, bob, cas = await member("ann"), await member("bob"), await member("cas")
    thread, question = await asked_by(ann)
    best, other = await answered_by(bob, thread), await answered_by(cas, thread)
    comments = [await commented_by(ann, best), await commented_by(cas, best)]
    await voting.cast_vote(ann, best.id, VoteValue.UP)
    await voting.cast_vote(cas, best.id, VoteValue.UP)
    await choosing.choose_best_answer(ann, thread.id, best.id)
    assert [await points_of(user) for user in (ann, bob, cas)] == [160, 480, 150]
    converted = await editor.do("convert_post", postId=global_id(best), to="COMMENT", parentId=global_id(other))
    parent = {"id": global_id(other)}
    assert converted == {
        "__typename": "ConvertPostPayload",
        "post": {
            "__typename": "Comment",
            "id": global_id(best),
            "score": 2,
            "commentCount": 0,
            "version": converted["post"]["version"],
            "parent": parent | {"commentCount": 3},
        },
        "thread": {"answerCount": 1, "bestAnswer": None},
        "formerParent": None,
        "movedComments": [{"id": global_id(comment), "parent": parent} for comment in comments],
    }
    # Comments earn nothing, and neither does who votes on them.
    assert [await points_of(user) for user in (ann, bob, cas)] == [120, 100, 140]
    assert await offences() == []
    entry = await models.ModerationEntry.get().select_related("by")
    assert (entry.deed, entry.by and entry.by.name, entry.post_id) == (ModerationDeed.CONVERTED, "editor", best.id)
    assert (await models.Post.get(id=question.id)).comment_count == 0


async def test_a_comment_becomes_an_answer_with_its_votes(editor: Client) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    comment = await commented_by(bob, question)
    await voting.cast_vote(ann, comment.id, VoteValue.UP)
    converted = await editor.do("convert_post", postId=global_id(comment), to="ANSWER")
    assert converted == {
        "__typename": "ConvertPostPayload",
        "post": {
            "__typename": "Answer",
            "id": global_id(comment),
            "score": 1,
            "commentCount": 0,
            "version": converted["post"]["version"],
        },
        "thread": {"answerCount": 1, "bestAnswer": None},
        "formerParent": {"id": global_id(question), "commentCount": 0},
        "movedComments": [],
    }
    assert [await points_of(user) for user in (ann, bob)] == [130, 160]
    assert await offences() == []


async def test_a_comment_comes_to_stand_under_another_post(forum: str) -> None:
    ann, bob = await members(2)
    ann.level = UserLevel.EDITOR
    thread, question = await asked_by(ann)
    answer, comment = await answered_by(bob, thread), await commented_by(bob, question)
    converted = await converting.convert_post(ann, comment.id, Target.COMMENT, answer.id)
    assert (converted.post.parent_id, converted.former_parent) == (answer.id, question)
    assert await offences() == []


async def test_what_it_is_already_changes_nothing(forum: str) -> None:
    ann, bob = await members(2)
    ann.level = UserLevel.EDITOR
    thread, question = await asked_by(ann)
    answer, comment = await answered_by(bob, thread), await commented_by(bob, question)
    await converting.convert_post(ann, answer.id, Target.ANSWER)
    await converting.convert_post(ann, comment.id, Target.COMMENT)
    await converting.convert_post(ann, comment.id, Target.COMMENT, question.id)
    assert [(await models.Post.get(id=post.id)).version for post in (answer, comment)] == [1, 1]
    assert await models.ModerationEntry.all().count() == 0


async def test_an_answer_goes_and_comes_back_as_it_was(forum: str) -> None:
    ann, bob = await members(2)
    ann.level = UserLevel.EDITOR
    thread, _ = await asked_by(ann)
    answer = await answered_by(bob, thread)
    await voting.cast_vote(ann, answer.id, VoteValue.UP)
    before = [await points_of(user) for user in (ann, bob)]
    for target in Target:
        await converting.convert_post(ann, answer.id, Target.COMMENT)
        await converting.convert_post(ann, answer.id, target)
    await converting.convert_post(ann, answer.id, Target.ANSWER)
    assert [await points_of(user) for user in (ann, bob)] == before
    assert await offences() == []


async def test_a_comment_stands_under_a_visible_post_of_its_own_thread(editor: Client) -> None:
    ann = await member("ann")
    thread, question = await asked_by(ann)
    elsewhere, _ = await asked_by(ann)
    answer, hidden = await answered_by(ann, thread), await answered_by(ann, thread)
    comment = await commented_by(ann, question)
    async with transaction(), settled(thread.id):
        await models.Post.filter(id=hidden.id).update(state=PostState.HIDDEN)
    wrong: dict[str, Any] = {
        "path": ["parentId"],
        "message": "Give the question, or another answer to it, that is visible.",
    }
    for parent in (answer, hidden, comment, await answered_by(ann, elsewhere)):
        refused = await editor.do("convert_post", postId=global_id(answer), to="COMMENT", parentId=global_id(parent))
        assert refused["fields"] == [wrong]
    refused = await editor.do("convert_post", postId=global_id(comment), to="ANSWER", parentId=global_id(question))
    assert refused["fields"][0]["message"] == "An answer stands under no other post: leave this out."


async def test_who_may_not_convert_is_told_why(visitor: Client) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    thread, question = await asked_by(ann)
    comment = await commented_by(ann, question)
    assert await bob.do("convert_post", postId=global_id(comment), to="ANSWER") == {
        "__typename": "NotPermitted",
        "message": "It takes the level editor to convert posts.",
        "permission": {"allowed": False, "reason": "LEVEL"},
    }
    ann.level = UserLevel.EDITOR
    with pytest.raises(NotPermitted, match=r"^A question stays one\.$"):
        await converting.convert_post(ann, question.id, Target.COMMENT)
    await models.Thread.filter(id=thread.id).update(closed_at=thread.created_at)
    with pytest.raises(NotPermitted, match=r"^This thread is closed: it takes no more answers\.$"):
        await converting.convert_post(ann, comment.id, Target.ANSWER)


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The limits of an hour, for who comes from an address."""
    monkeypatch.setattr(settings(), "rate_limits", True)
    quotas.forget()
    with origin.coming_from("192.0.2.1"):
        yield
    quotas.forget()


async def test_a_converted_post_counts_as_what_it_becomes(forum: str, limited: None) -> None:
    ann, bob = await members(2)
    ann.level = UserLevel.EDITOR
    thread, _ = await asked_by(bob)
    answer = await answered_by(bob, thread)
    for _ in range(10):
        await converting.convert_post(ann, answer.id, Target.COMMENT)
        with pytest.raises(InvalidInput):
            await converting.convert_post(ann, answer.id, Target.COMMENT, answer.id)
        await converting.convert_post(ann, answer.id, Target.ANSWER)
    comments, answers = (quotas.left(each, ann) for each in (Limited.COMMENTS, Limited.ANSWERS))
    assert (comments and comments.remaining, answers and answers.remaining) == (10, 15)
    for _ in range(10):
        await converting.convert_post(ann, answer.id, Target.COMMENT)
        await converting.convert_post(ann, answer.id, Target.ANSWER)
    with pytest.raises(RateLimited):
        await converting.convert_post(ann, answer.id, Target.COMMENT)
