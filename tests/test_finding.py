"""Finding: every criterion of threads alone and together with every other, and names that are looked for."""

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from clients import Client, document
from crowd import answered_by, asked_by, category_at, member

import models
from models import ClosureReason, PostState, VoteValue
from services import choosing, clock, finding, voting
from services.finding import ThreadCriteria

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EVERYTHING = {"plants", "pots", "pay", "peace", "paths"}


@pytest.fixture
async def threads(forum: str) -> None:
    """Five threads, of which each criterion finds some, and a hidden one that none finds.

    plants  life/home         plants, water  by ann  score  2  two answers, one voted up, one best
    pots    life/home/garden  plants         by bob  score  0  an answer voted down
    pay     work              money          by ann  score -1  closed
    peace   -                 -              by bob  score  1  an answer voted up
    paths   a_b               water, money   by bob  score  0
    """
    ann, bob, cid, dan = [await member(name) for name in ("ann", "bob", "cid", "dan")]
    for path in ("life/home/garden", "work", "a_b", "axb/c"):
        await category_at(path)
    water = await models.Tag.create(name="water")
    await models.TagSynonym.create(name="h2o", tag=water)
    asked = [
        ("plants", ann, "life/home", ("plants", "water")),
        ("pots", bob, "life/home/garden", ("plants",)),
        ("pay", ann, "work", ("money",)),
        ("peace", bob, None, ()),
        ("paths", bob, "a_b", ("h2o", "money")),
        ("hidden", ann, "work", ("money",)),
    ]
    made: dict[str, tuple[models.Thread, models.Post]] = {}
    for index, (word, asker, category, tags) in enumerate(asked):
        with clock.standing_at(NOON + index * DAY):
            made[word] = await asked_by(asker, f"A question about {word}", category, tags)
    upvoted, best = await answered_by(cid, made["plants"][0]), await answered_by(dan, made["plants"][0])
    await choosing.choose_best_answer(ann, made["plants"][0].id, best.id)
    downvoted, also_upvoted = await answered_by(cid, made["pots"][0]), await answered_by(dan, made["peace"][0])
    for voter, post, value in (
        (dan, upvoted, VoteValue.UP),
        (dan, downvoted, VoteValue.DOWN),
        (cid, also_upvoted, VoteValue.UP),
        (cid, made["plants"][1], VoteValue.UP),
        (dan, made["plants"][1], VoteValue.UP),
        (dan, made["pay"][1], VoteValue.DOWN),
        (dan, made["peace"][1], VoteValue.UP),
    ):
        await voting.cast_vote(voter, post.id, value)
    await models.Thread.filter(id=made["pay"][0].id).update(closed_at=NOON, close_reason=ClosureReason.OTHER)
    await models.Thread.filter(id=made["hidden"][0].id).update(state=PostState.HIDDEN)


async def found(**criteria: Any) -> set[str]:
    """The last words of the titles of the threads that meet the criteria."""
    threads = await finding.threads(None, ThreadCriteria(**criteria))
    words = [thread.title.split()[-1] for thread in threads]
    assert len(set(words)) == len(words)
    return set(words)


CRITERIA: list[tuple[dict[str, Any], set[str]]] = [
    ({"category": "life"}, {"plants", "pots"}),
    ({"category": "/life/home/"}, {"plants", "pots"}),
    ({"category": "life/home/garden"}, {"pots"}),
    ({"category": "home"}, set()),
    ({"category": "a_b"}, {"paths"}),
    ({"category": "a%"}, set()),
    ({"category": ""}, set()),
    ({"all_tags": ("plants",)}, {"plants", "pots"}),
    ({"all_tags": ("plants", "water")}, {"plants"}),
    ({"all_tags": ("H2O",)}, {"plants", "paths"}),
    ({"all_tags": ("plants", "nothing")}, set()),
    ({"all_tags": ()}, EVERYTHING),
    ({"any_tag": ("plants", "money")}, {"plants", "pots", "pay", "paths"}),
    ({"any_tag": ("nothing", "h2o")}, {"plants", "paths"}),
    ({"any_tag": ()}, set()),
    ({"no_tag": ("plants",)}, {"pay", "peace", "paths"}),
    ({"no_tag": ("h2o", "money")}, {"pots", "peace"}),
    ({"no_tag": ("nothing",)}, EVERYTHING),
    ({"no_tag": ()}, EVERYTHING),
    ({"author": "Ann"}, {"plants", "pay"}),
    ({"author": "nobody"}, set()),
    ({"answered": True}, {"plants", "pots", "peace"}),
    ({"answered": False}, {"pay", "paths"}),
    ({"has_best_answer": True}, {"plants"}),
    ({"has_best_answer": False}, EVERYTHING - {"plants"}),
    ({"has_upvoted_answer": True}, {"plants", "peace"}),
    ({"has_upvoted_answer": False}, {"pots", "pay", "paths"}),
    ({"closed": True}, {"pay"}),
    ({"closed": False}, EVERYTHING - {"pay"}),
    ({"min_score": 1}, {"plants", "peace"}),
    ({"min_score": -1}, EVERYTHING),
    ({"min_score": 3}, set()),
    ({"since": NOON + 2 * DAY}, {"pay", "peace", "paths"}),
    ({"since": NOON + 2 * DAY + timedelta(microseconds=1)}, {"peace", "paths"}),
    ({"until": NOON + 2 * DAY}, {"plants", "pots"}),
    ({}, EVERYTHING),
]


