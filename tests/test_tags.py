"""Tags: the words that threads are found by, and other words for them."""

from typing import Any

import pytest
from clients import Client
from crowd import asked_by, member

import models


@pytest.fixture
async def tags(forum: str) -> None:
    """plants on two threads, water and money on one each, nothing on none; aqua and h2o are other words for water."""
    ann = await member("ann")
    await asked_by(ann, "Of plants and water", tags=("plants", "water"))
    await asked_by(ann, "Of plants and money", tags=("plants", "money"))
    await models.Tag.create(name="nothing", description="What is not there.")
    water = await models.Tag.get(name="water")
    await models.TagSynonym.bulk_create(models.TagSynonym(name=name, tag=water) for name in ("h2o", "aqua"))


async def names(client: Client, **variables: Any) -> list[str]:
    edges = (await client.run("tags", **variables))["tags"]["edges"]
    return [edge["node"]["name"] for edge in edges]


async def test_the_most_used_tags_come_first_and_then_by_name(visitor: Client, tags: None) -> None:
    page = (await visitor.run("tags", counted=True))["tags"]
    shown = [{key: value for key, value in edge["node"].items() if key != "id"} for edge in page["edges"]]
    assert shown == [
        {"name": "plants", "description": None, "threadCount": 2, "synonyms": []},
        {"name": "money", "description": None, "threadCount": 1, "synonyms": []},
        {"name": "water", "description": None, "threadCount": 1, "synonyms": ["aqua", "h2o"]},
        {"name": "nothing", "description": "What is not there.", "threadCount": 0, "synonyms": []},
    ]
    assert page["totalCount"] == 4


async def test_tags_are_found_by_how_they_begin(visitor: Client, tags: None) -> None:
    await models.Tag.bulk_create([models.Tag(name="c_x"), models.Tag(name="cax"), models.Tag(name="c#")])
    assert await names(visitor, query="PL") == ["plants"]
    assert await names(visitor, query="lants") == []
    assert await names(visitor, query="c_") == ["c_x"]
    assert await names(visitor, query="c") == ["c#", "c_x", "cax"]
    assert await names(visitor, query="%") == []
    assert len(await names(visitor, query="")) == len(await names(visitor, query=None)) == 7


async def test_a_tag_is_found_by_its_name_or_another_word_for_it(visitor: Client, tags: None) -> None:
    for name in ("water", "Water", "h2o", "AQUA"):
        shown = (await visitor.run("tag_page", name=name, counted=True))["tag"]
        assert (shown["name"], shown["threadCount"], shown["synonyms"]) == ("water", 1, ["aqua", "h2o"])
        assert [edge["node"]["title"] for edge in shown["threads"]["edges"]] == ["Of plants and water"]
        assert shown["threads"]["totalCount"] == 1


async def test_a_word_that_is_no_tag_gives_null(visitor: Client, tags: None) -> None:
    for name in ("wat", "", "nothing at all"):
        assert await visitor.run("tag_page", name=name) == {"tag": None}


async def test_who_asks_with_another_word_for_a_tag_is_shown_the_tag(visitor: Client, tags: None) -> None:
    bob = await visitor.sign_up("bob")
    asked = await bob.do("ask_question", title="Why is the sea wet?", body="", tags=["h2o", "AQUA", "sea"])
    assert asked["thread"]["tags"] == [{"name": "water", "threadCount": 2}, {"name": "sea", "threadCount": 1}]
