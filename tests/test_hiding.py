"""Hiding: what is hidden is there for its author and the staff alone, earns nothing, and comes back as it was."""

from typing import Any

import pytest
from clients import Client
from crowd import answered_by, asked_by, category_at, commented_by, member, points_of
from test_audit import found
from test_permissions import refused, told

import models
from models import HiddenBy, ModerationDeed, PostState, UserLevel, VoteValue
from schema.nodes import global_id
from services import accounts, choosing, claims, closing, hiding, posting, voting
from services.actors import Writer
from services.errors import NotPermitted
from settings import settings


async def trusted(visitor: Client, name: str, level: UserLevel = UserLevel.MODERATOR) -> Client:
    """A new user of that level."""
    client = await visitor.sign_up(name)
    await accounts.set_level(await models.User.get(name=name), level)
    return client


async def user(name: str) -> models.User:
    return await models.User.get(name=name)


async def log() -> list[tuple[ModerationDeed, str | None, int | None, str | None]]:
    """The lines of the log: what, who, the post and the reason."""
    lines = await models.ModerationEntry.all().order_by("id").select_related("by")
    return [(line.deed, line.by.name if line.by else None, line.post_id, line.reason) for line in lines]


async def state_of(post: models.Post) -> tuple[PostState, HiddenBy | None, str | None]:
    now = await models.Post.get(id=post.id)
    return now.state, now.hidden_by, now.hide_reason


async def refusal_of(client: Client, deed: str, post: models.Post) -> Any:
    """Why the deed is refused, after `viewerCan` has said the same."""
    action = {"hide_post": "HIDE", "restore_post": "RESTORE", "delete_post": "DELETE"}[deed]
    before = await told(client, post, action)
    result = await client.do(deed, postId=global_id(post))
    assert result["__typename"] == "NotPermitted", result
    assert before == refused(result["permission"]["reason"], result["message"])
    return result["permission"]["reason"]


async def test_the_staff_hide_a_post_and_it_is_noted_with_the_reason(visitor: Client) -> None:
    eve, ann, bob = await trusted(visitor, "eve", UserLevel.EDITOR), await member("ann"), await member("bob")
    thread, _ = await asked_by(ann)
    answer = await answered_by(bob, thread)
    await voting.cast_vote(ann, answer.id, VoteValue.UP)
    assert await points_of(bob) == 100 + 40 + 20
    assert await told(eve, answer, "HIDE") == refused(None, None) | {"allowed": True}  # type: ignore[arg-type]
    result = await eve.do("hide_post", postId=global_id(answer), reason="  Rude.  ")
    assert result == {
        "__typename": "HidePostPayload",
        "post": {
            "__typename": "Answer",
            "id": global_id(answer),
            "state": "HIDDEN",
            "version": 3,
            "commentCount": 0,
            "author": {"id": global_id(bob), "points": 100 + 20},
            "thread": {"id": global_id(thread), "answerCount": 0},
        },
    }
    assert await state_of(answer) == (PostState.HIDDEN, HiddenBy.STAFF, "Rude.")
    assert await log() == [(ModerationDeed.HIDDEN, "eve", answer.id, "Rude.")]
    assert await refusal_of(eve, "hide_post", answer) == "ALREADY_DONE"
    result = await eve.do("restore_post", postId=global_id(answer))
    assert (result["post"]["state"], result["post"]["author"]["points"]) == ("VISIBLE", 160)
    assert result["post"]["thread"]["answerCount"] == 1
    assert await state_of(answer) == (PostState.VISIBLE, None, None)
    assert (await log())[1:] == [(ModerationDeed.RESTORED, "eve", answer.id, None)]
    assert await refusal_of(eve, "restore_post", answer) == "ALREADY_DONE"
    assert await found() == {}


async def test_an_author_hides_their_own_and_shows_it_again_and_nobody_notes_it(visitor: Client) -> None:
    bob = await visitor.sign_up("bob")
    thread, question = await asked_by(await member("ann"))
    answer = await answered_by(await user("bob"), thread)
    comment = await commented_by(await user("bob"), answer)
    result = await bob.do("hide_post", postId=global_id(comment))
    assert result["post"]["parent"] == {"id": global_id(answer), "commentCount": 0}
    assert await state_of(comment) == (PostState.HIDDEN, HiddenBy.AUTHOR, None)
    result = await bob.do("restore_post", postId=global_id(comment))
    assert (result["post"]["state"], result["post"]["parent"]["commentCount"]) == ("VISIBLE", 1)
    assert await refusal_of(bob, "hide_post", question) == "LEVEL"
    assert await log() == []
    assert await found() == {}


async def test_what_the_staff_hid_its_author_cannot_show_again(visitor: Client) -> None:
    bob, eve = await visitor.sign_up("bob"), await trusted(visitor, "eve", UserLevel.EDITOR)
    thread, _ = await asked_by(await member("ann"))
    answer = await answered_by(await user("bob"), thread)
    await eve.do("hide_post", postId=global_id(answer))
    assert await refusal_of(bob, "restore_post", answer) == "LEVEL"


