"""Batches: many posts at once, each done or refused by itself, and all of it put back at once."""

from typing import Any

import pytest
from clients import Client
from crowd import answered_by, asked_by, category_at, commented_by, member, points_of
from refusals import wrong_fields
from test_audit import found
from test_hiding import state_of, trusted, user

import models
from models import FlagReason, HiddenBy, ModerationDeed, PostState, UserLevel
from schema.nodes import global_id
from services import flagging, hiding
from services.policy import MOST_IN_BATCH
from settings import settings


def ids(*posts: models.Post) -> list[str]:
    return [global_id(post) for post in posts]


async def lines() -> list[tuple[ModerationDeed, int | None, int | None]]:
    """The lines of the log: what, which post, which batch."""
    rows: Any = await models.ModerationEntry.all().order_by("id").values_list("deed", "post_id", "batch_id")
    return list(rows)


async def test_posts_are_hidden_together_and_put_back_together(visitor: Client) -> None:
    eve, ann, bob = await trusted(visitor, "eve", UserLevel.EDITOR), await member("ann"), await member("bob")
    thread, question = await asked_by(ann)
    answer, own = await answered_by(bob, thread), await answered_by(await user("eve"), thread)
    comment = await commented_by(bob, answer)
    gone = models.Post(id=comment.id + 1)
    await hiding.hide_post(bob, comment.id, None)
    wanted = ids(answer, question, own, comment, gone, answer)
    result = await eve.do("moderate_posts", postIds=wanted, deed="HIDE", reason="Spam.")
    batch = await models.ModerationBatch.get()
    assert result == {
        "__typename": "ModeratePostsPayload",
        "batch": {"id": global_id(batch), "deed": "HIDDEN", "undoneAt": None, "by": {"name": "eve"}},
        "posts": [{"id": each, "state": "HIDDEN", "thread": {"answerCount": 0}} for each in ids(answer, question, own)],
        "refusals": [
            {"postId": global_id(comment), "reason": "ALREADY_DONE", "message": "This is hidden already."},
            {"postId": global_id(gone), "reason": None, "message": "There is no such post."},
        ],
    }
    assert await points_of(ann) == await points_of(bob) == 100
    hidden = [(ModerationDeed.HIDDEN, post.id, batch.id) for post in (answer, question, own)]
    assert await lines() == hidden
    await hiding.restore_post(await user("eve"), answer.id)
    result = await eve.do("undo_moderation", batchId=global_id(batch))
    assert result["batch"]["undoneAt"] is not None
    assert result["posts"] == [
        {"id": each, "state": "VISIBLE", "thread": {"answerCount": 2}} for each in ids(question, own)
    ]
    message = "Something else was done with it meanwhile."
    assert result["refusals"] == [{"postId": global_id(answer), "reason": "DISABLED", "message": message}]
    assert (await lines())[-2:] == [(ModerationDeed.UNDONE, post.id, batch.id) for post in (question, own)]
    assert await state_of(comment) == (PostState.HIDDEN, HiddenBy.AUTHOR, None)
    assert (await points_of(ann), await points_of(bob)) == (120, 140)
    again = await eve.do("undo_moderation", batchId=global_id(batch))
    assert (again["permission"]["reason"], again["message"]) == ("ALREADY_DONE", "This batch was undone already.")
    assert await found() == {}


async def test_who_hid_a_post_and_why_comes_back_with_it(visitor: Client) -> None:
    eve, bob = await trusted(visitor, "eve", UserLevel.EDITOR), await member("bob")
    _, question = await asked_by(bob)
    await hiding.hide_post(bob, question.id, "A mistake of mine.")
    result = await eve.do("moderate_posts", postIds=ids(question), deed="RESTORE")
    assert await state_of(question) == (PostState.VISIBLE, None, None)
    await eve.do("undo_moderation", batchId=result["batch"]["id"])
    assert await state_of(question) == (PostState.HIDDEN, HiddenBy.AUTHOR, "A mistake of mine.")
    assert await found() == {}


async def test_what_was_approved_or_rejected_waits_again(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "hold", frozenset({"new"}))
    eve, bob = await trusted(visitor, "eve", UserLevel.EXPERT), await member("bob")
    (thread, first), (_, second) = await asked_by(bob), await asked_by(bob, "What is a test worth, again?")
    for deed, state in (("REJECT", "HIDDEN"), ("APPROVE", "VISIBLE")):
        result = await eve.do("moderate_posts", postIds=ids(first, second), deed=deed)
        assert [post["state"] for post in result["posts"]] == [state] * 2, result
        result = await eve.do("undo_moderation", batchId=result["batch"]["id"])
        assert [post["state"] for post in result["posts"]] == ["QUEUED"] * 2, result
        assert await state_of(first) == (PostState.QUEUED, None, None)
    now = await models.Thread.get(id=thread.id)
    before = thread.created_at, thread.last_activity_at, thread.created_at
    assert (now.created_at, now.last_activity_at, (await models.Post.get(id=first.id)).created_at) == before
    assert await points_of(bob) == 100
    assert await found() == {}


