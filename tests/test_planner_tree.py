"""The tree: what becomes a statement, what is joined to one, what is shared, and what is not read at all."""

import re
from random import Random
from typing import Any

import pytest
from both_ways import answer, fallbacks
from clients import document
from planned import plan_of, queries
from random_documents import Asked
from random_forum import Forum, random_forum
from random_values import random_variables
from test_differential import QUERIES

from planner.selection import CannotPlan
from planner.steps import MOST_JOINS, MOST_STEPS
from planner.tree import MOST_FIELDS
from schema.nodes import global_id


@pytest.fixture
async def filled(forum: str) -> Forum:
    """A forum full of everything."""
    return await random_forum(1)


async def sent(statements: list[str], query: str, variables: dict[str, Any] | None = None) -> list[str]:
    """The queries of a visitor's statements, one for each step of the plan, which must answer."""
    statements.clear()
    with fallbacks() as reasons:
        assert b'"errors"' not in await answer(Asked(query, variables or {}), None)
    assert not reasons
    return [query for each in statements for query in queries(each)]


async def test_to_one_relations_are_joined_to_the_statement_of_their_row(filled: Forum, statements: list[str]) -> None:
    query = (
        "{ threads { nodes { title category { name parent { name } } closure { by { name } } question { body } } } }"
    )
    [statement] = await sent(statements, query)
    assert statement.count("LEFT OUTER JOIN") + statement.count("LEFT JOIN") == 4


async def test_lists_that_read_alike_are_one_statement(filled: Forum, statements: list[str]) -> None:
    comments = "comments(first: 2) { nodes { body } }"
    number = next(post.thread_id for post in filled.posts if post.kind == "answer" and post.state == "visible")
    query = f"{{ thread(number: %d) {{ question {{ {comments} }} answers {{ nodes {{ {comments} }} }} }} }}"
    assert len(await sent(statements, query % number)) == 3
    assert len(await sent(statements, (query % number).replace("first: 2", "first: 1", 1))) == 4


async def test_the_same_field_by_two_names_is_one_statement(filled: Forum, statements: list[str]) -> None:
    assert len(await sent(statements, "{ a: tags { nodes { name } } b: tags { nodes { threadCount } } }")) == 1


async def test_a_column_that_nobody_asks_for_is_not_read(filled: Forum, statements: list[str]) -> None:
    [statement] = await sent(statements, "{ threads { nodes { title } } }")
    columns = statement.partition(" FROM ")[0]
    assert re.findall(r'"t0"\."(\w+)"', columns) == ["title"]


async def test_what_is_left_out_by_a_directive_is_not_read(filled: Forum, statements: list[str]) -> None:
    query = """
        query ($more: Boolean!) {
          threads(first: 2) { totalCount @include(if: $more) nodes { title tags @include(if: $more) { name } } }
        }
    """
    assert len(await sent(statements, query, {"more": False})) == 1
    assert len(await sent(statements, query, {"more": True})) == 3


async def test_a_row_is_asked_once_whether_there_is_a_next_page(filled: Forum, statements: list[str]) -> None:
    [with_it] = await sent(statements, "{ threads(first: 2) { nodes { title } pageInfo { hasNextPage } } }")
    [without] = await sent(statements, "{ threads(first: 2) { nodes { title } pageInfo { endCursor } } }")
    assert "LIMIT 3" in with_it
    assert "LIMIT 2" in without


async def test_every_statement_reads_only_what_all_may_see(filled: Forum, statements: list[str]) -> None:
    chance = Random(1)
    for query in map(document, QUERIES * 4):
        for statement in await sent(statements, query, random_variables(chance, filled, query)):
            for alias in re.findall(r'"(?:thread|post)" "(\w+)"', statement):
                is_found_by_id = f'"{alias}"."id" IN (SELECT "found"."id"' in statement
                assert f'"{alias}"."state"=' in statement or is_found_by_id, statement


async def test_rows_do_not_add_statements(forum: str, statements: list[str]) -> None:
    large = await random_forum(1, size=3)
    chance = Random(2)
    for query in map(document, QUERIES):
        for viewer in large.viewers:
            variables = random_variables(chance, large, query)
            plan = plan_of(query, variables, viewer)
            statements.clear()
            await answer(Asked(query, variables), viewer)
            assert len(statements) <= len(plan.steps), query


async def test_what_takes_too_many_statements_joins_or_fields_is_not_planned(filled: Forum) -> None:
    lists = " ".join(f"a{index}: threads(first: {index}) {{ nodes {{ id }} }}" for index in range(MOST_STEPS + 1))
    parents = "parent { " * (MOST_JOINS + 1) + "name" + " }" * (MOST_JOINS + 1)
    doubling = " ".join(
        f"fragment F{index} on Category {{ a: parent {{ ...F{index + 1} }} b: parent {{ ...F{index + 1} }} }}"
        for index in range(10)
    )
    for query, reason in (
        (f"{{ {lists} }}", f"more than {MOST_STEPS} statements"),
        (f"{{ categories {{ {parents} }} }}", f"more than {MOST_JOINS} tables in one statement"),
        (
            f"{{ categories {{ ...F0 }} }} {doubling} fragment F10 on Category {{ name }}",
            f"more than {MOST_FIELDS} fields",
        ),
    ):
        with pytest.raises(CannotPlan, match=reason):
            plan_of(query)
        with fallbacks() as reasons:
            assert b'"errors"' not in await answer(Asked(query), None)
        assert [str(each) for each in reasons] == [reason]


async def test_an_id_that_names_nothing_reads_nothing(filled: Forum, statements: list[str]) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert await sent(statements, query, {"ids": ["nonsense"]}) == []
    assert len(await sent(statements, query, {"ids": [global_id(filled.threads[0]), global_id(filled.users[0])]})) == 2