async def test_a_visitor_learns_of_a_hidden_post_no_more_than_of_none(visitor: Client) -> None:
    bob = await member("bob")
    thread, question = await asked_by(await member("ann"))
    answer = await answered_by(bob, thread)
    await hiding.hide_post(bob, answer.id, None)
    for deed in ("hide_post", "restore_post", "delete_post"):
        assert await visitor.do(deed, postId=global_id(answer)) == {
            "__typename": "NotFound",
            "message": "There is no such post.",
        }
    assert await refusal_of(visitor, "hide_post", question) == "SIGN_IN"


async def test_what_stands_under_a_hidden_question_is_seen_by_nobody_but_the_staff(visitor: Client) -> None:
    ann, eve = await visitor.sign_up("ann"), await trusted(visitor, "eve", UserLevel.EDITOR)
    await category_at("life")
    thread, question = await asked_by(await user("ann"), category="life", tags=("plants",))
    bob = await member("bob")
    answer = await answered_by(bob, thread)
    comment = await commented_by(bob, answer)
    rows = (thread, question, answer, comment)
    ids = [global_id(row) for row in rows]
    await ann.do("hide_post", postId=global_id(question))
    assert await visitor.run("nodes", ids=ids) == {"nodes": [None] * 4}
    assert [node is None for node in (await ann.run("nodes", ids=ids))["nodes"]] == [False, False, True, True]
    assert None not in (await eve.run("nodes", ids=ids))["nodes"]
    assert (await visitor.run("threads"))["threads"]["edges"] == []
    assert (await visitor.run("tag_page", name="plants"))["tag"]["threadCount"] == 0
    page = (await visitor.run("user_page", name="bob"))["user"]
    assert (page["answerCount"], page["answers"]["totalCount"], page["commentCount"]) == (0, 0, 0)
    history = (await visitor.run("points_history", name="bob"))["user"]["pointsHistory"]["edges"]
    assert [edge["node"]["post"] for edge in history] == [None, None]
    await ann.do("restore_post", postId=global_id(question))
    assert None not in (await visitor.run("nodes", ids=ids))["nodes"]
    assert (await visitor.run("tag_page", name="plants"))["tag"]["threadCount"] == 1
    assert await found() == {}


async def test_a_question_that_another_closed_its_author_cannot_hide(visitor: Client) -> None:
    ann, eve = await visitor.sign_up("ann"), await trusted(visitor, "eve", UserLevel.EDITOR)
    thread, question = await asked_by(await user("ann"))
    await eve.do("close_thread", threadId=global_id(thread), reason="UNCLEAR")
    assert await refusal_of(ann, "hide_post", question) == "LEVEL"
    await closing.reopen_thread(await user("eve"), thread.id)
    await ann.do("close_thread", threadId=global_id(thread), reason="RESOLVED")
    assert (await ann.do("hide_post", postId=global_id(question)))["post"]["state"] == "HIDDEN"


