"""Revisions: how a post was, what changed since, and how it becomes that again."""

from datetime import UTC, datetime
from typing import Any

from clients import Client
from crowd import asked_by, category_at, member, offences, question_of, trusted

import models
from models import PostState, UserLevel
from schema.nodes import global_id
from services import clock, editing, settling
from services.editing import Edit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BODY = "Water them, and wait."


#: Not among the clients' documents, all of which have plans: this has none.
COMPARISON = """
    query Comparison($id: ID!, $since: ID) {
        node(id: $id) {
            ... on Post {
                revisions {
                    nodes {
                        changesSince(revisionId: $since) {
                            since { number }
                            title { fate text }
                            body { fate text }
                            tagsAdded
                            tagsRemoved
                            category { before after }
                        }
                    }
                }
            }
        }
    }
"""


async def revisions(client: Client, post: models.Post) -> list[dict[str, Any]]:
    shown = (await client.run("revisions", id=global_id(post)))["node"]["revisions"]
    assert shown["totalCount"] == len(shown["nodes"])
    return list(shown["nodes"])


async def changes(client: Client, post: models.Post, since: str | None = None) -> list[dict[str, Any]]:
    """What changed in each revision, or in each since a certain one."""
    answer = await client.post(COMPARISON, {"id": global_id(post), "since": since})
    return [each["changesSince"] for each in answer["data"]["node"]["revisions"]["nodes"]]


async def test_the_first_edit_keeps_how_the_post_was_written_too(visitor: Client) -> None:
    ann, bob = await member("ann"), await trusted(visitor, "bob", UserLevel.EDITOR)
    await category_at("life")
    with clock.standing_at(NOON):
        _, question = await asked_by(ann, category="life", tags=("plants",))
    assert await revisions(visitor, question) == []
    await bob.do("edit_post", postId=global_id(question), body=BODY, title="What is an edit worth?", comment="Shorter.")
    first, second = await revisions(visitor, question)
    assert first == {
        "id": first["id"],
        "number": 1,
        "title": "What is a test worth?",
        "body": question.body,
        "bodyHtml": question.body_html,
        "tags": ["plants"],
        "categoryPath": "life",
        "isSilent": False,
        "comment": None,
        "editedAt": "2026-03-01T12:00:00Z",
        "editor": {"name": "ann"},
    }
    assert second == {
        "id": second["id"],
        "number": 2,
        "title": "What is an edit worth?",
        "body": BODY,
        "bodyHtml": f"<p>{BODY}</p>",
        "tags": ["plants"],
        "categoryPath": "life",
        "isSilent": False,
        "comment": "Shorter.",
        "editedAt": second["editedAt"],
        "editor": {"name": "bob"},
    }


async def test_a_restored_revision_is_an_edit_like_it(visitor: Client) -> None:
    ann, editor = await member("ann"), await trusted(visitor, "editor", UserLevel.EDITOR)
    for path in ("life", "work"):
        await category_at(path)
    thread, question = await asked_by(ann, "How was it at first?", "life", ("plants", "soil"))
    await editor.do(
        "edit_post", postId=global_id(question), body="Changed.", title="How was it then?", tags=[], categoryPath="work"
    )
    [first, _] = await revisions(visitor, question)
    restored = await editor.do("restore_revision", revisionId=first["id"], comment="It was better.")
    assert restored == {
        "__typename": "RestoreRevisionPayload",
        "post": {
            "id": global_id(question),
            "body": question.body,
            "thread": {
                "title": "How was it at first?",
                "category": {"path": "life"},
                "tags": [{"name": "plants"}, {"name": "soil"}],
            },
        },
        "revision": {"number": 3, "comment": "It was better."},
        "formerCategory": {"path": "work", "threadCount": 0},
        "formerTags": [],
    }
    again = await editor.do("restore_revision", revisionId=first["id"])
    assert again["revision"]["number"] == 3
    assert await offences() == []
    assert (await question_of(thread)).version == 3