async def test_flags_that_were_cleared_stand_again_but_for_those_set_anew(visitor: Client) -> None:
    eve, ann = await trusted(visitor, "eve", UserLevel.EDITOR), await member("ann")
    bob, cid = await member("bob"), await member("cid")
    (_, first), (_, second) = await asked_by(ann), await asked_by(ann, "What is a test worth, again?")
    for flagger in (bob, cid):
        for post in (first, second):
            await flagging.flag_post(flagger, post.id, FlagReason.SPAM)
    result = await eve.do("moderate_posts", postIds=ids(first, second), deed="CLEAR_FLAGS")
    assert await models.Flag.filter(cleared_at__isnull=True).count() == 0
    await flagging.flag_post(bob, first.id, FlagReason.ABUSE)
    undone = await eve.do("undo_moderation", batchId=result["batch"]["id"])
    assert ([post["id"] for post in undone["posts"]], len(undone["refusals"])) == (ids(second), 1)
    assert [(await models.Post.get(id=post.id)).flag_count for post in (first, second)] == [1, 2]
    assert await found() == {}


async def test_what_was_deleted_meanwhile_is_told(visitor: Client) -> None:
    max_ = await trusted(visitor, "max")
    _, question = await asked_by(await member("bob"))
    result = await max_.do("moderate_posts", postIds=ids(question), deed="HIDE")
    await max_.do("delete_post", postId=global_id(question))
    undone = await max_.do("undo_moderation", batchId=result["batch"]["id"])
    message = "It was deleted meanwhile."
    assert (undone["posts"], undone["refusals"]) == (
        [],
        [{"postId": global_id(question), "reason": None, "message": message}],
    )


async def test_a_batch_that_does_nothing_is_none(visitor: Client) -> None:
    eve = await trusted(visitor, "eve", UserLevel.EDITOR)
    _, question = await asked_by(await member("bob"))
    result = await eve.do("moderate_posts", postIds=ids(question), deed="RESTORE")
    assert (result["batch"], result["posts"], len(result["refusals"])) == (None, [], 1)
    assert (await models.ModerationBatch.all().count(), await lines()) == (0, [])


async def test_only_the_staff_do_it_and_undo_it_each_where_they_are_trusted(visitor: Client) -> None:
    life = await category_at("life")
    ann, max_ = await visitor.sign_up("ann"), await visitor.sign_up("max")
    await models.User.filter(name="max").update(levels_in={str(life.id): UserLevel.EDITOR})
    (_, inside), (_, outside) = (
        await asked_by(await user("ann"), category="life"),
        await asked_by(await user("ann"), "What is it worth outside?"),
    )
    for client, reason in ((visitor, "SIGN_IN"), (ann, "LEVEL")):
        result = await client.do("moderate_posts", postIds=ids(inside), deed="HIDE")
        assert result["permission"]["reason"] == reason
    result = await max_.do("moderate_posts", postIds=ids(inside, outside), deed="HIDE")
    assert [post["id"] for post in result["posts"]] == ids(inside)
    assert [(each["postId"], each["reason"]) for each in result["refusals"]] == [(global_id(outside), "LEVEL")]
    undone = await ann.do("undo_moderation", batchId=result["batch"]["id"])
    assert undone["permission"]["reason"] == "LEVEL"
    assert (await max_.do("undo_moderation", batchId=result["batch"]["id"]))["__typename"] == "UndoModerationPayload"


async def test_too_many_and_none_are_refused(visitor: Client) -> None:
    eve = await trusted(visitor, "eve", UserLevel.EDITOR)
    for count in (0, MOST_IN_BATCH + 1):
        wanted = ids(*[models.Post(id=number) for number in range(1, count + 1)])
        message = f"Name 1 to {MOST_IN_BATCH} posts; these are {count}."
        assert await wrong_fields(eve, "moderate_posts", postIds=wanted, deed="HIDE") == {"postIds": message}
    nothing = global_id(models.ModerationBatch(id=7))
    assert (await eve.do("undo_moderation", batchId=nothing))["message"] == "There is no such batch."
