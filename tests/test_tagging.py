"""Tagging: other words for tags, what they are for, and two that become one."""

import asyncio
from typing import Any

import pytest
from clients import Client
from crowd import asked_by, category_at, member, offences, trusted

import models
from models import ModerationDeed, PostState, UserLevel
from models.database import dialect, fetch, transaction
from schema.nodes import global_id
from services import editing, posting, tagging
from services.editing import Edit
from services.settling import settled


@pytest.fixture
async def mod(visitor: Client) -> Client:
    """Somebody who may manage tags."""
    return await trusted(visitor, "mod", UserLevel.MODERATOR)


async def tag_named(name: str) -> models.Tag:
    return await models.Tag.get(name=name)


async def tags_of(thread: models.Thread) -> list[Any]:
    links = models.ThreadTag.filter(thread=thread).order_by("position", "id")
    return list(await links.values_list("tag__name", flat=True))


async def logged() -> list[tuple[Any, ...]]:
    entries = await models.ModerationEntry.all().order_by("id").select_related("by", "tag")
    return [(entry.deed, entry.by and entry.by.name, entry.tag and entry.tag.name) for entry in entries]


async def test_who_writes_another_word_for_a_tag_gets_the_tag_until_it_is_none(mod: Client) -> None:
    ann = await member("ann")
    await asked_by(ann, tags=("plants",))
    shown = {"name": "plants", "description": None, "threadCount": 1, "synonyms": ["flora"]}
    for _ in range(2):
        added = await mod.do("add_tag_synonym", tagId=global_id(await tag_named("plants")), name=" Flora ")
        assert added == {"__typename": "AddTagSynonymPayload", "tag": shown}
    thread, _ = await asked_by(ann, tags=("flora",))
    assert await tags_of(thread) == ["plants"]
    removed = await mod.do("remove_tag_synonym", name="FLORA")
    assert removed["tag"] == shown | {"threadCount": 2, "synonyms": []}
    thread, _ = await asked_by(ann, tags=("flora",))
    assert await tags_of(thread) == ["flora"]
    assert await mod.do("remove_tag_synonym", name="flora") == {
        "__typename": "NotFound",
        "message": "There is no such synonym.",
    }
    assert await logged() == [
        (ModerationDeed.SYNONYM_ADDED, "mod", "plants"),
        (ModerationDeed.SYNONYM_REMOVED, "mod", "plants"),
    ]
    assert await offences() == []


async def test_a_word_that_is_taken_is_a_conflict(mod: Client) -> None:
    await asked_by(await member("ann"), tags=("plants", "soil", "water"))
    await models.TagSynonym.create(name="flora", tag=await tag_named("plants"))
    soil = global_id(await tag_named("soil"))
    for name, message in (
        ("flora", "flora is another word for plants: take it away there first."),
        ("water", "water is a tag: merge it into soil."),
        ("soil", "soil is a tag: merge it into soil."),
    ):
        assert await mod.do("add_tag_synonym", tagId=soil, name=name) == {"__typename": "Conflict", "message": message}
    refused = await mod.do("add_tag_synonym", tagId=soil, name="two words")
    message = "Write a tag with letters, digits and the signs - _ . + # only."
    assert refused["fields"] == [{"path": ["name"], "message": message}]


async def test_merged_tags_are_one_and_each_thread_carries_it_once(mod: Client) -> None:
    ann = await member("ann")
    both, _ = await asked_by(ann, tags=("a", "flora", "b", "plants"))
    reversed_, _ = await asked_by(ann, tags=("plants", "a", "flora"))
    former, _ = await asked_by(ann, tags=("b", "flora"))
    hidden, question = await asked_by(ann, tags=("flora",))
    async with transaction(), settled(hidden.id):
        await models.Post.filter(id=question.id).update(state=PostState.HIDDEN)
    flora, plants = await tag_named("flora"), await tag_named("plants")
    await models.TagSynonym.create(name="flowers", tag=flora)
    merged = await mod.do("merge_tags", fromId=global_id(flora), intoId=global_id(plants), reason="The same.")
    assert merged == {
        "__typename": "MergeTagsPayload",
        "tag": {"name": "plants", "description": None, "threadCount": 3, "synonyms": ["flora", "flowers"]},
        "mergedTagId": global_id(flora),
    }
    assert [await tags_of(thread) for thread in (both, reversed_, former, hidden)] == [
        ["a", "plants", "b"],
        ["plants", "a"],
        ["b", "plants"],
        ["plants"],
    ]
    shown = (await Client(mod.http).run("tag_page", name="flora", counted=True))["tag"]
    assert (shown["name"], shown["threads"]["totalCount"]) == ("plants", 3)
    entry = await models.ModerationEntry.get()
    assert (entry.deed, entry.tag_id, entry.reason, entry.amount) == (
        ModerationDeed.TAGS_MERGED,
        plants.id,
        "The same.",
        4,
    )
    again = await mod.do("merge_tags", fromId=global_id(flora), intoId=global_id(plants))
    assert again == {"__typename": "NotFound", "message": "There is no such tag."}
    assert await offences() == []


