"""Plans answer as graphql-core's executor does, byte for byte: the clients' documents, and documents made by chance.

RANDOM_DOCUMENTS says how many of the latter, and RANDOM_SEED where they begin: a hunt takes more than a test.
"""

import os
from pathlib import Path
from random import Random

import pytest
from both_ways import both, planner_off
from clients import Client, document
from graphql import OperationType
from random_documents import Asked, random_document
from random_forum import Forum, random_forum
from random_values import random_variables
from shrinking import shrunk

import models
from schema import schema

SEED = int(os.environ.get("RANDOM_SEED", "0"))
DOCUMENTS = int(os.environ.get("RANDOM_DOCUMENTS", "1000"))
#: Forums that they are asked of.
FORUMS = 4
#: Documents that are asked of a forum in which things are missing.
TORN = 200
#: With how many sets of variables a client's document is asked by each viewer.
TIMES = 4

NAMES = sorted(file.stem for file in (Path(__file__).parent / "documents").glob("*.graphql"))
KINDS = {name: schema.documents.read(document(name)).operations[0].operation for name in NAMES}
QUERIES = [name for name in NAMES if KINDS[name] is OperationType.QUERY]
#: The clients' documents that plans leave to graphql-core, and why.
FALLBACKS: dict[str, str] = {}

# graphql-core leaves the siblings of a failed field where they are, some of them before they were first awaited.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
async def filled(forum: str) -> Forum:
    """A forum full of everything."""
    return await random_forum(SEED)


@pytest.mark.parametrize("part", range(FORUMS))
async def test_plans_answer_documents_made_by_chance_as_the_executor_does(part: int, forum: str) -> None:
    filled = await random_forum(SEED + part)
    for seed in range(SEED + part, SEED + DOCUMENTS, FORUMS):
        chance = Random(seed)
        for made in random_document(chance, filled)[: 1 + seed // FORUMS % 2]:
            viewer = chance.choice(filled.viewers)
            if not (await both(made, viewer)).is_right:
                await tell(made, viewer, f"document {seed} of forum {SEED + part}")


async def tell(made: Asked, viewer: models.User | None, which: str) -> None:
    """Fail with the smallest document that shows what is wrong."""

    async def is_wrong(smaller: Asked) -> bool:
        return not (await both(smaller, viewer)).is_right

    smallest = await shrunk(made, is_wrong)
    answers = await both(smallest, viewer)
    pytest.fail(
        f"{which}, viewer {viewer and viewer.id}:\n{smallest.query}\n{smallest.variables}\n{answers}", pytrace=False
    )


async def test_plans_tell_what_is_torn_as_the_executor_does(forum: str) -> None:
    torn = await random_forum(SEED, torn=0.3)
    errors = 0
    for seed in range(SEED, SEED + TORN):
        chance = Random(seed)
        [made, _], viewer = random_document(chance, torn), chance.choice(torn.viewers)
        answers = await both(made, viewer)
        errors += b'"errors"' in answers.executed
        assert answers.agree, f"document {seed}: {made}\n{answers}"
        assert answers.is_due, f"document {seed}: {made}\n{answers}"
    assert errors


async def test_the_clients_documents_are_answered_alike_both_ways(filled: Forum) -> None:
    chance = Random(SEED)
    left = set()
    for name in QUERIES * TIMES:
        for viewer in filled.viewers:
            variables = random_variables(chance, filled, document(name))
            answers = await both(Asked(document(name), variables), viewer)
            assert answers.is_right, f"{name} {variables}\n{answers}"
            left |= {name} if answers.fallback else set()
    assert left == FALLBACKS.keys()


async def test_wrong_variables_are_told_alike_both_ways(filled: Forum) -> None:
    chance = Random(SEED)
    for name in QUERIES:
        for _ in range(TIMES):
            variables = random_variables(chance, filled, document(name), wrong=0.3)
            assert (answers := await both(Asked(document(name), variables), None)).is_right, (
                f"{name} {variables}\n{answers}"
            )


async def test_http_answers_a_clients_document_alike_both_ways(filled: Forum, visitor: Client) -> None:
    chance = Random(SEED)
    signed_in = await visitor.sign_up("ann")
    for name in QUERIES:
        body = {"query": document(name), "variables": random_variables(chance, filled, document(name))}
        for client in (visitor, signed_in):
            planned = await client.http.post("/graphql", json=body, headers=client.headers)
            with planner_off():
                executed = await client.http.post("/graphql", json=body, headers=client.headers)
            assert (planned.status_code, planned.content) == (executed.status_code, executed.content)
