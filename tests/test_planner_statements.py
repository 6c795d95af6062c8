"""Statements: what a client sent is only ever a parameter, and pages are read as far as they go."""

from random import Random

import pytest
from both_ways import answer, fallbacks
from planned import plan_of
from random_documents import Asked
from random_forum import Forum, random_forum

import models
from models.database import dialect
from planner.running import ReadRows
from planner.terms import Slot
from schema.nodes import global_id

#: Stands for whatever a client sends: it must not be seen in a statement.
SENT = "zqxj"
#: Every text that a client can send, in one document.
TEXTS = """
    query {
      user(name: "zqxj") { name }
      tag(name: "zqxj") { name }
      category(path: "zqxj") { path threads { nodes { id } } }
      tags(query: "zqxj") { nodes { name } totalCount }
      users(query: "zqxj", orderBy: NAME) { nodes { name } totalCount }
      threads(
        filter: {
          category: "zqxj", allTags: ["zqxj"], anyTag: ["zqxj"], noTag: ["zqxj"], author: "zqxj", minScore: 4711
        }
      ) { nodes { title } totalCount }
    }
"""


@pytest.fixture
async def filled(forum: str) -> Forum:
    """A forum full of everything."""
    return await random_forum(1)


async def test_no_text_of_a_clients_is_in_a_statement(filled: Forum, statements: list[str]) -> None:
    statements.clear()
    with fallbacks() as reasons:
        assert b'"errors"' not in await answer(Asked(TEXTS), None)
    assert not reasons
    assert sum(each.count(SENT) for each in statements) >= 6, "the values stand behind the statements"
    for each in statements:
        assert SENT not in each.rpartition(": [")[0]
        assert "4711" not in each.rpartition(": [")[0]


async def test_the_same_statements_serve_all_viewers_of_a_level(filled: Forum, statements: list[str]) -> None:
    query = "{ threads { nodes { question { viewerVote } } } viewer { user { name } } }"
    one, other = await models.User.filter(level=filled.users[0].level).order_by("id").limit(2)
    sent = []
    for viewer in (one, other):
        statements.clear()
        await answer(Asked(query), viewer)
        sent.append([each.rpartition(": [")[0] for each in statements])
    assert sent[0] == sent[1]
    assert plan_of(query, viewer=one) is plan_of(query, viewer=other)


async def test_a_page_of_each_parent_reads_no_more_than_the_pages(filled: Forum, statements: list[str]) -> None:
    statements.clear()
    await answer(Asked("{ threads { nodes { answers(first: 2) { nodes { id } } } } }"), None)
    assert "LIMIT 2" in statements[-1]
    assert ("LATERAL" in statements[-1]) == (dialect() == "postgres")


async def test_a_statement_has_one_parameter_for_all_parents(filled: Forum) -> None:
    plan = plan_of("{ threads { nodes { tags { name } } } }")
    [_, step] = plan.steps
    assert isinstance(step, ReadRows)
    statement = step.statement(None, [1, 2, 3])
    assert [type(each) for each in statement.parameters] == [Slot]
    assert len(statement.values(None, [1, 2, 3], None)) == 1


async def test_many_parents_are_no_trouble(forum: str) -> None:
    large = await random_forum(1, size=8)
    ids = [global_id(each) for each in Random(1).sample(list(large.posts), 100)]
    answers = "answers { nodes { comments { nodes { id } } } }"
    query = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Post {{ thread {{ {answers} }} }} }} }}"
    with fallbacks() as reasons:
        assert b'"errors"' not in await answer(Asked(query, {"ids": ids}), None)
    assert not reasons
