"""Users: who they are, what they wrote, and the lists of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clients import Client
from crowd import answered_by, asked_by, commented_by, member, points_of

import models
from models import PointsReason, UserLevel
from models.database import transaction
from schema.nodes import global_id
from services import choosing, clock, points
from services.points import Payment
from settings import settings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def give(user: models.User, amount: int) -> None:
    """Points out of thin air."""
    async with transaction():
        await points.pay([Payment(user.id, amount, PointsReason.ADJUSTMENT)], await points.rules_in_force())


async def listed(client: Client, field: str = "name", **variables: Any) -> list[Any]:
    edges = (await client.run("users", **variables))["users"]["edges"]
    return [edge["node"][field] for edge in edges]


async def test_a_user_is_shown_with_what_they_did(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "points_titles", {100: "Newcomer", 500: "Regular"})
    ann, bob = await member("ann"), await member("bob")
    await models.User.filter(id=ann.id).update(
        about="I *grow* things.", about_html="<p>I <em>grow</em> things.</p>", location="Here", level=UserLevel.EDITOR
    )
    thread, question = await asked_by(bob, "How do plants live?")
    first, best = await answered_by(ann, thread), await answered_by(ann, thread)
    await commented_by(ann, question)
    await asked_by(ann, "Where do pots come from?")
    await choosing.choose_best_answer(bob, thread.id, best.id)
    assert (await visitor.run("user_page", name="ANN"))["user"] == {
        "id": global_id(ann),
        "name": "ann",
        "about": "I *grow* things.",
        "aboutHtml": "<p>I <em>grow</em> things.</p>",
        "location": "Here",
        "website": None,
        "avatarUrl": None,
        "level": "EDITOR",
        "title": "Regular",
        "points": 500,
        "pointsCompact": "500",
        "rank": 1,
        "questionCount": 1,
        "answerCount": 2,
        "commentCount": 1,
        "bestAnswerCount": 1,
        "threads": {"totalCount": 1, "nodes": [{"title": "Where do pots come from?"}]},
        "answers": {
            "totalCount": 2,
            "nodes": [
                {"body": post.body, "isBest": post == best, "thread": {"title": "How do plants live?"}}
                for post in (best, first)  # newest first
            ],
        },
    }


async def test_a_name_that_nobody_has_gives_null(visitor: Client) -> None:
    await member("ann")
    for name in ("anna", "", "an", "a%"):
        assert await visitor.run("user_page", name=name) == {"user": None}


async def test_users_with_equal_points_share_a_rank_and_the_next_one_skips(visitor: Client) -> None:
    for name, amount in (("ann", 50), ("bob", 50), ("cid", 0), ("dan", 80), ("eve", -200)):
        await give(await member(name), amount)
    assert dict(zip(await listed(visitor), await listed(visitor, "rank"), strict=True)) == {
        "dan": 1,
        "ann": 2,
        "bob": 2,
        "cid": 4,
        "eve": 5,
    }


async def test_each_order_of_users_has_its_own_first_and_ties_go_by_age(visitor: Client) -> None:
    # Two join at each moment.
    for index, (name, amount) in enumerate({"dan": 0, "Bob": 50, "eve": 50, "ann": 0, "Åse": 9}.items()):
        with clock.standing_at(NOON + index // 2 * timedelta(minutes=1)):
            user = await member(name)
        await give(user, amount)
    assert await listed(visitor) == ["Bob", "eve", "Åse", "dan", "ann"]
    assert await listed(visitor, orderBy="POINTS") == ["Bob", "eve", "Åse", "dan", "ann"]
    assert await listed(visitor, orderBy="NEWEST") == ["Åse", "ann", "eve", "Bob", "dan"]
    assert await listed(visitor, orderBy="NAME") == ["ann", "Bob", "dan", "eve", "Åse"]


async def test_users_are_found_by_how_their_names_begin(visitor: Client) -> None:
    for name in ("Anna", "annabel", "bann", "a_b", "axb", "Åse"):
        await member(name)
    assert sorted(await listed(visitor, query="ANN")) == ["Anna", "annabel"]
    assert await listed(visitor, query="a_") == ["a_b"]
    assert await listed(visitor, query="åS") == ["Åse"]
    assert await listed(visitor, query="%") == []
    assert len(await listed(visitor, query="")) == 6
    assert (await visitor.run("users", query="ann", counted=True, first=1))["users"]["totalCount"] == 2


async def test_the_viewers_points_are_those_after_the_deed(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    deed = """
      mutation { askQuestion(input: {title: "What am I paid for this?", body: ""}) {
        ... on AskQuestionPayload { thread { question { author { points pointsCompact } } } } } }
    """
    author = (await ann.post(deed))["data"]["askQuestion"]["thread"]["question"]["author"]
    assert author == {"points": 120, "pointsCompact": "120"}
    assert (await ann.run("viewer"))["viewer"]["user"]["points"] == 120


async def test_points_are_shown_short_and_whole(visitor: Client) -> None:
    ann = await member("ann")
    await give(ann, 6_550)
    shown = (await visitor.run("user_page", name="ann"))["user"]
    assert (shown["points"], shown["pointsCompact"]) == (6_650, "6.7k")
    await give(ann, -10_000)
    shown = (await visitor.run("user_page", name="ann"))["user"]
    assert (shown["points"], shown["pointsCompact"]) == (-3_350, "-3,350")
    assert await points_of(ann) == -3_350
