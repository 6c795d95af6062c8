"""Blocking: who is blocked reads and no more, and who may decide that about whom."""

from collections.abc import Iterator
from typing import Any

import pytest
from clients import Client
from crowd import WORDS, asked_by, category_at, member
from refusals import wrong_fields
from test_audit import found
from test_hiding import trusted, user
from test_moderation_log import NOTHING, seen
from test_permissions import refused

import models
from models import UserLevel
from schema.nodes import global_id
from services import accounts, blocking, clock, origin, permissions
from services.actors import level
from services.permissions import UserFacts

R, A, X, E, M, ADMIN, OWNER = UserLevel


@pytest.fixture(autouse=True)
def none_blocked_afterwards() -> Iterator[None]:
    yield
    origin.block([])


async def refusal_of(client: Client, deed: str, about: models.User, **input: Any) -> str:
    """Why the deed is refused, after `viewerCan` has said the same."""
    action = {"block_user": "BLOCK", "unblock_user": "UNBLOCK", "set_user_level": "SET_LEVEL"}[deed]
    before = await client.run("user_permissions", name=about.name, action=action)
    result = await client.do(deed, userId=global_id(about), **input)
    assert result["__typename"] == "NotPermitted", result
    reason: str = result["permission"]["reason"]
    assert before["user"]["viewerCan"] == refused(reason, result["message"])
    return reason


async def test_a_blocked_user_reads_and_writes_nothing(visitor: Client) -> None:
    max_, bob = await trusted(visitor, "max"), await visitor.sign_up("bob")
    thread, question = await asked_by(await member("ann"))
    blocked = await user("bob")
    assert await max_.do("block_user", userId=global_id(blocked), reason="Floods.") == {
        "__typename": "BlockUserPayload",
        "user": {"id": global_id(blocked), "name": "bob", "level": "REGISTERED", "isBlocked": True},
    }
    for deed, given in (
        ("post_answer", {"threadId": global_id(thread), "body": WORDS}),
        ("cast_vote", {"postId": global_id(question), "value": "UP"}),
        ("flag_post", {"postId": global_id(question), "reason": "SPAM"}),
    ):
        assert (await bob.do(deed, **given))["permission"]["reason"] == "BLOCKED"
    assert (await bob.run("question_page", number=thread.id))["thread"]["title"] == thread.title
    assert (await visitor.run("user_permissions", name="bob", action="BLOCK"))["user"]["isBlocked"] is True
    assert await refusal_of(max_, "block_user", blocked) == "ALREADY_DONE"
    result = await max_.do("unblock_user", userId=global_id(blocked))
    assert result["user"]["isBlocked"] is False
    assert await refusal_of(max_, "unblock_user", blocked) == "ALREADY_DONE"
    assert (await bob.do("cast_vote", postId=global_id(question), value="UP"))["__typename"] == "CastVotePayload"
    by = {"by": {"name": "max"}, "user": {"name": "bob"}}
    assert await seen(visitor) == [
        NOTHING | by | {"deed": "USER_UNBLOCKED"},
        NOTHING | by | {"deed": "USER_BLOCKED", "reason": "Floods."},
    ]
    assert await found() == {}


async def test_blocked_staff_see_no_more_than_others_do(visitor: Client) -> None:
    max_ = await trusted(visitor, "max")
    _, question = await asked_by(await member("ann"))
    await max_.do("hide_post", postId=global_id(question))
    await max_.do("block_addresses", range="203.0.113.0/24")
    text = """query ($id: ID!) { node(id: $id) { id } site { threadCount } hiddenPosts { totalCount }
        addressBlocks { totalCount } moderationLog(filter: {deeds: ADDRESSES_BLOCKED}) { nodes { range } } }"""
    shown = {
        "node": {"id": global_id(question)},
        "site": {"threadCount": 1},
        "hiddenPosts": {"totalCount": 1},
        "addressBlocks": {"totalCount": 1},
        "moderationLog": {"nodes": [{"range": "203.0.113.0/24"}]},
    }
    assert (await max_.post(text, {"id": global_id(question)}))["data"] == shown
    await models.User.filter(name="max").update(blocked_at=clock.now())
    assert (await max_.post(text, {"id": global_id(question)}))["data"] == {
        "node": None,
        "site": {"threadCount": 0},
        "hiddenPosts": {"totalCount": 0},
        "addressBlocks": {"totalCount": 0},
        "moderationLog": {"nodes": [{"range": None}]},
    }


