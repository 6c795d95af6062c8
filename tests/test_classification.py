"""Classification: categories and tags, and their counts of threads."""

import asyncio

import pytest
from clients import Client
from crowd import asked_by, category_at, member, members

import models
from services import audit, classification, posting
from services.errors import Findings


def wrong(tags: list[str]) -> list[tuple[tuple[str, ...], str]]:
    findings = Findings()
    classification.check_tags(findings, tags)
    return [(each.path, each.message) for each in findings.wrong]


def test_tags_are_lower_case_and_each_once() -> None:
    findings = Findings()
    assert classification.check_tags(findings, [" Python", "C++", "python", "c#", ".net"]) == [
        "python",
        "c++",
        "c#",
        ".net",
    ]
    assert findings.wrong == []


@pytest.mark.parametrize(
    "tag", ["asyncio", "c++", "c#", ".net", "two-words", "snake_case", "größe", "日本語", "हिन्दी", "a" * 35]
)
def test_words_of_every_script_and_a_few_signs_can_be_tags(tag: str) -> None:
    assert wrong([tag]) == []


@pytest.mark.parametrize("tag", ["two words", "", "a,b", "<b>", "nul\x00", "a/b", "\N{ZERO WIDTH SPACE}"])
def test_other_signs_cannot_be_tags(tag: str) -> None:
    assert wrong(["fine", tag]) == [(("tags", "1"), "Write a tag with letters, digits and the signs - _ . + # only.")]


def test_a_tag_has_at_most_thirty_five_characters_and_a_thread_at_most_five_tags() -> None:
    assert wrong(["a" * 36]) == [(("tags", "0"), "Write a tag in at most 35 characters.")]
    assert wrong(["a", "b", "c", "d", "e"]) == []
    assert wrong(["a", "b", "c", "d", "e", "f"]) == [(("tags",), "Give at most 5 tags; these are 6.")]
    assert wrong(["a", "b", "c", "d", "e", "A"]) == []


async def test_a_new_thread_is_counted_in_its_category_and_in_all_above_it(forum: str) -> None:
    ann = await member("ann")
    for path in ("life", "life/home", "life/home/garden", "work"):
        await category_at(path)
    await asked_by(ann, category="life/home")
    await asked_by(ann, category="life/home/garden")
    await asked_by(ann, category="/life/")
    counts = dict(await models.Category.all().values_list("path", "thread_count"))
    assert counts == {"life": 3, "life/home": 2, "life/home/garden": 1, "work": 0}


async def test_a_thread_carries_its_tags_in_the_askers_order_and_they_count_it(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    first = await ann.do("ask_question", title="Which tags come first?", body="", tags=["zebra", "Apple"])
    assert first["thread"]["tags"] == [{"name": "zebra", "threadCount": 1}, {"name": "apple", "threadCount": 1}]
    second = await ann.do("ask_question", title="Which tags come second?", body="", tags=["apple", "new"])
    assert second["thread"]["tags"] == [{"name": "apple", "threadCount": 2}, {"name": "new", "threadCount": 1}]


async def test_who_writes_a_synonym_gets_its_tag_and_once(forum: str) -> None:
    ann = await member("ann")
    python = await models.Tag.create(name="python")
    await models.TagSynonym.create(name="py", tag=python)
    thread, _ = await asked_by(ann, tags=("py", "python", "asyncio"))
    links = await models.ThreadTag.filter(thread_id=thread.id).order_by("position").select_related("tag")
    assert [link.tag.name for link in links] == ["python", "asyncio"]
    assert await models.Tag.filter(name="py").count() == 0
    assert (await models.Tag.get(name="python")).thread_count == 1


async def test_many_who_ask_at_once_with_the_same_tags_in_any_order_are_all_counted(forum: str) -> None:
    await category_at("life/home")
    people = await members(8)
    await asyncio.gather(
        *(
            asked_by(person, tags=("one", "two", "three")[:: 1 if index % 2 else -1], category="life/home")
            for index, person in enumerate(people)
        )
    )
    assert await models.Tag.all().order_by("name").values_list("name", "thread_count") == [
        ("one", 8),
        ("three", 8),
        ("two", 8),
    ]
    assert [finding.name async for finding in audit.check() if finding.offenders] == []


async def test_a_category_that_is_not_there_is_told_with_all_else_that_is_wrong(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    refused = await ann.do("ask_question", title="Too short", body="", categoryPath="no/where", tags=["not one"])
    assert refused["__typename"] == "InvalidInput"
    assert refused["fields"] == [
        {"path": ["title"], "message": "Write at least 12 characters; these are 9."},
        {"path": ["tags", "0"], "message": "Write a tag with letters, digits and the signs - _ . + # only."},
        {"path": ["categoryPath"], "message": "There is no such category: see the paths that `categories` lists."},
    ]
    assert await models.Thread.all().count() == 0


async def test_without_category_and_tags_a_thread_is_fine(forum: str) -> None:
    thread = await posting.ask_question(await member("ann"), posting.Asked("Where does this belong?", ""))
    assert thread.category_id is None
    assert await models.ThreadTag.filter(thread_id=thread.id).count() == 0
