"""Threads: what a thread shows, and the lists of them in every order."""

from datetime import UTC, datetime, timedelta

from clients import Client, document
from crowd import answered_by, asked_by, category_at, member

import models
from models import ClosureReason, VoteValue
from schema.nodes import global_id
from services import choosing, clock, voting

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

THREAD = """
query ($number: Int!) {
  thread(number: $number) {
    id number slug title answerCount viewCount createdAt lastActivityAt hotness
    category { path } tags { name } question { id } bestAnswer { id isBest }
    closure { reason note at by { name } duplicateOf { number } }
    answers { totalCount nodes { id } }
  }
}
"""


async def test_a_thread_is_shown_with_all_that_belongs_to_it(visitor: Client) -> None:
    ann, bob = await member("ann"), await member("bob")
    await category_at("life/home")
    with clock.standing_at(NOON):
        thread, question = await asked_by(ann, "How do plants live?", "life/home", ("water", "light"))
    with clock.standing_at(NOON + MINUTE):
        first, best = await answered_by(bob, thread), await answered_by(bob, thread)
    await choosing.choose_best_answer(ann, thread.id, best.id)
    shown = (await visitor.post(THREAD, {"number": thread.id}))["data"]["thread"]
    assert shown == {
        "id": global_id(thread),
        "number": thread.id,
        "slug": "how-do-plants-live",
        "title": "How do plants live?",
        "answerCount": 2,
        "viewCount": 0,
        "createdAt": "2026-03-01T12:00:00Z",
        "lastActivityAt": "2026-03-01T12:01:00Z",
        "hotness": (await models.Thread.get(id=thread.id)).hotness,
        "category": {"path": "life/home"},
        "tags": [{"name": "water"}, {"name": "light"}],
        "question": {"id": global_id(question)},
        "bestAnswer": {"id": global_id(best), "isBest": True},
        "closure": None,
        "answers": {"totalCount": 2, "nodes": [{"id": global_id(best)}, {"id": global_id(first)}]},
    }


async def test_a_number_that_no_thread_has_gives_null(visitor: Client) -> None:
    for number in (1, 0, -1, 2**31 - 1, -(2**31)):
        assert (await visitor.post(THREAD, {"number": number}))["data"] == {"thread": None}


async def test_a_closure_tells_why_who_when_and_what_was_asked_before(visitor: Client) -> None:
    ann = await member("ann")
    original, _ = await asked_by(ann)
    thread, _ = await asked_by(ann)
    await models.Thread.filter(id=thread.id).update(
        closed_at=NOON,
        close_reason=ClosureReason.DUPLICATE,
        close_note="Asked before.",
        closed_by_id=ann.id,
        duplicate_of_id=original.id,
    )
    shown = (await visitor.post(THREAD, {"number": thread.id}))["data"]["thread"]
    assert shown["closure"] == {
        "reason": "DUPLICATE",
        "note": "Asked before.",
        "at": "2026-03-01T12:00:00Z",
        "by": {"name": "ann"},
        "duplicateOf": {"number": original.id},
    }
    await models.Thread.filter(id=thread.id).update(closed_by_id=None, duplicate_of_id=None, close_reason=None)
    shown = (await visitor.post(THREAD, {"number": thread.id}))["data"]["thread"]
    assert (shown["closure"]["reason"], shown["closure"]["by"], shown["closure"]["duplicateOf"]) == (
        "OTHER",
        None,
        None,
    )


async def test_each_order_has_its_own_first_and_ties_go_by_age(visitor: Client) -> None:
    ann = await member("ann")
    figures = {"a": 1, "b": 2, "c": 1, "d": 2, "e": 0}
    for index, (title, figure) in enumerate(figures.items()):
        await models.Thread.create(
            slug="",
            title=title,
            author=ann,
            # Asked in pairs at the same moment: a, b and c, d, then e.
            created_at=NOON + index // 2 * MINUTE,
            # Active the other way round.
            last_activity_at=NOON + (10 - index // 2) * MINUTE,
            hotness=figure * 1e9,
            score=figure - 1,
            answer_count=figure,
            view_count=figure,
        )
    expected = {
        "NEWEST": "edcba",
        "ACTIVE": "badce",
        "HOT": "bdace",
        "VOTES": "bdace",
        "ANSWERS": "bdace",
        "VIEWS": "bdace",
    }
    for order, titles in expected.items():
        edges = (await visitor.run("threads", orderBy=order))["threads"]["edges"]
        assert "".join(edge["node"]["title"] for edge in edges) == titles, order
    newest = (await visitor.run("threads"))["threads"]["edges"]
    assert "".join(edge["node"]["title"] for edge in newest) == expected["NEWEST"]


async def test_each_order_of_answers_has_its_own_first_and_ties_go_by_age(visitor: Client) -> None:
    ann, bob, cid = await member("ann"), await member("bob"), await member("cid")
    thread, _ = await asked_by(ann)
    names = {}
    for index, name in enumerate("abcd"):
        with clock.standing_at(NOON + index // 2 * MINUTE):
            names[name] = await answered_by(bob, thread)
    # a has 0, b and c 1, d -1 and is the best one.
    for voter, name, value in ((ann, "b", 1), (cid, "c", 1), (ann, "d", -1)):
        await voting.cast_vote(voter, names[name].id, VoteValue(value))
    await choosing.choose_best_answer(ann, thread.id, names["d"].id)
    called = {global_id(post): name for name, post in names.items()}
    for order, expected in {"BEST": "dbca", "VOTES": "bcad", "OLDEST": "abcd", "NEWEST": "dcba"}.items():
        data = await visitor.run("thread_answers", number=thread.id, orderBy=order)
        edges = data["thread"]["answers"]["edges"]
        assert "".join(called[edge["node"]["id"]] for edge in edges) == expected, order


async def test_a_total_counts_the_threads_that_the_filter_lets_through(visitor: Client) -> None:
    ann, bob = await member("ann"), await member("bob")
    for asker in (ann, ann, bob):
        await asked_by(asker)
    for criteria, total in ((None, 3), ({}, 3), ({"author": "ann"}, 2), ({"author": "nobody"}, 0)):
        page = (await visitor.run("threads", filter=criteria, first=1, counted=True))["threads"]
        assert page["totalCount"] == total
        assert page["pageInfo"]["hasNextPage"] is (total > 1)


async def test_a_filter_takes_at_most_twenty_tags_of_a_kind(visitor: Client) -> None:
    await asked_by(await member("ann"), tags=("plants",))
    for kind in ("allTags", "anyTag", "noTag"):
        names = [f"tag{index}" for index in range(21)]
        answer = await visitor.post(document("threads"), {"filter": {kind: names}})
        assert answer["errors"][0]["message"] == f"Give at most 20 tags in {kind}; these are 21."
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        assert "errors" not in await visitor.post(document("threads"), {"filter": {kind: names[:20]}})
