"""Editing: what is written anew, what is kept of how it was, and who may."""

from datetime import UTC, datetime, timedelta

import pytest
from clients import Client
from crowd import answered_by, asked_by, category_at, commented_by, member, offences, trusted

import models
from models import ModerationDeed, PostState, UserLevel
from schema.nodes import global_id
from services import claims, clock, editing, settling
from services.editing import Edit
from services.errors import NotPermitted

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=6)
BODY = "Water them, and wait."


async def test_an_edited_question_is_shown_anew_and_its_counts_move_along(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    await category_at("life/home")
    await category_at("work")
    with clock.standing_at(NOON):
        thread, question = await asked_by(
            await models.User.get(name="ann"), category="life/home", tags=("plants", "soil")
        )
    await models.TagSynonym.create(name="flora", tag=await models.Tag.get(name="plants"))
    edited = await ann.do(
        "edit_post",
        postId=global_id(question),
        body="They *still* die.\r\n",
        title="  Why do plants die at home? ",
        tags=["Water", "flora"],
        categoryPath="work",
        comment="More to the point.",
        expectedVersion=1,
    )
    post, revision = edited["post"], edited["revision"]
    assert post == {
        "id": global_id(question),
        "body": "They *still* die.",
        "bodyHtml": "<p>They <em>still</em> die.</p>",
        "version": 2,
        "editedAt": post["editedAt"],
        "editor": {"name": "ann"},
        "thread": {
            "id": global_id(thread),
            "title": "Why do plants die at home?",
            "slug": "why-do-plants-die-at-home",
            "category": {"path": "work", "threadCount": 1},
            "tags": [{"name": "water", "threadCount": 1}, {"name": "plants", "threadCount": 1}],
        },
    }
    assert revision == {"id": revision["id"], "number": 2, "isSilent": False, "comment": "More to the point."}
    assert edited["formerCategory"] == {"path": "life/home", "threadCount": 0}
    assert edited["formerTags"] == [{"name": "soil", "threadCount": 0}]
    assert (await models.Thread.get(id=thread.id)).last_activity_at > NOON
    assert await offences() == []


async def test_answers_and_comments_are_edited_and_have_no_title(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    user = await models.User.get(name="ann")
    thread, question = await asked_by(user)
    wrong = "Only a question has this: leave it out."
    for post in (await answered_by(user, thread), await commented_by(user, question)):
        edited = await ann.do("edit_post", postId=global_id(post), body=BODY)
        assert (edited["post"]["body"], edited["revision"]["number"]) == (BODY, 2)
        refused = await ann.do(
            "edit_post", postId=global_id(post), body="short", title="A title for it", tags=[], categoryPath="life"
        )
        assert refused["__typename"] == "InvalidInput"
        assert refused["fields"] == [
            {"path": ["body"], "message": "Write at least 12 characters; these are 5."},
            {"path": ["title"], "message": wrong},
            {"path": ["tags"], "message": wrong},
            {"path": ["categoryPath"], "message": wrong},
        ]
    assert await offences() == []


async def test_every_wrong_field_of_a_question_is_told_at_once(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    _, question = await asked_by(await models.User.get(name="ann"))
    refused = await ann.do(
        "edit_post",
        postId=global_id(question),
        body="\x00",
        title="",
        tags=["two words"],
        categoryPath="nowhere",
        comment="x" * 1_001,
    )
    assert [field["path"] for field in refused["fields"]] == [
        ["body"],
        ["title"],
        ["tags", "0"],
        ["categoryPath"],
        ["comment"],
    ]
    assert await models.Revision.all().count() == 0


async def test_an_edit_that_changes_nothing_changes_nothing(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    thread, question = await asked_by(await models.User.get(name="ann"), tags=("plants",))
    await models.TagSynonym.create(name="flora", tag=await models.Tag.get(name="plants"))
    for number in (1, 1):
        same = await ann.do(
            "edit_post", postId=global_id(question), body=f" {question.body}", title=thread.title, tags=["flora"]
        )
        assert (same["post"]["version"], same["post"]["editedAt"]) == (1, None)
        assert same["revision"]["number"] == number
    assert await models.Revision.all().count() == 1
    assert (await models.Thread.get(id=thread.id)).last_activity_at == thread.last_activity_at


async def test_what_is_left_out_stays_as_it_is(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    thread, question = await asked_by(await models.User.get(name="ann"), tags=("plants",))
    edited = await ann.do("edit_post", postId=global_id(question), title="What is a title worth?")
    assert (edited["post"]["body"], edited["post"]["thread"]["slug"]) == (question.body, "what-is-a-title-worth")
    edited = await ann.do("edit_post", postId=global_id(question), body="Better.")
    assert edited["post"]["thread"]["title"] == "What is a title worth?"
    assert edited["post"]["thread"]["tags"] == [{"name": "plants", "threadCount": 1}]
    imported = "x" * 130
    await models.Thread.filter(id=thread.id).update(title=imported)
    edited = await ann.do("edit_post", postId=global_id(question), title=imported, tags=[])
    assert edited["formerTags"] == [{"name": "plants", "threadCount": 0}]


async def test_a_change_by_somebody_who_was_faster_is_a_conflict(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    _, question = await asked_by(await models.User.get(name="ann"))
    await ann.do("edit_post", postId=global_id(question), body="First.", expectedVersion=1)
    assert await ann.do("edit_post", postId=global_id(question), body="Second.", expectedVersion=1) == {
        "__typename": "Conflict",
        "message": "This is version 2 by now, and you edited version 1: read it again.",
    }
    edited = await ann.do("edit_post", postId=global_id(question), body="Second.", expectedVersion=2)
    assert edited["post"]["version"] == 3


async def test_an_authors_edit_leaves_a_mark_after_five_minutes_and_anothers_at_once(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    bob.level = UserLevel.EDITOR
    for editor, after, is_marked in ((ann, 300, False), (ann, 301, True), (bob, 1, True)):
        with clock.standing_at(NOON):
            _, question = await asked_by(ann)
        moment = NOON + timedelta(seconds=after)
        with clock.standing_at(moment):
            await editing.edit_post(editor, question.id, Edit(body="Tell me more."))
        post = await models.Post.get(id=question.id)
        assert (post.edited_at, post.editor_id) == ((moment, editor.id) if is_marked else (None, None))
        assert await models.Revision.filter(post=post).count() == 2


async def test_moderators_edit_silently_and_the_log_tells(visitor: Client) -> None:
    ann, mod = await member("ann"), await trusted(visitor, "mod", UserLevel.MODERATOR)
    editor = await trusted(visitor, "editor", UserLevel.EDITOR)
    with clock.standing_at(NOON):
        thread, question = await asked_by(ann)
    refused = await editor.do("edit_post", postId=global_id(question), body="Better.", silent=True)
    assert refused == {
        "__typename": "NotPermitted",
        "message": "It takes the level moderator to edit silently.",
        "permission": {"allowed": False, "reason": "LEVEL"},
    }
    edited = await mod.do("edit_post", postId=global_id(question), body="Better.", silent=True, comment="A name.")
    assert (edited["post"]["editedAt"], edited["post"]["editor"], edited["revision"]["isSilent"]) == (None, None, True)
    assert (await models.Thread.get(id=thread.id)).last_activity_at == NOON
    entry = await models.ModerationEntry.get().select_related("by")
    assert (entry.deed, entry.by and entry.by.name) == (ModerationDeed.EDITED, "mod")
    assert (entry.post_id, entry.thread_id, entry.reason) == (question.id, thread.id, "A name.")


async def test_what_authors_do_to_their_own_posts_is_in_no_log(forum: str) -> None:
    ann = await member("ann")
    _, question = await asked_by(ann)
    await editing.edit_post(ann, question.id, Edit(body="Better.", tags=("plants",)))
    assert await models.ModerationEntry.all().count() == 0


async def test_who_may_not_edit_is_told_why(visitor: Client) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    thread, question = await asked_by(ann)
    assert await visitor.do("edit_post", postId=global_id(question), body="") == {
        "__typename": "NotPermitted",
        "message": "Sign in to edit the questions of others.",
        "permission": {"allowed": False, "reason": "SIGN_IN"},
    }
    refused = await bob.do("edit_post", postId=global_id(question), body="")
    assert refused["message"] == "It takes the level editor to edit the questions of others."
    await models.Thread.filter(id=thread.id).update(closed_at=NOON)
    with pytest.raises(NotPermitted, match=r"^This thread is closed: its question stays as it is\.$"):
        await editing.edit_post(ann, question.id, Edit(body="Better."))
    missing = await bob.do("edit_post", postId=global_id(models.Post(id=question.id + 1)), body="")
    assert missing == {"__typename": "NotFound", "message": "There is no such post."}


async def test_a_hidden_post_is_edited_by_nobody_and_a_queued_one_by_its_author(forum: str) -> None:
    ann = await member("ann")
    with clock.standing_at(NOON):
        thread, question = await asked_by(ann)
    async with models.database.transaction(), settling.settled(thread.id):
        await models.Post.filter(id=question.id).update(state=PostState.HIDDEN)
    with pytest.raises(NotPermitted, match=r"^This is hidden\.$"):
        await editing.edit_post(ann, question.id, Edit(body="Better."))
    async with models.database.transaction(), settling.settled(thread.id):
        await models.Post.filter(id=question.id).update(state=PostState.QUEUED)
    with clock.standing_at(LATER):
        revised = await editing.edit_post(ann, question.id, Edit(body="Better.", title="What is it worth now?"))
    assert (revised.post.body, revised.post.edited_at) == ("Better.", None)
    assert await offences() == []


async def test_who_has_no_account_edits_with_a_claim_token(visitor: Client) -> None:
    thread, question = await asked_by(await member("ann"))
    writer = claims.writer_of("secret")
    for row in (thread, question):
        await type(row).filter(id=row.id).update(author_id=None, writer_key=writer.key)
    edited = await visitor.do(
        "edit_post",
        postId=global_id(question),
        body="Better.",
        claimToken=claims.token_of(await models.Post.get(id=question.id)),
    )
    assert (edited["post"]["body"], edited["post"]["editor"], edited["revision"]["number"]) == ("Better.", None, 2)
    refused = await visitor.do("edit_post", postId=global_id(question), body="Worse.", claimToken="none of ours")
    assert refused["fields"][0]["path"] == ["claimToken"]
