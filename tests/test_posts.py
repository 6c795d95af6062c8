"""Posts: questions, answers and comments, as each viewer sees them."""

from datetime import UTC, datetime

from clients import Client
from crowd import answered_by, asked_by, commented_by, member

import models
from models import VoteValue
from schema.nodes import global_id
from services import voting


async def test_a_question_is_shown_with_all_that_belongs_to_it(visitor: Client) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    await commented_by(bob, question)
    await voting.cast_vote(bob, question.id, VoteValue.DOWN)
    assert (await visitor.run("post", id=global_id(question)))["node"] == {
        "__typename": "Question",
        "id": global_id(question),
        "body": question.body,
        "bodyHtml": f"<p>{question.body}</p>",
        "bodyText": question.body,
        "displayName": "ann",
        "author": {"name": "ann"},
        "editedAt": None,
        "editor": None,
        "revisions": {"nodes": []},
        "score": -1,
        "upVotes": 0,
        "downVotes": 1,
        "viewerVote": "NONE",
        "version": 3,
        "state": "VISIBLE",
        "commentCount": 1,
        "thread": {"title": "What is a test worth?"},
    }


async def test_a_comment_tells_what_it_stands_under(visitor: Client) -> None:
    ann = await member("ann")
    thread, question = await asked_by(ann)
    answer = await answered_by(ann, thread)
    for parent, name in ((question, "Question"), (answer, "Answer")):
        shown = (await visitor.run("post", id=global_id(await commented_by(ann, parent))))["node"]
        assert (shown["__typename"], shown["parent"]) == ("Comment", {"__typename": name, "id": global_id(parent)})


async def test_each_viewer_sees_their_own_vote(visitor: Client) -> None:
    ann, bob, cid = await member("ann"), await visitor.sign_up("bob"), await visitor.sign_up("cid")
    thread, question = await asked_by(ann)
    answer = await answered_by(ann, thread)
    comment = await commented_by(ann, answer)
    await bob.do("cast_vote", postId=global_id(question), value="UP")
    await bob.do("cast_vote", postId=global_id(comment), value="DOWN")
    await cid.do("cast_vote", postId=global_id(answer), value="UP")
    await cid.do("cast_vote", postId=global_id(answer), value="NONE")
    for client, votes in ((visitor, ["NONE"] * 3), (bob, ["UP", "NONE", "DOWN"]), (cid, ["NONE"] * 3)):
        shown = [await client.run("post", id=global_id(post)) for post in (question, answer, comment)]
        assert [each["node"]["viewerVote"] for each in shown] == votes


async def test_a_post_without_an_account_shows_the_name_it_was_given_or_a_stand_in(visitor: Client) -> None:
    ann = await member("ann")
    _, question = await asked_by(ann)
    for name, shown in (("A passer-by", "A passer-by"), (None, "anonymous")):
        await models.Post.filter(id=question.id).update(author_id=None, author_name=name)
        post = (await visitor.run("post", id=global_id(question)))["node"]
        assert (post["author"], post["displayName"]) == (None, shown)


async def test_an_edited_post_tells_who_edited_it_and_when(visitor: Client) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    moment = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
    await models.Post.filter(id=question.id).update(edited_at=moment, editor_id=bob.id)
    post = (await visitor.run("post", id=global_id(question)))["node"]
    assert (post["editedAt"], post["editor"]) == ("2026-03-01T12:30:15.250000Z", {"name": "bob"})


async def test_a_text_is_cut_only_where_a_length_is_given(visitor: Client) -> None:
    ann = await member("ann")
    thread, _ = await asked_by(ann)
    answer = await answered_by(ann, thread)
    for length, text in ((None, answer.body), (1_000, answer.body), (12, "Long enough…"), (0, ""), (-3, "")):
        shown = await visitor.run("post", id=global_id(answer), length=length)
        assert shown["node"]["bodyText"] == text
