"""Permissions: the answers to `viewerCan` are the refusals of the deeds themselves."""

from collections.abc import Callable
from typing import Any

import pytest
from clients import Client
from crowd import answered_by, asked_by, commented_by, member

import models
from models import PostKind, PostState, UserLevel, VoteValue
from schema.nodes import global_id
from services import permissions, voting
from services.errors import NotPermitted
from services.permissions import PostFacts, ThreadAction, ThreadFacts

ALLOWED = {
    "allowed": True,
    "reason": None,
    "message": None,
    "pointsRequired": None,
    "remaining": None,
    "resetsAt": None,
}


def refused(reason: str, message: str) -> dict[str, Any]:
    return ALLOWED | {"allowed": False, "reason": reason, "message": message}


async def told(client: Client, post: models.Post, action: str) -> Any:
    data = await client.run("post_permissions", id=global_id(post), action=action)
    return data["node"]["viewerCan"]


async def test_a_visitor_may_write_but_not_vote(visitor: Client) -> None:
    thread, question = await asked_by(await member("ann"))
    assert await told(visitor, question, "VOTE_UP") == refused("SIGN_IN", "Sign in to vote.")
    assert await told(visitor, question, "COMMENT") == ALLOWED
    data = await visitor.run("thread_permissions", number=thread.id, action="ANSWER")
    assert data["thread"]["viewerCan"] == ALLOWED


async def test_where_writing_takes_an_account_a_visitor_is_told_to_sign_in(
    visitor: Client, setting: Callable[..., None]
) -> None:
    setting(permissions={"answer": {}, "comment": {}})
    thread, question = await asked_by(await member("ann"))
    assert await told(visitor, question, "COMMENT") == refused("SIGN_IN", "Sign in to comment.")
    data = await visitor.run("thread_permissions", number=thread.id, action="ANSWER")
    assert data["thread"]["viewerCan"] == refused("SIGN_IN", "Sign in to answer.")


async def test_an_author_may_comment_but_not_vote(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    _, question = await asked_by(await models.User.get(name="ann"))
    assert await told(ann, question, "COMMENT") == ALLOWED
    for action in ("VOTE_UP", "VOTE_DOWN"):
        assert await told(ann, question, action) == refused("OWN_POST", "Nobody votes on their own posts.")


async def test_another_user_may_vote_comment_and_answer(visitor: Client) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    thread, question = await asked_by(ann)
    for post in (question, await answered_by(ann, thread)):
        for action in ("VOTE_UP", "VOTE_DOWN", "COMMENT"):
            assert await told(bob, post, action) == ALLOWED
    data = await bob.run("thread_permissions", number=thread.id, action="ANSWER")
    assert data["thread"]["viewerCan"] == ALLOWED


async def test_comments_can_be_voted_on_and_not_commented_on(visitor: Client) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    _, question = await asked_by(ann)
    comment = await commented_by(ann, question)
    assert await told(bob, comment, "VOTE_DOWN") == ALLOWED
    message = "Comments stand under questions and answers, not under comments."
    assert await told(bob, comment, "COMMENT") == refused("DISABLED", message)


def test_what_no_mutation_does_is_not_offered() -> None:
    owner = models.User(id=1, level=UserLevel.OWNER)
    thread = models.Thread(id=1, author_id=1, state=PostState.VISIBLE)
    refusal = permissions.thread_permission(owner, ThreadFacts.of(thread), ThreadAction.FOLLOW).refusal
    assert refusal is not None
    assert (refusal.reason, refusal.message) == ("disabled", "This server does not offer that.")


@pytest.mark.parametrize(
    ("state", "reason", "message"),
    [
        (PostState.HIDDEN, "hidden", "This is hidden."),
        (PostState.QUEUED, "queued", "This waits to be approved first."),
    ],
)
def test_what_is_not_visible_takes_no_votes_comments_and_answers(state: PostState, reason: str, message: str) -> None:
    actor = models.User(id=2)
    post = models.Post(id=1, kind=PostKind.QUESTION, author_id=1, state=state)
    thread = models.Thread(id=1, author_id=1, state=state)
    for refusal in (
        permissions.vote_refusal(actor, PostFacts.of(post, thread), VoteValue.UP),
        permissions.comment_refusal(actor, PostFacts.of(post, thread)),
        permissions.answer_refusal(actor, ThreadFacts.of(thread)),
    ):
        assert refusal is not None
        assert (refusal.reason, refusal.message) == (reason, message)


async def test_the_deed_refuses_with_the_words_of_the_permission(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    user = await models.User.get(name="ann")
    _, question = await asked_by(user)
    permission = await told(ann, question, "VOTE_UP")
    with pytest.raises(NotPermitted) as refusal:
        await voting.cast_vote(user, question.id, VoteValue.UP)
    assert permission == refused(refusal.value.reason.name, refusal.value.message)
