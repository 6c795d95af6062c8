"""Reclassifying: threads move to other categories and get other tags, and are counted there."""

import asyncio
from typing import Any

import pytest
from both_ways import planner_off
from clients import Client
from crowd import asked_by, category_at, member, members, offences, question_of, trusted

import models
from models import ModerationDeed, UserLevel
from models.database import dialect, fetch
from schema.nodes import global_id
from services import clock, reclassifying


@pytest.fixture
async def editor(visitor: Client) -> Client:
    """Somebody who may move and retag the threads of others."""
    return await trusted(visitor, "editor", UserLevel.EDITOR)


async def test_a_thread_moves_with_its_counts_and_a_revision(editor: Client) -> None:
    ann = await member("ann")
    for path in ("life/home", "office"):
        await category_at(path)
    thread, question = await asked_by(ann, category="life/home", tags=("plants",))
    for _ in range(2):
        moved = await editor.do(
            "move_thread", threadId=global_id(thread), categoryPath="/office/", reason="It is of the office."
        )
        assert moved["thread"]["category"] == {"path": "office", "threadCount": 1}
        assert moved["revision"] == {"number": 2, "comment": "It is of the office."}
    assert moved["formerCategory"] is None
    moved = await editor.do("move_thread", threadId=global_id(thread), categoryPath=None)
    assert (moved["thread"]["category"], moved["formerCategory"]) == (None, {"path": "office", "threadCount": 0})
    saved = models.Revision.filter(post=question).order_by("number")
    assert [each.category_path for each in await saved] == ["life/home", "office", None]
    entries = await models.ModerationEntry.all().order_by("id")
    assert [(entry.deed, entry.thread_id, entry.reason) for entry in entries] == [
        (ModerationDeed.MOVED, thread.id, "It is of the office."),
        (ModerationDeed.MOVED, thread.id, None),
    ]
    assert await offences() == []


async def test_a_thread_gets_other_tags_with_their_counts_and_a_revision(editor: Client) -> None:
    ann = await member("ann")
    thread, question = await asked_by(ann, tags=("plants", "soil"))
    await models.TagSynonym.create(name="flora", tag=await models.Tag.get(name="plants"))
    for _ in range(2):
        tagged = await editor.do("retag_thread", threadId=global_id(thread), tags=["New", "flora"], reason="Not soil.")
        assert tagged["thread"]["tags"] == [{"name": "new", "threadCount": 1}, {"name": "plants", "threadCount": 1}]
        assert tagged["revision"] == {"number": 2, "comment": "Not soil."}
    tagged = await editor.do("retag_thread", threadId=global_id(thread), tags=[])
    assert (tagged["thread"]["tags"], tagged["formerTags"]) == (
        [],
        [{"name": "new", "threadCount": 0}, {"name": "plants", "threadCount": 0}],
    )
    saved = models.Revision.filter(post=question).order_by("number")
    assert [each.tags for each in await saved] == [["plants", "soil"], ["new", "plants"], []]
    assert await models.ModerationEntry.filter(deed=ModerationDeed.RETAGGED).count() == 2
    assert await offences() == []


async def test_the_executor_shows_the_new_counts_too(editor: Client) -> None:
    await category_at("life")
    thread, question = await asked_by(await member("ann"), category="life", tags=("plants",))
    with planner_off():
        tagged = await editor.do("retag_thread", threadId=global_id(thread), tags=[])
        moved = await editor.do("move_thread", threadId=global_id(thread), categoryPath=None)
        edited = await editor.do("edit_post", postId=global_id(question), categoryPath="life", tags=["plants"])
    assert tagged["formerTags"] == [{"name": "plants", "threadCount": 0}]
    assert moved["formerCategory"] == {"path": "life", "threadCount": 0}
    assert edited["post"]["thread"]["category"] == {"path": "life", "threadCount": 1}
    assert edited["post"]["thread"]["tags"] == [{"name": "plants", "threadCount": 1}]


async def test_who_asked_does_both_while_the_thread_is_closed_and_in_no_log(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    await category_at("life")
    thread, _ = await asked_by(await models.User.get(name="ann"))
    await models.Thread.filter(id=thread.id).update(closed_at=clock.now())
    moved = await ann.do("move_thread", threadId=global_id(thread), categoryPath="life")
    tagged = await ann.do("retag_thread", threadId=global_id(thread), tags=["plants"])
    assert (moved["thread"]["category"], tagged["thread"]["tags"]) == (
        {"path": "life", "threadCount": 1},
        [{"name": "plants", "threadCount": 1}],
    )
    assert await models.ModerationEntry.all().count() == 0
    question = await question_of(thread)
    assert (question.version, question.edited_at) == (3, None)


@pytest.mark.parametrize(
    ("deed", "given", "to_do"),
    [
        ("move_thread", {"categoryPath": None}, "move a thread"),
        ("retag_thread", {"tags": []}, "change a thread's tags"),
    ],
)
async def test_who_may_not_is_told_why(visitor: Client, deed: str, given: dict[str, Any], to_do: str) -> None:
    bob = await visitor.sign_up("bob")
    thread, question = await asked_by(await member("ann"))
    assert await bob.do(deed, threadId=global_id(thread), **given) == {
        "__typename": "NotPermitted",
        "message": f"It takes the level editor to {to_do}.",
        "permission": {"allowed": False, "reason": "LEVEL"},
    }
    missing = await bob.do(deed, threadId=global_id(models.Thread(id=thread.id + 1)), **given)
    assert missing == {"__typename": "NotFound", "message": "There is no such thread."}
    wrong = await bob.do(deed, threadId=global_id(question), **given)
    assert wrong["__typename"] == "NotFound"


async def test_every_wrong_field_is_told(editor: Client) -> None:
    thread, _ = await asked_by(await member("ann"))
    refused = await editor.do("move_thread", threadId=global_id(thread), categoryPath="nowhere", reason="x" * 1_001)
    assert [field["path"] for field in refused["fields"]] == [["categoryPath"], ["reason"]]
    refused = await editor.do("retag_thread", threadId=global_id(thread), tags=["two words"], reason="\x00")
    assert [field["path"] for field in refused["fields"]] == [["tags", "0"], ["reason"]]


async def test_threads_that_change_places_at_once_wait_for_nobody_for_ever(forum: str) -> None:
    people = await members(6)
    for path in ("life", "office"):
        await category_at(path)
    threads = [
        (await asked_by(each, category=("life", "office")[place % 2], tags=(("a", "b")[place % 2],)))[0]
        for place, each in enumerate(people)
    ]
    for turn in range(6):
        await asyncio.gather(
            *(
                reclassifying.move_thread(each, thread.id, ("life", "office")[(place + turn + 1) % 2])
                for place, (each, thread) in enumerate(zip(people, threads, strict=True))
            ),
            *(
                reclassifying.retag_thread(each, thread.id, [("a", "b")[(place + turn + 1) % 2], f"new-{turn}"])
                for place, (each, thread) in enumerate(zip(people, threads, strict=True))
            ),
        )
    assert await offences() == []
    if dialect() == "postgres":
        [row] = await fetch("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert row["deadlocks"] == 0