async def test_nobody_blocks_themselves_nor_anybody_at_their_level(visitor: Client) -> None:
    max_, bob = await trusted(visitor, "max"), await visitor.sign_up("bob")
    other, admin = await member("other"), await member("admin")
    await accounts.set_level(other, UserLevel.MODERATOR)
    await accounts.set_level(admin, UserLevel.ADMIN)
    for client, about, reason in (
        (max_, await user("max"), "LEVEL"),
        (max_, other, "LEVEL"),
        (max_, admin, "LEVEL"),
        (bob, other, "LEVEL"),
        (visitor, other, "SIGN_IN"),
    ):
        assert await refusal_of(client, "block_user", about) == reason
    nobody = global_id(models.User(id=999))
    assert (await max_.do("block_user", userId=nobody))["message"] == "There is no such user."


@pytest.mark.parametrize(
    ("own", "theirs", "wanted", "is_allowed"),
    [
        (M, R, X, True),
        (M, R, E, False),
        (M, E, R, True),
        (M, M, R, False),
        (ADMIN, R, M, True),
        (ADMIN, R, ADMIN, False),
        (ADMIN, ADMIN, R, False),
        (OWNER, R, OWNER, True),
        (OWNER, OWNER, R, True),
        (E, R, A, False),
    ],
)
def test_who_gives_which_level_to_whom(own: UserLevel, theirs: UserLevel, wanted: UserLevel, is_allowed: bool) -> None:
    about = UserFacts(2, theirs, None)
    refusal = permissions.set_level_refusal(models.User(id=1, level=own), about, wanted)
    assert (refusal is None) is is_allowed
    assert permissions.set_level_refusal(models.User(id=2, level=own), about, wanted) is not None


async def test_a_level_is_given_everywhere_or_in_a_category_and_all_below_it(visitor: Client) -> None:
    garden, life, other = [await category_at(path) for path in ("life/garden", "life", "work")]
    max_, bob = await trusted(visitor, "max"), await member("bob")
    assert await max_.do("set_user_level", userId=global_id(bob), level="APPROVED") == {
        "__typename": "SetUserLevelPayload",
        "user": {"id": global_id(bob), "name": "bob", "level": "APPROVED", "isBlocked": False},
    }
    for _ in range(2):  # the second time changes nothing
        await max_.do("set_user_level", userId=global_id(bob), level="EXPERT", categoryPath="life/")
        now = await user("bob")
        assert [level(now, each.id) for each in (life, garden, other)] == [X, X, A]
    await max_.do("set_user_level", userId=global_id(bob), level="REGISTERED", categoryPath="life/garden")
    now = await user("bob")
    assert [level(now, each.id) for each in (life, garden, other)] == [X, A, A]
    await max_.do("set_user_level", userId=global_id(bob), level="REGISTERED", categoryPath="life")
    assert (await user("bob")).levels_in is None
    assert [line["reason"] for line in await seen(visitor)] == [
        "REGISTERED in life",
        "REGISTERED in life/garden",
        "EXPERT in life",
        "APPROVED everywhere",
    ]
    wrong = await wrong_fields(max_, "set_user_level", userId=global_id(bob), level="EXPERT", categoryPath="nowhere")
    assert wrong == {"categoryPath": "There is no such category: see the paths that `categories` lists."}