async def test_whose_posts_are_held_waits_again_after_hiding_and_showing(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = await visitor.sign_up("bob")
    thread, _ = await asked_by(await member("ann"))
    answer = await answered_by(await user("bob"), thread)
    monkeypatch.setattr(settings(), "hold", frozenset({"new"}))
    await bob.do("hide_post", postId=global_id(answer))
    result = await bob.do("restore_post", postId=global_id(answer))
    assert (result["post"]["state"], result["post"]["thread"]["answerCount"]) == ("QUEUED", 0)
    assert await points_of(await user("bob")) == 100
    assert await found() == {}


async def test_a_hidden_best_answer_stays_chosen_and_pays_when_it_is_shown_again(visitor: Client) -> None:
    eve, ann, bob = await trusted(visitor, "eve"), await member("ann"), await member("bob")
    thread, _ = await asked_by(ann)
    answer = await answered_by(bob, thread)
    await choosing.choose_best_answer(ann, thread.id, answer.id)
    assert await points_of(bob) == 100 + 40 + 300
    await eve.do("hide_post", postId=global_id(answer))
    assert await points_of(bob) == 100
    assert (await visitor.run("user_page", name="bob"))["user"]["bestAnswerCount"] == 0
    await eve.do("restore_post", postId=global_id(answer))
    assert await points_of(bob) == 440
    await eve.do("hide_post", postId=global_id(answer))
    await eve.do("delete_post", postId=global_id(answer))
    assert (await points_of(ann), await points_of(bob)) == (120, 100)
    assert await found() == {}


async def test_only_what_is_hidden_and_bears_nothing_is_deleted(visitor: Client) -> None:
    max_, eve = await trusted(visitor, "max"), await trusted(visitor, "eve", UserLevel.EDITOR)
    ann, bob = await member("ann"), await member("bob")
    thread, question = await asked_by(ann)
    answer = await answered_by(bob, thread)
    comment = await commented_by(bob, answer)
    await voting.cast_vote(ann, comment.id, VoteValue.UP)
    assert await refusal_of(max_, "delete_post", answer) == "DISABLED"
    await max_.do("hide_post", postId=global_id(answer))
    assert await refusal_of(max_, "delete_post", answer) == "DISABLED"
    assert await refusal_of(eve, "delete_post", answer) == "LEVEL"
    await max_.do("hide_post", postId=global_id(comment))
    assert await max_.do("delete_post", postId=global_id(comment)) == {
        "__typename": "DeletePostPayload",
        "deletedPostId": global_id(comment),
        "thread": {"id": global_id(thread), "answerCount": 0},
        "parent": {"id": global_id(answer), "commentCount": 0},
    }
    await max_.do("delete_post", postId=global_id(answer))
    await max_.do("hide_post", postId=global_id(question))
    assert await max_.do("delete_post", postId=global_id(question)) == {
        "__typename": "DeletePostPayload",
        "deletedPostId": global_id(question),
        "thread": None,
        "parent": None,
    }
    assert (await models.Post.all().count(), await models.Thread.all().count()) == (0, 0)
    assert [(deed, post) for deed, _, post, _ in await log()][-1] == (ModerationDeed.DELETED, None)
    assert (await points_of(ann), await points_of(bob)) == (100, 100)
    assert await found() == {}


async def test_what_threads_are_duplicates_of_is_not_deleted(visitor: Client) -> None:
    max_, ann = await trusted(visitor, "max"), await member("ann")
    (first, question), (second, _) = await asked_by(ann), await asked_by(ann, "What is a test worth, again?")
    await closing.close_thread(ann, second.id, models.ClosureReason.DUPLICATE, None, first.id)
    await max_.do("hide_post", postId=global_id(question))
    assert await refusal_of(max_, "delete_post", question) == "DISABLED"


async def test_a_post_without_an_account_is_hidden_with_its_claim_token(visitor: Client) -> None:
    writer = Writer("0" * 64)
    thread, _ = await asked_by(await member("ann"))
    _, answer = await posting.post_answer(writer, thread.id, "An answer of a stranger.")
    token = claims.token_of(answer)
    result = await visitor.do("hide_post", postId=global_id(answer), claimToken=token)
    assert (result["post"]["state"], result["post"]["author"]) == ("HIDDEN", None)
    assert await state_of(answer) == (PostState.HIDDEN, HiddenBy.AUTHOR, None)
    result = await visitor.do("restore_post", postId=global_id(answer), claimToken=token)
    assert result["post"]["state"] == "VISIBLE"
    assert await log() == []


async def test_who_is_trusted_in_a_category_hides_there_alone(visitor: Client) -> None:
    await category_at("life")
    eve, ann = await visitor.sign_up("eve"), await member("ann")
    life = await models.Category.get(path="life")
    await models.User.filter(name="eve").update(levels_in={str(life.id): UserLevel.EDITOR})
    _, inside = await asked_by(ann, category="life")
    _, outside = await asked_by(ann, "What is a test worth elsewhere?")
    assert (await eve.do("hide_post", postId=global_id(inside)))["post"]["state"] == "HIDDEN"
    assert await refusal_of(eve, "hide_post", outside) == "LEVEL"


async def test_watchers_who_may_not_see_a_hidden_post_hear_nothing_of_it(visitor: Client) -> None:
    eve, ann, bob = await trusted(visitor, "eve"), await member("ann"), await member("bob")
    thread, question = await asked_by(ann)
    answer = await answered_by(bob, thread)
    async with visitor.socket() as strangers, eve.socket() as eves:
        for socket in (strangers, eves):
            await socket.subscribe("watch_votes", postIds=[global_id(answer), global_id(question)])
            await socket.next()
            await socket.next()
        await eve.do("hide_post", postId=global_id(answer))
        assert (await eves.next())["votesChanged"]["id"] == global_id(answer)
        await voting.cast_vote(bob, question.id, VoteValue.UP)
        assert (await strangers.next())["votesChanged"]["id"] == global_id(question)


async def test_a_long_reason_is_refused(visitor: Client) -> None:
    bob = await visitor.sign_up("bob")
    _, question = await asked_by(await user("bob"))
    result = await bob.do("hide_post", postId=global_id(question), reason="x" * 1001)
    assert result["fields"] == [{"path": ["reason"], "message": "Write at most 1,000 characters; these are 1,001."}]


async def test_who_is_blocked_hides_not_even_their_own(visitor: Client) -> None:
    bob = await visitor.sign_up("bob")
    _, question = await asked_by(await user("bob"))
    await models.User.filter(name="bob").update(blocked_at=question.created_at)
    assert await refusal_of(bob, "hide_post", question) == "BLOCKED"
    with pytest.raises(NotPermitted, match="Your account is blocked"):
        await hiding.hide_post(await user("bob"), question.id, None)
