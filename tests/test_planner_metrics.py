"""Who answered is counted: plans, or graphql-core and why."""

import pytest
from clients import Client
from prometheus_client import REGISTRY

from planner import metrics
from planner.tree import Tree


def count(operation: str, answered_by: str, reason: str = "") -> float:
    labels = {"operation": operation, "answered_by": answered_by, "reason": reason}
    return REGISTRY.get_sample_value("graphql_operations_total", labels) or 0


async def test_a_query_that_has_a_plan_is_counted_as_planned(visitor: Client) -> None:
    before = count("query", "plan")
    await visitor.run("site_name")
    assert count("query", "plan") == before + 1


async def test_what_the_planner_leaves_alone_is_counted_as_unsupported(visitor: Client) -> None:
    before, planned = count("query", "graphql-core", "unsupported"), count("query", "plan")
    assert "errors" not in await visitor.post("{ __schema { queryType { name } } }")
    assert count("query", "graphql-core", "unsupported") == before + 1
    assert count("query", "plan") == planned


async def test_a_plan_that_fails_is_counted_as_an_error(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(tree: Tree) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Tree, "of_query", broken)
    before = count("query", "graphql-core", "error")
    assert (await visitor.post("{ anew: site { name } }"))["data"] == {"anew": {"name": "Plainspoken"}}
    assert count("query", "graphql-core", "error") == before + 1


async def test_wrong_arguments_are_counted_as_what_graphql_core_told(visitor: Client) -> None:
    before = sum(count("query", "graphql-core", reason) for reason in ("unsupported", "null", "error"))
    assert "errors" in await visitor.post("{ threads(first: 1000) { nodes { id } } }")
    assert sum(count("query", "graphql-core", reason) for reason in ("unsupported", "null", "error")) == before + 1


async def test_a_mutations_row_is_counted_under_the_mutation(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    queries, mutations = count("query", "plan"), count("mutation", "plan")
    await ann.do("ask_question", title="How are you counted?", body="One by one.")
    assert count("mutation", "plan") == mutations + 1
    assert count("query", "plan") == queries


async def test_a_subscriptions_rows_are_counted_one_by_one(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    asked = await ann.do("ask_question", title="How are you counted?", body="One by one.")
    before = count("subscription", "plan")
    async with visitor.socket() as listening:
        await listening.subscribe("watch_votes", postIds=[asked["thread"]["question"]["id"]])
        await listening.next()
    assert count("subscription", "plan") == before + 1


async def test_counts_can_be_asked_for_by_who_answered(visitor: Client) -> None:
    before = metrics.counted("plan"), metrics.counted("graphql-core")
    await visitor.run("site_name")
    await visitor.post("{ __typename __schema { queryType { name } } }")
    assert (metrics.counted("plan"), metrics.counted("graphql-core")) == (before[0] + 1, before[1] + 1)