async def test_levels_are_refused_as_told_beforehand(visitor: Client) -> None:
    max_, eve = await trusted(visitor, "max"), await trusted(visitor, "eve", UserLevel.EDITOR)
    bob, admin = await member("bob"), await trusted(visitor, "admin", UserLevel.ADMIN)
    for client, about, reason in (
        (visitor, bob, "SIGN_IN"),
        (eve, bob, "LEVEL"),
        (max_, await user("max"), "LEVEL"),
        (max_, await user("admin"), "LEVEL"),
    ):
        assert await refusal_of(client, "set_user_level", about, level="APPROVED") == reason
    result = await max_.do("set_user_level", userId=global_id(bob), level="EDITOR")
    assert result["message"] == "You may give levels up to expert."
    await max_.do("block_user", userId=global_id(bob))
    result = await admin.do("set_user_level", userId=global_id(bob), level="MODERATOR")
    assert result["permission"]["reason"] == "BLOCKED"
    assert (await admin.do("set_user_level", userId=global_id(bob), level="EDITOR"))["user"]["level"] == "EDITOR"


async def test_addresses_are_blocked_at_once_and_listed_for_those_who_block(visitor: Client) -> None:
    max_, eve = await trusted(visitor, "max"), await trusted(visitor, "eve", UserLevel.EDITOR)
    assert await max_.do("block_addresses", range=" 203.0.113.0/24 ", reason="Floods.") == {
        "__typename": "BlockAddressesPayload",
        "addressBlock": {"range": "203.0.113.0/24", "reason": "Floods.", "by": {"name": "max"}},
    }
    blocks = (await max_.run("address_blocks"))["addressBlocks"]
    assert (blocks["totalCount"], [node["range"] for node in blocks["nodes"]]) == (1, ["203.0.113.0/24"])
    for client in (visitor, eve):
        assert await client.run("address_blocks") == {"addressBlocks": {"totalCount": 0, "nodes": []}}
    again = await max_.do("block_addresses", range="203.0.113.*")
    assert (again["permission"]["reason"], again["message"]) == ("ALREADY_DONE", "These addresses are blocked already.")
    with origin.coming_from("203.0.113.9"):
        refusal = permissions.ask_refusal(await user("eve"))
    assert refusal is not None
    assert refusal.message == "Nobody may write from your address."
    assert await max_.do("unblock_addresses", range="203.0.113.0-203.0.113.255") == {
        "__typename": "UnblockAddressesPayload",
        "range": "203.0.113.0/24",
    }
    with origin.coming_from("203.0.113.9"):
        assert permissions.ask_refusal(await user("eve")) is None
    assert (await max_.do("unblock_addresses", range="203.0.113.*"))["__typename"] == "NotFound"
    assert [line["deed"] for line in await seen(visitor)] == ["ADDRESSES_UNBLOCKED", "ADDRESSES_BLOCKED"]


async def test_who_writes_from_a_blocked_address_is_told_so_and_reads_on(visitor: Client) -> None:
    bob = await visitor.sign_up("bob")
    max_ = await member("max")
    await accounts.set_level(max_, UserLevel.MODERATOR)
    thread, _ = await asked_by(max_)
    await blocking.block_addresses(max_, "127.0.0.1", None)
    for client in (visitor, bob):
        result = await client.do("post_answer", threadId=global_id(thread), body=WORDS)
        assert (result["permission"]["reason"], result["message"]) == (
            "BLOCKED",
            "Nobody may write from your address.",
        )
        assert (await client.run("question_page", number=thread.id))["thread"]["number"] == thread.id


async def test_wrong_ranges_and_ones_own_address_are_refused(visitor: Client) -> None:
    max_, bob = await trusted(visitor, "max"), await visitor.sign_up("bob")
    example = "203.0.113.7, 203.0.113.0/24, 203.0.113.7-203.0.113.90 or 203.0.113.*, and the same of IPv6"
    for wanted, message in (
        ("everywhere", f"Write a range of addresses as {example}."),
        ("127.0.0.0/8", "Leave out your own address: you could not take this back."),
    ):
        assert await wrong_fields(max_, "block_addresses", range=wanted) == {"range": message}
    for deed in ("block_addresses", "unblock_addresses"):
        assert (await bob.do(deed, range="203.0.113.7"))["permission"]["reason"] == "LEVEL"
        assert (await visitor.do(deed, range="203.0.113.7"))["permission"]["reason"] == "SIGN_IN"
