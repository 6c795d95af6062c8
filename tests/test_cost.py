"""What operations cost, and the budget of a minute that it is taken out of."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from clients import Client, document
from graphql import parse

from planner.costs import Cost, Size, sent
from planner.documents import Documents
from schema import schema
from services import budgets, clock
from transports.media_types import GRAPHQL

Setting = Callable[..., None]
RATE_LIMIT = "{ rateLimit { cost limit used remaining resetAt } site { name } }"


@pytest.fixture
def limited(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setting]:
    """The setting, with limits in force, in the middle of a minute that does not end."""
    now = clock.now().replace(second=30)
    monkeypatch.setattr(clock, "now", lambda: now)
    setting(rate_limits=True)
    yield setting
    budgets.forget()


def cost(query: str, **variables: object) -> int:
    read = Documents(schema).read(query)
    assert not read.errors, read.errors
    return read.cost(read.operations[0], variables)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ __typename }", 1),
        ("{ site { name welcome threadCount } }", 1),
        ("{ a: site { name } b: site { name } }", 2),
        ("{ threads { totalCount } }", 1),
        ("{ threads { nodes { id } } }", 1 + 20),
        ("{ threads { edges { cursor node { id } } pageInfo { endCursor } } }", 1 + 20),
        ("{ threads(first: 7) { nodes { id } } }", 1 + 7),
        ("{ threads(last: 7) { nodes { id category { id } } } }", 1 + 7 * 2),
        ("{ threads(first: 7) { nodes { answers(first: 3) { nodes { id } } } } }", 1 + 7 * (1 + 1 + 3)),
        ("{ threads(first: 7) { nodes { tags { id } } } }", 1 + 7 * (1 + 5)),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', 3),
        ("{ threads(first: 7) { ...A } } fragment A on ThreadConnection { nodes { id } }", 1 + 7),
        ("mutation { signOut { signedOut } }", 10 + 1),
        ('subscription { votesChanged(postIds: ["a"]) { id } }', 10 + 1),
    ],
)
def test_an_operation_costs_the_objects_that_it_may_give(query: str, expected: int) -> None:
    assert cost(query) == expected


def test_variables_multiply() -> None:
    query = """query ($n: Int = 2, $m: Int, $ids: [ID!]!) {
      threads(first: $n) { nodes { answers(last: $m) { nodes { id } } } } nodes(ids: $ids) { id }
    }"""
    assert cost(query, ids=[]) == 1 + 2 * (1 + 1 + 20)
    assert cost(query, ids=["a", "b"], n=5, m=3) == 1 + 5 * (1 + 1 + 3) + 2
    assert cost(query, ids=[], n=0) == 1
    assert cost(query, ids=[], n=10**9) == cost(query, ids=[], n=100)  # which the field will refuse


def test_costs_add_up_and_multiply() -> None:
    page = Cost(1) + Cost(2).times(Size(20, "n"))
    assert (page.of({}), page.of({"n": 3}), page.times(Size(2)).of({"n": 3})) == (41, 7, 14)
    operation = parse("query ($n: Int = 4, $m: Int) { x }").definitions[0]
    assert sent(operation, {"m": 1}) == {"n": 4, "m": 1}  # type: ignore[arg-type]


async def test_a_query_can_ask_what_is_left(visitor: Client, limited: Setting) -> None:
    first, second = [(await visitor.post(RATE_LIMIT))["data"]["rateLimit"] for _ in range(2)]
    assert (first["cost"], first["limit"], first["remaining"]) == (2, 50_000_000, 50_000_000 - first["used"])
    assert second["used"] == first["used"] + 2
    left = datetime.fromisoformat(first["resetAt"]) - clock.now()
    assert timedelta(0) < left <= timedelta(minutes=1)


async def test_any_answer_says_its_cost_if_it_is_asked_to(visitor: Client, limited: Setting) -> None:
    body = {"query": "{ site { name } }", "extensions": {"cost": True}}
    used = []
    for _ in range(2):  # the second one is not an answer that was kept
        answer = (await visitor.http.post("/graphql", json=body)).json()
        told = answer["extensions"]["cost"]
        assert (answer["data"], told["cost"]) == ({"site": {"name": "Plainspoken"}}, 1)
        assert told.keys() == {"cost", "limit", "used", "remaining", "resetAt"}
        used.append(told["used"])
    assert used[1] == used[0] + 1
    assert "extensions" not in await visitor.post("{ site { name } }")


async def test_who_has_used_up_the_budget_is_told_until_when(visitor: Client, limited: Setting) -> None:
    ann = await visitor.sign_up("ann")
    limited(cost_per_minute=115)
    big, small = "{ threads(first: 60) { nodes { id } } }", "{ site { name } }"
    for who in (visitor, ann):  # who is signed in has a budget of their own
        assert "errors" not in await who.post(big)
        response = await who.http.post("/graphql", json={"query": big + " "}, headers=who.headers | {"accept": GRAPHQL})
        [error] = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (429, "RATE_LIMITED")
        assert "of 115 a minute are left: go on at" in error["message"]
        assert datetime.fromisoformat(error["extensions"]["retryAt"]) > clock.now()
        assert "errors" not in await who.post(small)  # what is left is enough for it


async def test_a_new_minute_is_a_new_budget(visitor: Client, limited: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(cost_per_minute=100)
    now = clock.now().replace(second=1) + timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: now)
    big = "{ threads(first: 60) { nodes { id } } }"
    assert "errors" not in await visitor.post(big, {})
    assert "errors" in await visitor.post(big.replace("id", "number"))
    monkeypatch.setattr(clock, "now", lambda: now - timedelta(minutes=1))  # set back: the same budget
    assert "errors" in await visitor.post(big.replace("id", "number"))
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=1))
    assert "errors" not in await visitor.post(big.replace("id", "number"))


async def test_many_at_once_do_not_get_past(visitor: Client, limited: Setting) -> None:
    limited(cost_per_minute=200)
    answers = await asyncio.gather(
        *(visitor.post(f"{{ threads(first: 40) {{ nodes {{ a{each}: id }} }} }}") for each in range(12))
    )
    assert 1 <= sum("errors" not in answer for answer in answers) <= 4


async def test_a_stream_of_new_documents_has_its_cost(visitor: Client, limited: Setting) -> None:
    limited(cost_per_minute=1_000)
    answers = [await visitor.post(f"{{ nonsense{each} }} {'#' * 500}") for each in range(10)]
    assert answers[0]["errors"][0]["message"].startswith("Cannot query field")
    assert answers[-1]["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_without_limits_there_is_no_budget(visitor: Client) -> None:
    assert (await visitor.post(RATE_LIMIT))["data"]["rateLimit"] is None
    assert "errors" not in await visitor.post(document("site"))