async def test_a_category_that_is_gone_stays_as_it_is(forum: str) -> None:
    ann = await member("ann")
    for path in ("life", "work"):
        await category_at(path)
    _, question = await asked_by(ann, category="life")
    await editing.edit_post(ann, question.id, Edit(body="Changed.", category_path="work"))
    await models.Category.filter(path="life").delete()
    first = await models.Revision.get(number=1)
    revised = await editing.restore_revision(ann, first.id)
    category = await models.Category.get(id=revised.thread.category_id)
    assert (revised.post.body, category.path) == (question.body, "work")


async def test_revisions_of_what_somebody_may_not_see_are_not_there(visitor: Client) -> None:
    ann = await member("ann")
    thread, question = await asked_by(ann)
    revised = await editing.edit_post(ann, question.id, Edit(body="Changed."))
    bob = await visitor.sign_up("bob")
    refused = await bob.do("restore_revision", revisionId=global_id(revised.revision))
    assert refused["message"] == "It takes the level editor to edit the questions of others."
    async with models.database.transaction(), settling.settled(thread.id):
        await models.Post.filter(id=question.id).update(state=PostState.HIDDEN)
    assert await bob.do("restore_revision", revisionId=global_id(revised.revision)) == {
        "__typename": "NotFound",
        "message": "There is no such revision.",
    }


async def test_each_revision_tells_what_changed_since_the_one_before(visitor: Client) -> None:
    ann = await member("ann")
    await category_at("life")
    _, question = await asked_by(ann, tags=("plants", "soil"))
    edit = Edit(body="Two.", title="What is an edit worth?", tags=("water", "plants"), category_path="life")
    await editing.edit_post(ann, question.id, edit)
    first, second = await changes(visitor, question)
    assert first == {
        "since": None,
        "title": [{"fate": "INSERT", "text": "What is a test worth?"}],
        "body": [{"fate": "INSERT", "text": question.body}],
        "tagsAdded": ["plants", "soil"],
        "tagsRemoved": [],
        "category": None,
    }
    assert second == {
        "since": {"number": 1},
        "title": [
            {"fate": "EQUAL", "text": "What is "},
            {"fate": "DELETE", "text": "a"},
            {"fate": "INSERT", "text": "an"},
            {"fate": "EQUAL", "text": " "},
            {"fate": "DELETE", "text": "test"},
            {"fate": "INSERT", "text": "edit"},
            {"fate": "EQUAL", "text": " worth?"},
        ],
        "body": second["body"],
        "tagsAdded": ["water"],
        "tagsRemoved": ["soil"],
        "category": {"before": None, "after": "life"},
    }
    assert "".join(each["text"] for each in second["body"] if each["fate"] != "INSERT") == question.body


async def test_any_two_revisions_of_a_post_are_compared(visitor: Client) -> None:
    ann = await member("ann")
    await category_at("life")
    _, question = await asked_by(ann, tags=("plants", "soil"))
    await editing.edit_post(ann, question.id, Edit(body="One.\nTwo.\n", tags=("plants",), category_path="life"))
    await editing.edit_post(ann, question.id, Edit(body="One.\nThree.\n", tags=("water", "plants")))
    *_, last = await revisions(visitor, question)
    first, second, third = await changes(visitor, question, since=last["id"])
    assert third == {
        "since": {"number": 3},
        "title": None,
        "body": None,
        "tagsAdded": [],
        "tagsRemoved": [],
        "category": None,
    }
    assert second["body"] == [
        {"fate": "EQUAL", "text": "One.\n"},
        {"fate": "DELETE", "text": "Three"},
        {"fate": "INSERT", "text": "Two"},
        {"fate": "EQUAL", "text": "."},
    ]
    assert (first["tagsAdded"], first["tagsRemoved"]) == (["soil"], ["water"])
    assert first["category"] == {"before": "life", "after": None}


async def test_a_revision_of_another_post_is_not_compared(visitor: Client) -> None:
    ann = await member("ann")
    (_, one), (_, other) = await asked_by(ann), await asked_by(ann)
    await editing.edit_post(ann, one.id, Edit(body="Changed."))
    elsewhere = await editing.edit_post(ann, other.id, Edit(body="Changed too."))
    for wrong in (global_id(elsewhere.revision), global_id(one)):
        answer = await visitor.post(COMPARISON, {"id": global_id(one), "since": wrong})
        assert [error["message"] for error in answer["errors"]] == [
            f"'{wrong}' is not the id of a revision of the same post."
        ] * len(answer["errors"])
