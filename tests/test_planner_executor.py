"""Plans and graphql-core together: who answers what, that it is counted, and that nothing is done twice."""

from typing import Any

import pytest
from both_ways import answer, executed, planner_off
from clients import Client, document
from crowd import answered_by, asked_by, member
from random_documents import Asked

import models
from planner import metrics
from schema.nodes import global_id

DEEDS = (
    ("cast_vote", "vote", lambda post: {"postId": global_id(post), "value": "UP"}),
    ("post_comment", "post", lambda post: {"parentId": global_id(post), "body": "A remark that is long enough."}),
)


@pytest.fixture
async def broken_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every plan fails when it is run."""

    async def broken(*args: object, **kwargs: object) -> Any:
        raise RuntimeError("a plan with a bug")

    monkeypatch.setattr("planner.plans.Plan.run", broken)
    monkeypatch.setattr("planner.plans.Plan.answer", broken)


def counts(operation: str) -> tuple[float, float]:
    """How many operations plans and graphql-core answered."""
    return metrics.counted("plan", operation), metrics.counted("graphql-core", operation)


async def test_who_answers_a_query_is_counted(forum: str) -> None:
    by_plan, by_executor = counts("query")
    await answer(Asked(document("site")), None)
    assert counts("query") == (by_plan + 1, by_executor)
    await answer(Asked("{ __schema { queryType { name } } }"), None)
    assert counts("query") == (by_plan + 1, by_executor + 1)
    with planner_off():
        await answer(Asked(document("site")), None)
    assert counts("query") == (by_plan + 1, by_executor + 1)


async def test_a_query_whose_plan_fails_is_answered_all_the_same(forum: str, broken_plans: None) -> None:
    _, question = await asked_by(await member("ann"))
    asked = Asked(document("post"), {"id": global_id(question)})
    _, by_executor = counts("query")
    assert await answer(asked, None) == await executed(asked, None)
    assert counts("query")[1] == by_executor + 1


@pytest.mark.parametrize(("name", "kind", "given"), DEEDS)
async def test_what_a_deed_gives_is_read_by_plans(visitor: Client, name: str, kind: str, given: Any) -> None:
    thread, _ = await asked_by(await member("ann"))
    post = await answered_by(await member("bob"), thread)
    eve = await visitor.sign_up("eve")
    by_plan, by_executor = counts("mutation")
    result = await eve.do(name, **given(post))
    assert result["__typename"].endswith("Payload")
    assert counts("mutation")[0] > by_plan
    assert counts("mutation")[1] == by_executor


@pytest.mark.parametrize(("name", "kind", "given"), DEEDS)
async def test_a_deed_whose_plan_fails_is_shown_and_not_done_twice(
    visitor: Client, broken_plans: None, monkeypatch: pytest.MonkeyPatch, name: str, kind: str, given: Any
) -> None:
    monkeypatch.setattr("planner.deeds.answer_in_hand", lambda *args, **kwargs: None)
    thread, _ = await asked_by(await member("ann"))
    post = await answered_by(await member("bob"), thread)
    eve = await visitor.sign_up("eve")
    result = await eve.do(name, **given(post))
    assert result["__typename"].endswith("Payload")
    if kind == "vote":
        assert result["post"]["score"] == 1
        assert (await models.Post.get(id=post.id)).version == post.version + 1
    else:
        assert await models.Post.filter(parent_id=post.id).count() == 1
        assert result["parent"]["commentCount"] == 1


async def test_an_answer_in_a_stream_is_read_by_a_plan(visitor: Client) -> None:
    _, question = await asked_by(await member("ann"))
    by_plan, by_executor = counts("subscription")
    async with visitor.socket() as socket:
        await socket.subscribe("watch_votes", postIds=[global_id(question)])
        assert (await socket.next())["votesChanged"]["id"] == global_id(question)
    assert counts("subscription") == (by_plan + 1, by_executor)
