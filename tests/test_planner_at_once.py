"""Steps that are read at once: which of them one statement of PostgreSQL reads, and that it reads the same."""

import pytest
from both_ways import answer, fallbacks
from planned import plan_of, queries
from random_documents import Asked
from random_forum import Forum, random_forum

from models.database import dialect
from planner.at_once import ReadAtOnce
from schema.nodes import global_id

FILTERED = """
    query ($least: Int!) { threads(filter: { minScore: $least }) { totalCount nodes { tags { name } } } }
"""


@pytest.fixture
async def filled(forum: str) -> Forum:
    """A forum full of everything."""
    return await random_forum(1)


async def sent(statements: list[str], query: str, **variables: object) -> list[int]:
    """Of how many queries each statement is that answers a document."""
    statements.clear()
    with fallbacks() as reasons:
        assert b'"errors"' not in await answer(Asked(query, variables), None)
    assert not reasons
    return [len(queries(each)) for each in statements]


async def test_a_page_is_one_statement_on_postgres(filled: Forum, statements: list[str]) -> None:
    answers = "answers { totalCount nodes { comments { nodes { body } } } }"
    number = next(post.thread_id for post in filled.posts if post.kind == "answer" and post.state == "visible")
    page = f"{{ thread(number: {number}) {{ tags {{ name }} {answers} }} }}"
    assert await sent(statements, page) == ([5] if dialect() == "postgres" else [1, 1, 1, 1, 1])


async def test_a_filter_that_comes_with_the_request_is_read_before(filled: Forum, statements: list[str]) -> None:
    if dialect() == "postgres":
        assert await sent(statements, FILTERED, least=-100) == [1, 1, 1]


async def test_kinds_that_no_id_names_are_left_out(filled: Forum, statements: list[str]) -> None:
    query = "query ($id: ID!) { node(id: $id) { ... on Thread { tags { name } } ... on User { name } } }"
    if dialect() == "postgres":
        assert await sent(statements, query, id=global_id(filled.threads[0])) == [2]
        assert await sent(statements, query, id=global_id(filled.users[0])) == [1]
    assert await sent(statements, query, id="nonsense") == []


async def test_what_python_takes_apart_is_read_after(filled: Forum) -> None:
    plan = plan_of("{ threads { nodes { tags { name } question { author { rank } } } } }")
    kinds = [type(each).__name__ for each in plan.rounds]
    assert kinds == (["ReadAtOnce", "LookUp"] if dialect() == "postgres" else ["ReadRows", "ReadRows", "LookUp"])
    assert sum(isinstance(each, ReadAtOnce) for each in plan.rounds) == (dialect() == "postgres")
