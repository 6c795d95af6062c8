"""Flagging: who flags is known to nobody, five flags hide a post, and the staff find that nothing was wrong."""

from typing import Any

import pytest
from clients import Client
from crowd import answered_by, asked_by, category_at, commented_by, member, members
from test_audit import found
from test_hiding import log, state_of, trusted, user
from test_permissions import refused, told

import models
from models import FlagReason, HiddenBy, ModerationDeed, PostState, UserLevel
from schema.nodes import global_id
from services import flagging, origin, quotas
from services.errors import NotPermitted, RateLimited
from services.policy import FLAGS_THAT_HIDE, LIMITS, Limited
from settings import settings

NO_FLAGS = {"totalCount": 0, "nodes": []}


async def seen(client: Client, post: models.Post) -> Any:
    return (await client.run("post_flags", id=global_id(post)))["node"]


async def flagged_by_many(post: models.Post, count: int) -> None:
    for flagger in await members(count):
        await flagging.flag_post(flagger, post.id, FlagReason.SPAM)


async def test_a_flag_is_seen_by_who_set_it_and_counted_for_the_staff(visitor: Client) -> None:
    bob, cid = await visitor.sign_up("bob"), await visitor.sign_up("cid")
    eve = await trusted(visitor, "eve", UserLevel.EDITOR)
    thread, question = await asked_by(await member("ann"))
    assert await told(bob, question, "FLAG") == refused(None, None) | {"allowed": True}  # type: ignore[arg-type]
    assert await bob.do("flag_post", postId=global_id(question), reason="SPAM", note=" Buy! ") == {
        "__typename": "FlagPostPayload",
        "post": {
            "id": global_id(question),
            "state": "VISIBLE",
            "version": 2,
            "viewerFlag": "SPAM",
            "flagCount": None,
            "thread": {"id": global_id(thread), "answerCount": 0},
        },
    }
    plain = {"state": "VISIBLE", "viewerFlag": None, "flagCount": None, "flags": NO_FLAGS}
    assert await seen(bob, question) == plain | {"viewerFlag": "SPAM"}
    assert await seen(cid, question) == await seen(visitor, question) == plain
    flag = await models.Flag.get(post_id=question.id)
    at = flag.created_at.isoformat().replace("+00:00", "Z")
    flags = {"totalCount": 1, "nodes": [{"reason": "SPAM", "note": "Buy!", "createdAt": at}]}
    assert await seen(eve, question) == plain | {"flagCount": 1, "flags": flags}
    assert await log() == []
    assert await found() == {}


async def test_the_same_flag_again_changes_nothing_and_another_reason_changes_it(visitor: Client) -> None:
    bob = await visitor.sign_up("bob")
    _, question = await asked_by(await member("ann"))
    for reason, version in (("SPAM", 2), ("SPAM", 2), ("ABUSE", 2)):
        post = (await bob.do("flag_post", postId=global_id(question), reason=reason))["post"]
        assert (post["viewerFlag"], post["version"]) == (reason, version)
    for _ in range(2):
        post = (await bob.do("flag_post", postId=global_id(question), reason="OTHER", flagged=False))["post"]
        assert (post["viewerFlag"], post["version"]) == (None, 3)
    assert await models.Flag.all().count() == 0
    assert await found() == {}


async def test_a_post_with_five_flags_hides_itself_and_nobody_is_named(visitor: Client) -> None:
    bob, eve = await visitor.sign_up("bob"), await trusted(visitor, "eve", UserLevel.EDITOR)
    ann = await member("ann")
    thread, _ = await asked_by(ann)
    answer = await answered_by(ann, thread)
    await flagged_by_many(answer, FLAGS_THAT_HIDE - 1)
    assert (await state_of(answer))[0] is PostState.VISIBLE
    result = await bob.do("flag_post", postId=global_id(answer), reason="ABUSE")
    assert result["post"] | {"version": 0} == {
        "id": global_id(answer),
        "state": "HIDDEN",
        "version": 0,
        "viewerFlag": "ABUSE",
        "flagCount": None,
        "thread": {"id": global_id(thread), "answerCount": 0},
    }
    assert await state_of(answer) == (PostState.HIDDEN, HiddenBy.FLAGS, None)
    assert await log() == [(ModerationDeed.HIDDEN, None, answer.id, None)]
    assert await visitor.run("post_flags", id=global_id(answer)) == {"node": None}
    assert (await seen(eve, answer))["flagCount"] == FLAGS_THAT_HIDE
    assert await found() == {}


