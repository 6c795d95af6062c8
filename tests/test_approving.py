"""Approving: what is held is seen by its author and those who judge, and begins when it is approved."""

from datetime import timedelta
from typing import Any

import pytest
from clients import Client
from crowd import answered_by, asked_by, category_at, commented_by, member, points_of
from test_audit import found
from test_flagging import flagged_by_many
from test_hiding import log, state_of, trusted, user
from test_permissions import refused, told

import models
from models import FlagReason, HiddenBy, ModerationDeed, PostState, UserLevel
from schema.nodes import global_id
from services import clock, flagging, hiding
from settings import settings

EMPTY: dict[str, Any] = {"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> None:
    """What new users write waits."""
    monkeypatch.setattr(settings(), "hold", frozenset({"new"}))


async def listed(client: Client, name: str) -> list[str]:
    """The ids of what a list of the staff has."""
    [found] = (await client.run(name)).values()
    assert found["totalCount"] == len(found["nodes"])
    return [node["id"] for node in found["nodes"]]


async def refusal_of(client: Client, deed: str, post: models.Post) -> Any:
    before = await told(client, post, "APPROVE")
    result = await client.do(deed, postId=global_id(post))
    assert before == refused(result["permission"]["reason"], result["message"])
    return result["permission"]["reason"]


@pytest.mark.usefixtures("held")
async def test_a_question_that_waits_is_seen_by_nobody_and_begins_when_it_is_approved(visitor: Client) -> None:
    ann, eve = await visitor.sign_up("ann"), await trusted(visitor, "eve", UserLevel.EXPERT)
    with clock.standing_at(clock.now() - timedelta(hours=1)):
        thread, question = await asked_by(await user("ann"), tags=("plants",))
    ids = [global_id(thread), global_id(question)]
    assert await visitor.run("nodes", ids=ids) == {"nodes": [None, None]}
    assert (await visitor.run("tag_page", name="plants"))["tag"]["threadCount"] == 0
    assert None not in (await ann.run("nodes", ids=ids))["nodes"]
    assert await points_of(await user("ann")) == 100
    assert await listed(eve, "moderation_queue") == [global_id(question)]
    result = await eve.do("approve_post", postId=global_id(question))
    at = result["post"]["createdAt"]
    assert at > thread.created_at.isoformat()
    assert result == {
        "__typename": "ApprovePostPayload",
        "post": {
            "id": global_id(question),
            "state": "VISIBLE",
            "createdAt": at,
            "author": {"points": 120},
            "thread": {"id": ids[0], "answerCount": 0, "createdAt": at, "lastActivityAt": at},
        },
    }
    assert None not in (await visitor.run("nodes", ids=ids))["nodes"]
    assert (await visitor.run("tag_page", name="plants"))["tag"]["threadCount"] == 1
    assert await listed(eve, "moderation_queue") == []
    assert await log() == [(ModerationDeed.APPROVED, "eve", question.id, None)]
    assert await refusal_of(eve, "approve_post", question) == "ALREADY_DONE"
    assert await found() == {}


@pytest.mark.usefixtures("held")
async def test_an_answer_that_is_approved_counts_and_is_the_latest_in_its_thread(visitor: Client) -> None:
    ann, eve = await member("ann"), await trusted(visitor, "eve", UserLevel.EXPERT)
    await models.User.filter(id=ann.id).update(level=UserLevel.APPROVED)
    thread, _ = await asked_by(await models.User.get(id=ann.id))
    answer = await answered_by(bob := await member("bob"), thread)
    assert (await models.Thread.get(id=thread.id)).answer_count == 0
    post = (await eve.do("approve_post", postId=global_id(answer)))["post"]
    assert (post["thread"]["answerCount"], post["author"]["points"]) == (1, await points_of(bob)) == (1, 140)
    assert post["thread"]["lastActivityAt"] == post["createdAt"]
    assert await found() == {}


@pytest.mark.usefixtures("held")
async def test_a_rejected_post_is_hidden_from_who_rejected_it_too(visitor: Client) -> None:
    ann, eve = await visitor.sign_up("ann"), await trusted(visitor, "eve", UserLevel.EXPERT)
    max_ = await trusted(visitor, "max")
    thread, question = await asked_by(await user("ann"))
    result = await eve.do("reject_post", postId=global_id(question), reason="An advertisement.")
    assert (result["post"]["state"], result["post"]["thread"]["id"]) == ("HIDDEN", global_id(thread))
    assert await state_of(question) == (PostState.HIDDEN, HiddenBy.REJECTION, "An advertisement.")
    assert await log() == [(ModerationDeed.REJECTED, "eve", question.id, "An advertisement.")]
    assert (await eve.run("nodes", ids=[global_id(question)]))["nodes"] == [None]
    assert await listed(max_, "hidden_posts") == [global_id(question)]
    assert (await told(ann, question, "RESTORE"))["reason"] == "LEVEL"
    assert (await max_.do("restore_post", postId=global_id(question)))["post"]["state"] == "VISIBLE"
    assert await found() == {}


@pytest.mark.usefixtures("held")
async def test_others_neither_approve_nor_reject(visitor: Client) -> None:
    ann, bob = await visitor.sign_up("ann"), await visitor.sign_up("bob")
    _, question = await asked_by(await user("ann"))
    for deed in ("approve_post", "reject_post"):
        assert await refusal_of(ann, deed, question) == "LEVEL"
        assert (await bob.do(deed, postId=global_id(question)))["__typename"] == "NotFound"
        assert (await visitor.do(deed, postId=global_id(question)))["__typename"] == "NotFound"


async def test_what_was_seen_and_answered_before_keeps_its_time(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, eve = await visitor.sign_up("ann"), await trusted(visitor, "eve", UserLevel.EXPERT)
    thread, question = await asked_by(await user("ann"))
    await answered_by(await member("bob"), thread)
    monkeypatch.setattr(settings(), "hold", frozenset({"new"}))
    await ann.do("hide_post", postId=global_id(question))
    await ann.do("restore_post", postId=global_id(question))
    post = (await eve.do("approve_post", postId=global_id(question)))["post"]
    assert post["createdAt"] == post["thread"]["createdAt"] == question.created_at.isoformat().replace("+00:00", "Z")
    assert await found() == {}


@pytest.mark.usefixtures("held")
async def test_the_queue_is_oldest_first_and_page_by_page(visitor: Client) -> None:
    eve, bob = await trusted(visitor, "eve", UserLevel.EXPERT), await member("bob")
    questions = [(await asked_by(bob, f"What is a test worth, in turn {turn}?"))[1] for turn in range(3)]
    page = (await eve.run("moderation_queue", first=2))["moderationQueue"]
    assert [node["id"] for node in page["nodes"]] == [global_id(post) for post in questions[:2]]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    rest = (await eve.run("moderation_queue", after=page["pageInfo"]["endCursor"]))["moderationQueue"]
    assert [node["id"] for node in rest["nodes"]] == [global_id(questions[2])]


async def test_flagged_posts_come_by_the_number_of_their_flags(visitor: Client) -> None:
    eve, ann = await trusted(visitor, "eve", UserLevel.EDITOR), await member("ann")
    thread, question = await asked_by(ann)
    answer, comment = await answered_by(ann, thread), await commented_by(ann, question)
    await flagged_by_many(answer, 2)
    for post in (question, comment):
        await flagging.flag_post(await models.User.get(name="member 1"), post.id, FlagReason.OTHER)
    assert await listed(eve, "flagged_posts") == [global_id(post) for post in (answer, question, comment)]
    await eve.do("clear_flags", postId=global_id(answer))
    assert await listed(eve, "flagged_posts") == [global_id(post) for post in (question, comment)]


async def test_who_may_not_decide_is_told_of_nothing(visitor: Client) -> None:
    bob = await visitor.sign_up("bob")
    thread, question = await asked_by(await user("bob"))
    await flagged_by_many(question, 1)
    answer = await answered_by(await user("bob"), thread)
    await hiding.hide_post(await user("bob"), answer.id, None)
    eve = await trusted(visitor, "eve", UserLevel.EXPERT)
    for client in (visitor, bob, eve):
        for name in ("moderation_queue", "flagged_posts", "hidden_posts"):
            assert list((await client.run(name)).values()) == [EMPTY]


async def test_who_is_trusted_in_a_category_has_the_lists_of_that_category(visitor: Client) -> None:
    life = await category_at("life")
    eve, ann = await visitor.sign_up("eve"), await member("ann")
    await models.User.filter(name="eve").update(levels_in={str(life.id): UserLevel.EDITOR})
    (_, inside), (_, outside) = await asked_by(ann, category="life"), await asked_by(ann, "What is it worth outside?")
    for post in (inside, outside):
        await flagging.flag_post(await user("eve"), post.id, FlagReason.OTHER)
        await hiding.hide_post(ann, post.id, None)
    for name in ("flagged_posts", "hidden_posts"):
        assert await listed(eve, name) == [global_id(inside)]
    await models.Post.filter(id__in=[inside.id, outside.id]).update(state=PostState.QUEUED)
    assert await listed(eve, "moderation_queue") == [global_id(inside)]