async def test_merging_takes_as_many_statements_for_many_threads_as_for_one(forum: str, statements: list[str]) -> None:
    ann = await member("ann")
    ann.level = UserLevel.MODERATOR
    sent = []
    for amount in (1, 12):
        for _ in range(amount):
            await asked_by(ann, tags=("flora",))
            await asked_by(ann, tags=("flora", "plants"))
        flora, plants = await tag_named("flora"), await tag_named("plants")
        statements.clear()
        await tagging.merge(ann, flora.id, plants.id)
        sent.append(len(statements))
        await tagging.remove_synonym(ann, "flora")
    assert sent[0] == sent[1]
    assert await offences() == []


async def test_a_revision_with_a_merged_tag_is_restored_with_the_one_that_stayed(forum: str) -> None:
    ann = await member("ann")
    ann.level = UserLevel.MODERATOR
    thread, question = await asked_by(ann, tags=("flora",))
    await asked_by(ann, tags=("plants",))
    await editing.edit_post(ann, question.id, Edit(tags=("soil",)))
    await tagging.merge(ann, (await tag_named("flora")).id, (await tag_named("plants")).id)
    await editing.restore_revision(ann, (await models.Revision.get(number=1)).id)
    assert await tags_of(thread) == ["plants"]
    assert await offences() == []


async def test_a_tag_is_not_merged_into_itself(mod: Client) -> None:
    await asked_by(await member("ann"), tags=("plants",))
    id_ = global_id(await tag_named("plants"))
    refused = await mod.do("merge_tags", fromId=id_, intoId=id_)
    assert refused["fields"] == [
        {"path": ["intoId"], "message": "Name another tag than the one that is merged."},
    ]


async def test_a_tag_is_described(mod: Client) -> None:
    await asked_by(await member("ann"), tags=("plants",))
    id_ = global_id(await tag_named("plants"))
    described = await mod.do("describe_tag", tagId=id_, description=" What grows. ")
    assert described["tag"]["description"] == "What grows."
    assert (await mod.do("describe_tag", tagId=id_, description=None))["tag"]["description"] is None
    assert (await mod.do("describe_tag", tagId=id_, description="x" * 1_001))["fields"][0]["path"] == ["description"]


async def test_only_moderators_manage_tags(visitor: Client) -> None:
    editor = await trusted(visitor, "editor", UserLevel.EDITOR)
    await asked_by(await member("ann"), tags=("plants", "flora"))
    plants, flora = [global_id(await tag_named(name)) for name in ("plants", "flora")]
    for name, given in (
        ("add_tag_synonym", {"tagId": plants, "name": "trees"}),
        ("remove_tag_synonym", {"name": "trees"}),
        ("merge_tags", {"fromId": flora, "intoId": plants}),
        ("describe_tag", {"tagId": plants, "description": "What grows."}),
    ):
        assert await editor.do(name, **given) == {
            "__typename": "NotPermitted",
            "message": "It takes the level moderator to manage tags.",
            "permission": {"allowed": False, "reason": "LEVEL"},
        }


async def test_what_is_asked_while_its_tag_is_merged_carries_the_one_that_stays(forum: str) -> None:
    ann = await member("ann")
    ann.level = UserLevel.MODERATOR
    await category_at("life")
    for turn in range(4):
        await asked_by(ann, tags=("flora", "plants"))
        flora, plants = await tag_named("flora"), await tag_named("plants")
        questions = [
            posting.Asked(f"Which tag has {turn} of {number}?", "Tell me.", "life", ("flora", f"tag-{number}"))
            for number in range(4)
        ]
        asked = [posting.ask_question(ann, each) for each in questions]
        threads, _ = await asyncio.gather(asyncio.gather(*asked), tagging.merge(ann, flora.id, plants.id))
        assert all([(await tags_of(thread))[0] == "plants" for thread in threads])
        await tagging.remove_synonym(ann, "flora")
    assert await offences() == []
    if dialect() == "postgres":
        [row] = await fetch("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert row["deadlocks"] == 0