async def test_who_hides_a_question_with_the_last_flag_is_answered_all_the_same(visitor: Client) -> None:
    bob = await visitor.sign_up("bob")
    thread, question = await asked_by(await member("ann"))
    await flagged_by_many(question, FLAGS_THAT_HIDE - 1)
    result = await bob.do("flag_post", postId=global_id(question), reason="SPAM")
    assert (result["post"]["state"], result["post"]["thread"]["id"]) == ("HIDDEN", global_id(thread))
    assert await bob.run("nodes", ids=[global_id(question), global_id(thread)]) == {"nodes": [None, None]}


async def test_the_staff_clear_flags_and_the_same_user_may_flag_anew(visitor: Client) -> None:
    bob, eve = await visitor.sign_up("bob"), await trusted(visitor, "eve", UserLevel.EDITOR)
    _, question = await asked_by(await member("ann"))
    await bob.do("flag_post", postId=global_id(question), reason="SPAM")
    result = await eve.do("clear_flags", postId=global_id(question))
    assert (result["post"]["flagCount"], result["post"]["version"]) == (0, 3)
    assert await seen(eve, question) == {"state": "VISIBLE", "viewerFlag": None, "flagCount": 0, "flags": NO_FLAGS}
    assert (await seen(bob, question))["viewerFlag"] is None
    result = await eve.do("clear_flags", postId=global_id(question))
    assert (result["permission"]["reason"], result["message"]) == ("ALREADY_DONE", "No flag stands on this.")
    result = await bob.do("clear_flags", postId=global_id(question))
    assert result["permission"]["reason"] == "LEVEL"
    assert (await bob.do("flag_post", postId=global_id(question), reason="ABUSE"))["post"]["viewerFlag"] == "ABUSE"
    assert (await seen(eve, question))["flagCount"] == 1
    assert await log() == [(ModerationDeed.FLAGS_CLEARED, "eve", question.id, None)]
    assert (await models.ModerationEntry.get()).amount == 1
    assert await found() == {}


async def test_nobody_flags_their_own_nor_what_is_hidden(visitor: Client) -> None:
    eve = await trusted(visitor, "eve")
    thread, question = await asked_by(await user("eve"))
    answer = await answered_by(await member("bob"), thread)
    await eve.do("hide_post", postId=global_id(answer))
    for client, post, reason in ((eve, question, "OWN_POST"), (eve, answer, "HIDDEN"), (visitor, question, "SIGN_IN")):
        permission = await told(client, post, "FLAG")
        result = await client.do("flag_post", postId=global_id(post), reason="SPAM")
        assert permission == refused(reason, result["message"])
    assert (await visitor.do("flag_post", postId=global_id(answer), reason="SPAM"))["__typename"] == "NotFound"


async def test_it_takes_a_confirmed_address_where_the_site_sends_mail(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = await visitor.sign_up("bob")
    _, question = await asked_by(await member("ann"))
    monkeypatch.setattr(settings(), "mail_server", "smtp://127.0.0.1:1")
    assert (await told(bob, question, "FLAG"))["reason"] == "CONFIRM_EMAIL"
    with pytest.raises(NotPermitted, match="Confirm your e-mail address"):
        await flagging.flag_post(await user("bob"), question.id, FlagReason.SPAM)


async def test_five_in_an_hour_are_enough_and_taking_back_is_free(forum: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "rate_limits", True)
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    posts = [question, *[await commented_by(ann, question) for _ in range(5)]]
    quotas.forget()
    with origin.coming_from("203.0.113.7"):
        for post in posts[: LIMITS[Limited.FLAGS].per_user]:
            await flagging.flag_post(bob, post.id, FlagReason.SPAM)
        with pytest.raises(RateLimited):
            await flagging.flag_post(bob, posts[-1].id, FlagReason.SPAM)
        await flagging.flag_post(bob, question.id, FlagReason.SPAM, flagged=False)
    quotas.forget()
    assert [(await models.Post.get(id=post.id)).flag_count for post in posts] == [0, 1, 1, 1, 1, 0]
    assert await found() == {}


async def test_who_is_trusted_in_a_category_sees_its_flags_alone(visitor: Client) -> None:
    life = await category_at("life")
    eve, ann = await visitor.sign_up("eve"), await member("ann")
    await models.User.filter(name="eve").update(levels_in={str(life.id): UserLevel.EDITOR})
    (_, inside), (_, outside) = await asked_by(ann, category="life"), await asked_by(ann, "What is it worth outside?")
    for post in (inside, outside):
        await flagging.flag_post(await user("eve"), post.id, FlagReason.OTHER)
    assert ((await seen(eve, inside))["flagCount"], (await seen(eve, inside))["flags"]["totalCount"]) == (1, 1)
    assert ((await seen(eve, outside))["flagCount"], (await seen(eve, outside))["flags"]["totalCount"]) == (None, 0)