async def test_each_criterion_finds_its_threads_and_two_together_those_that_meet_both(threads: None) -> None:
    for criteria, expected in CRITERIA:
        assert await found(**criteria) == expected, criteria
    for (one, found_by_one), (other, found_by_other) in combinations(CRITERIA, 2):
        if not one.keys() & other.keys():
            assert await found(**one, **other) == found_by_one & found_by_other, (one, other)


async def test_all_criteria_at_once_find_the_one_thread_that_meets_them(visitor: Client, threads: None) -> None:
    criteria = {
        "category": "life",
        "allTags": ["plants"],
        "anyTag": ["h2o", "money"],
        "noTag": ["money"],
        "author": "ann",
        "answered": True,
        "hasBestAnswer": True,
        "hasUpvotedAnswer": True,
        "closed": False,
        "minScore": 2,
        "since": "2026-03-01T13:00:00+01:00",
        "until": "2026-03-01T12:00:01Z",
    }
    page = (await visitor.run("threads", filter=criteria, counted=True))["threads"]
    assert [edge["node"]["title"] for edge in page["edges"]] == ["A question about plants"]
    assert page["totalCount"] == 1


async def test_a_criterion_of_null_asks_nothing(visitor: Client, threads: None) -> None:
    names = "category allTags anyTag noTag author answered hasBestAnswer hasUpvotedAnswer closed minScore since until"
    page = (await visitor.run("threads", filter=dict.fromkeys(names.split()), counted=True))["threads"]
    assert page["totalCount"] == len(EVERYTHING)
    assert (await visitor.run("threads", filter=None, counted=True))["threads"]["totalCount"] == len(EVERYTHING)


async def test_a_moment_without_an_offset_is_refused(visitor: Client) -> None:
    for moment, complaint in (
        ("2026-03-01T12:00:00", "DateTime needs an offset: end it with Z, or with one such as +01:00."),
        ("noon", "DateTime must look like 2026-11-23T09:30:00Z."),
        ("0001-01-01T00:00:00+10:00", "DateTime must lie between the years 1 and 9999."),
        (5, "DateTime must be a string such as 2026-11-23T09:30:00Z."),
    ):
        answer = await visitor.post(document("threads"), {"filter": {"since": moment}})
        assert complaint in answer["errors"][0]["message"]


async def test_a_tag_is_found_by_its_name_or_a_synonym_in_any_case(forum: str) -> None:
    python = await models.Tag.create(name="python")
    await models.TagSynonym.create(name="py", tag=python)
    await models.TagSynonym.create(name="python3", tag=python)
    names = [finding.tag_name(name) for name in ("Python", "PY", "python3", "snake")]
    found = [await finding.tags_named(name).get_or_none() for name in names]
    assert found == [python, python, python, None]


async def test_what_nothing_can_be_called_is_not_found(visitor: Client) -> None:
    await asked_by(await member("bob"), category=(await category_at("life")).path, tags=("plants",))
    for name in ("x" * 5_000, "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 60, "a\x00b", "%", "\\"):
        assert await visitor.run("user_page", name=name) == {"user": None}
        assert await visitor.run("tag_page", name=name) == {"tag": None}
        assert await visitor.run("category_page", path=name) == {"category": None}
        for criterion in ({"author": name}, {"category": name}, {"allTags": [name]}, {"anyTag": [name]}):
            assert (await visitor.run("threads", filter=criterion))["threads"]["edges"] == [], criterion
        assert len((await visitor.run("threads", filter={"noTag": [name]}))["threads"]["edges"]) == 1
        assert (await visitor.run("users", query=name))["users"]["edges"] == []
        assert (await visitor.run("tags", query=name))["tags"]["edges"] == []
        for login in (name, f"{name}@example.org"):
            assert (await visitor.do("sign_in", login=login, password="x"))["__typename"] == "NotPermitted"
