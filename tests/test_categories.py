"""Categories: a tree with counts of whole branches."""

from typing import Any

from clients import Client
from crowd import asked_by, category_at, member

import models


async def test_the_tree_is_read_from_its_roots_with_counts_of_whole_branches(visitor: Client) -> None:
    ann = await member("ann")
    for path in ("work", "life/home/garden/pots", "life/art"):
        await category_at(path)
    for path in ("work", "life", "life/home/garden", "life/home/garden/pots", "life/art"):
        await asked_by(ann, category=path)

    def place(path: str, count: int, *children: Any, leaf: bool = False) -> dict[str, Any]:
        shown: dict[str, Any] = {"path": path, "threadCount": count}
        return shown if leaf else shown | {"children": list(children)}

    garden = place("life/home/garden", 2, place("life/home/garden/pots", 1, leaf=True))
    life = place("life", 4, place("life/art", 1), place("life/home", 2, garden))
    assert await visitor.run("categories") == {"categories": [life, place("work", 1)]}


async def test_siblings_stand_in_their_positions_and_then_by_name(visitor: Client) -> None:
    for position, path in ((2, "a"), (1, "c"), (1, "b")):
        await category_at(path)
        await models.Category.filter(path=path).update(position=position)
    roots = (await visitor.run("categories"))["categories"]
    assert [root["path"] for root in roots] == ["b", "c", "a"]


async def test_a_category_knows_what_stands_above_and_below_it(visitor: Client) -> None:
    ann = await member("ann")
    await category_at("life/home/garden")
    await models.Category.filter(path="life/home").update(description="Where one lives.")
    await asked_by(ann, "In the garden it grows", "life/home/garden")
    await asked_by(ann, "At home it stands still", "life/home")
    await asked_by(ann, "In life it goes on", "life")
    shown = (await visitor.run("category_page", path="life/home", counted=True))["category"]
    threads = shown.pop("threads")
    assert shown == {
        "id": shown["id"],
        "name": "Home",
        "slug": "home",
        "path": "life/home",
        "description": "Where one lives.",
        "threadCount": 2,
        "parent": {"path": "life"},
        "ancestors": [{"path": "life"}],
        "children": [{"path": "life/home/garden", "threadCount": 1}],
    }
    assert [edge["node"]["title"] for edge in threads["edges"]] == ["At home it stands still", "In the garden it grows"]
    assert threads["totalCount"] == 2


async def test_the_ancestors_of_a_leaf_are_told_from_the_root_down(visitor: Client) -> None:
    await category_at("life/home/garden/pots")
    shown = (await visitor.run("category_page", path="life/home/garden/pots"))["category"]
    assert shown["ancestors"] == [{"path": "life"}, {"path": "life/home"}, {"path": "life/home/garden"}]
    root = (await visitor.run("category_page", path="/life/"))["category"]
    assert (root["parent"], root["ancestors"]) == (None, [])


async def test_a_path_that_leads_nowhere_gives_null(visitor: Client) -> None:
    await category_at("life/home")
    for path in ("home", "life/work", "", "LIFE", "life//home"):
        assert await visitor.run("category_page", path=path) == {"category": None}
