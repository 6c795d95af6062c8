"""The log: what the staff did is for all to read, but for what they hid and for whose addresses it was."""

from typing import Any

from clients import Client
from crowd import answered_by, asked_by, member
from refusals import messages
from test_hiding import trusted, user

import models
from models import ClosureReason, FlagReason, ModerationDeed, UserLevel
from models.database import transaction
from schema.nodes import global_id
from services import closing, flagging, hiding, log
from services.actors import Actor

NOTHING = dict.fromkeys(("by", "post", "thread", "user", "tag", "batch", "reason", "range", "amount"))


async def seen(client: Client, **filter: Any) -> list[dict[str, Any]]:
    found = (await client.run("moderation_log", filter=filter))["moderationLog"]
    assert found["totalCount"] == len(found["nodes"])
    nodes: list[dict[str, Any]] = found["nodes"]
    return nodes


async def noted(deed: ModerationDeed, by: Actor, **what: Any) -> None:
    async with transaction():
        await log.note(deed, by, **what)


async def test_a_reader_is_not_led_to_what_is_hidden(visitor: Client) -> None:
    eve, ann = await trusted(visitor, "eve", UserLevel.EDITOR), await member("ann")
    thread, _ = await asked_by(ann)
    answer = await answered_by(ann, thread)
    await hiding.hide_post(await user("eve"), answer.id, "Rude.")
    line = NOTHING | {"deed": "HIDDEN", "by": {"name": "eve"}, "thread": {"number": thread.id}, "reason": "Rude."}
    assert await seen(visitor) == [line]
    assert await seen(eve) == [line | {"post": {"__typename": "Answer", "id": global_id(answer)}}]
    await closing.close_thread(await user("eve"), thread.id, ClosureReason.OTHER, "Enough.")
    question = await models.Post.get(thread_id=thread.id, kind="question")
    await hiding.hide_post(await user("eve"), question.id, None)
    assert [(each["deed"], each["thread"]) for each in await seen(visitor)] == [
        ("HIDDEN", None),
        ("CLOSED", None),
        ("HIDDEN", None),
    ]
    assert await seen(visitor, threadId=global_id(thread)) == []
    assert await seen(visitor, postId=global_id(answer)) == []
    assert len(await seen(eve, threadId=global_id(thread))) == 3
    assert len(await seen(eve, postId=global_id(answer))) == 1


async def test_lines_are_found_by_deed_and_by_user(visitor: Client) -> None:
    eve, max_, ann = await member("eve"), await member("max"), await member("ann")
    await noted(ModerationDeed.USER_BLOCKED, eve, about=ann, reason="Spam.")
    await noted(ModerationDeed.USER_UNBLOCKED, max_, about=ann)
    await noted(ModerationDeed.RULES_CHANGED, eve, amount=7)
    blocked = NOTHING | {"deed": "USER_BLOCKED", "by": {"name": "eve"}, "user": {"name": "ann"}, "reason": "Spam."}
    changed = NOTHING | {"deed": "RULES_CHANGED", "by": {"name": "eve"}, "amount": 7}
    assert await seen(visitor, by="EVE") == [changed, blocked]
    assert [line["deed"] for line in await seen(visitor, user="ann")] == ["USER_UNBLOCKED", "USER_BLOCKED"]
    assert await seen(visitor, deeds=["USER_BLOCKED", "USER_UNBLOCKED"], by="eve") == [blocked]
    assert await seen(visitor, by="nobody") == []
    page = (await visitor.run("moderation_log", first=1))["moderationLog"]
    rest = (await visitor.run("moderation_log", after=page["pageInfo"]["endCursor"]))["moderationLog"]
    assert (page["totalCount"], [line["deed"] for line in rest["nodes"]]) == (3, ["USER_UNBLOCKED", "USER_BLOCKED"])
    query = "query ($id: ID!) { moderationLog(filter: {threadId: $id}) { totalCount } }"
    assert await messages(visitor, query, id="x") == ["'x' is not the id of a Thread."]


async def test_which_addresses_were_blocked_is_told_to_those_who_block(visitor: Client) -> None:
    max_, eve = await trusted(visitor, "max"), await trusted(visitor, "eve", UserLevel.EDITOR)
    before = {"range": "203.0.113.0/24"}
    await noted(ModerationDeed.ADDRESSES_BLOCKED, await user("max"), reason="Floods from 203.0.113.9.", before=before)
    line = NOTHING | {"deed": "ADDRESSES_BLOCKED", "by": {"name": "max"}}
    assert await seen(visitor) == await seen(eve) == [line]
    assert await seen(max_) == [line | {"range": "203.0.113.0/24", "reason": "Floods from 203.0.113.9."}]


async def test_who_flagged_is_in_no_line(visitor: Client) -> None:
    _, question = await asked_by(await member("ann"))
    for number in range(5):
        await flagging.flag_post(await member(f"flagger {number}"), question.id, FlagReason.SPAM)
    assert await seen(visitor) == [NOTHING | {"deed": "HIDDEN"}]


async def test_a_line_and_a_batch_can_be_asked_for_again(visitor: Client) -> None:
    eve = await trusted(visitor, "eve", UserLevel.EDITOR)
    _, question = await asked_by(await member("ann"))
    result = await eve.do("moderate_posts", postIds=[global_id(question)], deed="HIDE")
    line = await models.ModerationEntry.get()
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename
        ... on ModerationEntry { deed batch { id } post { id } }
        ... on ModerationBatch { deed undoneAt } } }"""
    batch = result["batch"]["id"]
    assert (await visitor.post(query, {"ids": [global_id(line), batch]}))["data"]["nodes"] == [
        {"__typename": "ModerationEntry", "deed": "HIDDEN", "batch": {"id": batch}, "post": None},
        {"__typename": "ModerationBatch", "deed": "HIDDEN", "undoneAt": None},
    ]
