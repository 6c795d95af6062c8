"""What is kept of documents and their plans: each made once, and never more than there is room for."""

import asyncio
from random import Random

from both_ways import answer, executed
from clients import document
from planned import plan_of
from random_documents import Asked, random_document
from random_forum import Forum, random_forum

import models
from models import UserLevel
from planner.documents import MOST_TEXT, Documents
from planner.kept import Kept
from schema import schema


def test_what_was_used_least_lately_is_forgotten_first() -> None:
    kept: Kept[str, int] = Kept(1000)
    for name in "abcdefghij":
        kept.put(name, ord(name), 10)
    for number in range(90):
        assert kept.get("a") == ord("a")
        kept.put(f"other {number}", number, 10)
    assert kept.get("a") == ord("a")
    kept.put("last", 1, 10)
    assert (kept.get("b"), kept.get("last")) == (None, 1)
    assert kept.weight == len(kept) * 10 <= 1000


def test_what_weighs_too_much_is_not_kept() -> None:
    kept: Kept[str, int] = Kept(1000)
    kept.put("light", 1, 10)
    kept.put("heavy", 1, 11)
    assert (kept.get("light"), kept.get("heavy")) == (1, None)


def test_what_is_put_again_weighs_once() -> None:
    kept: Kept[str, int] = Kept(1000)
    for value in range(200):
        kept.put("same", value, 10)
    assert (kept.get("same"), kept.weight, len(kept)) == (199, 10, 1)


def test_a_stream_of_new_documents_fills_no_memory() -> None:
    documents = Documents(schema)
    known = documents.read("{ site { name } }")
    filler = "#" * 10_000
    for number in range(MOST_TEXT // 10_000 + 50):
        documents.read("{ site { name } }")
        documents.read(f"{{ site {{ n{number}: name }} }} {filler}")
    assert len(documents) < MOST_TEXT // 10_000
    assert documents.read("{ site { name } }") is known


def test_a_huge_document_is_read_and_not_kept() -> None:
    documents = Documents(schema)
    text = "{ site { name } } " + "#" * (MOST_TEXT // 100)
    assert not documents.read(text).errors
    assert len(documents) == 0


async def test_a_plan_serves_all_variables_that_do_not_shape_it(forum: str) -> None:
    page = document("category_page")
    plan = plan_of(page, {"path": "a"})
    assert plan_of(page, {"path": "b", "first": 3, "after": None}) is plan
    assert plan_of(page, {"path": "a", "counted": True}) is not plan
    assert plan_of(page, {"path": "a", "orderBy": "HOT"}) is not plan


async def test_a_plan_serves_all_viewers_whom_the_rules_do_not_tell_apart(forum: str) -> None:
    page = document("question_page")
    ann, bob, eve = (
        models.User(id=number, level=level)
        for number, level in ((1, UserLevel.REGISTERED), (2, UserLevel.REGISTERED), (3, UserLevel.ADMIN))
    )
    plans = [plan_of(page, {"number": 1}, viewer) for viewer in (None, ann, bob, eve)]
    assert plans[1] is plans[2]
    assert len({id(plan) for plan in plans}) == 3


async def test_a_plan_answers_many_at_once_each_their_own(forum: str) -> None:
    filled: Forum = await random_forum(1)
    chance = Random(1)
    requests = [
        (each, viewer) for _ in range(10) for each in random_document(chance, filled) for viewer in filled.viewers
    ]
    requests += [
        (Asked(document("question_page"), {"number": thread.id}), viewer)
        for thread in filled.threads[:10]
        for viewer in filled.viewers
    ]
    together = await asyncio.gather(*(answer(*each) for each in requests))
    assert together == [await executed(*each) for each in requests]
