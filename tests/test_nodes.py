"""Nodes: whatever has an id is found by it again, as what it is."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from clients import Client, document
from crowd import answered_by, asked_by, category_at, commented_by, member
from planned import queries

import models
from models import FlagReason, ModerationDeed, UserLevel
from schema.nodes import global_id, key_of, split_id


def encoded(text: str) -> str:
    """An id that says this."""
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


HIDDEN = ModerationDeed.HIDDEN
FOR_STAFF = ("Flag", "AddressBlock")


@pytest.fixture
async def one_of_each(forum: str) -> dict[str, str]:
    """The id of one thing of each type, by the type's name; in an order of their own."""
    ann = await member("ann")
    category = await category_at("life")
    thread, question = await asked_by(ann, category="life", tags=("plants",))
    answer = await answered_by(ann, thread)
    revision = await models.Revision.create(
        post=question, number=1, title="Before", body="b", body_html="<p>b</p>", tags=["a"], edited_at=datetime.now(UTC)
    )
    rows: dict[str, Any] = {
        "Tag": await models.Tag.get(name="plants"),
        "Comment": await commented_by(ann, answer),
        "User": ann,
        "Thread": thread,
        "Question": question,
        "Revision": revision,
        "Answer": answer,
        "Category": category,
        "PointsEntry": await models.PointsEntry.get(user_id=ann.id, reason="joined"),
        "ModerationBatch": (batch := await models.ModerationBatch.create(deed=HIDDEN, created_at=ann.created_at)),
        "ModerationEntry": await models.ModerationEntry.create(deed=HIDDEN, batch=batch, created_at=ann.created_at),
    }
    return {name: global_id(row) for name, row in rows.items()}


async def test_every_type_of_node_is_found_by_its_id(visitor: Client, one_of_each: dict[str, str]) -> None:
    for name, wanted in one_of_each.items():
        assert await visitor.run("node", id=wanted) == {"node": {"__typename": name, "id": wanted}}


async def test_every_type_with_an_id_of_its_own_is_tried_here(visitor: Client, one_of_each: dict[str, str]) -> None:
    answer = await visitor.post('{ __type(name: "Node") { possibleTypes { name } } }')
    assert {each["name"] for each in answer["data"]["__type"]["possibleTypes"]} == {*one_of_each, *FOR_STAFF}


async def test_what_is_for_the_staff_is_found_by_its_id_by_them_alone(visitor: Client) -> None:
    ann, eve = await member("ann"), await visitor.sign_up("eve")
    _, question = await asked_by(ann)
    flag = await models.Flag.create(post=question, user=ann, reason=FlagReason.SPAM, created_at=ann.created_at)
    block = await models.AddressBlock.create(lowest="0", highest="1", range="::/127", created_at=ann.created_at)
    for name, row in zip(FOR_STAFF, (flag, block), strict=True):
        for client in (visitor, eve):
            assert await client.run("node", id=global_id(row)) == {"node": None}
        await models.User.filter(name="eve").update(level=UserLevel.MODERATOR)
        assert await eve.run("node", id=global_id(row)) == {"node": {"__typename": name, "id": global_id(row)}}
        await models.User.filter(name="eve").update(level=UserLevel.REGISTERED)


async def test_ids_are_never_shared_between_things(one_of_each: dict[str, str]) -> None:
    assert len(set(one_of_each.values())) == len(one_of_each)


async def test_nodes_come_in_the_order_of_their_ids_with_null_for_what_is_not_there(
    visitor: Client, one_of_each: dict[str, str]
) -> None:
    bad = ["", "nonsense", encoded("Thread:0"), encoded("Thread:999"), encoded("Nothing:1"), encoded("Post:1:2")]
    good = list(one_of_each.values())
    ids = [each for pair in zip(good, bad, strict=False) for each in pair] + good[len(bad) :] + good[:1]
    found = (await visitor.run("nodes", ids=ids))["nodes"]
    assert [node and node["id"] for node in found] == [each if each in good else None for each in ids]


async def test_nodes_of_a_kind_are_read_in_one_statement(
    visitor: Client, one_of_each: dict[str, str], statements: list[str]
) -> None:
    statements.clear()
    posts = [one_of_each[name] for name in ("Question", "Answer", "Comment")]
    await visitor.run("nodes", ids=[*posts, one_of_each["User"], one_of_each["Tag"]])
    assert sum(len(queries(each)) for each in statements) == 3


async def test_no_ids_are_no_nodes_and_more_than_a_hundred_are_too_many(visitor: Client) -> None:
    assert await visitor.run("nodes", ids=[]) == {"nodes": []}
    answer = await visitor.post(document("nodes"), {"ids": ["x"] * 101})
    assert answer["errors"][0]["message"] == "Ask for at most 100 nodes at once; these are 101."
    assert answer["errors"][0]["extensions"] == {"code": "BAD_REQUEST", "arguments": ["ids"]}
    assert await visitor.run("nodes", ids=["x"] * 100) == {"nodes": [None] * 100}


@pytest.mark.parametrize(
    "id",
    [
        "",
        "!",
        "Thread:1",
        "\N{PILE OF POO}",
        encoded("Thread"),
        encoded("Thread:"),
        encoded("Thread:0"),
        encoded("Thread:-1"),
        encoded("Thread:+1"),
        encoded("Thread: 1"),
        encoded("Thread:1.0"),
        encoded("Thread:1_0"),
        encoded("Thread:\N{ARABIC-INDIC DIGIT ONE}"),
        encoded("Thread:\N{SUPERSCRIPT TWO}"),
        encoded(f"Thread:{2**63}"),
        encoded("Thread:" + "9" * 5_000),
        encoded("thread:1"),
        encoded("Session:1"),
        encoded("Thread\x00:1"),
        base64.urlsafe_b64encode(b"\xff:1").decode(),
    ],
)
def test_what_was_never_given_as_an_id_names_nothing(id: str) -> None:
    assert split_id(id) is None


def test_an_id_names_one_kind_and_one_thing() -> None:
    last = global_id(models.Thread(id=2**63 - 1))
    assert split_id(last) == ("Thread", 2**63 - 1)
    assert (key_of("Thread", last), key_of("Post", last)) == (2**63 - 1, None)


async def test_a_revision_tells_how_a_post_was(visitor: Client, one_of_each: dict[str, str]) -> None:
    [shown] = (await visitor.run("post", id=one_of_each["Question"]))["node"]["revisions"]["nodes"]
    assert shown == {
        "number": 1,
        "title": "Before",
        "body": "b",
        "bodyHtml": "<p>b</p>",
        "tags": ["a"],
        "comment": None,
        "editor": None,
    }


async def test_a_revision_of_a_hidden_post_is_not_found(visitor: Client, one_of_each: dict[str, str]) -> None:
    assert (await visitor.run("node", id=one_of_each["Revision"]))["node"] is not None
    await models.Post.filter(revisions__id=key_of("Revision", one_of_each["Revision"])).update(
        state=models.PostState.HIDDEN
    )
    assert (await visitor.run("node", id=one_of_each["Revision"]))["node"] is None
