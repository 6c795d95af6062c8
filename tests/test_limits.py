"""The limits of documents: each is told by its name with its remedy, and whatever clients really send keeps to them."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from clients import Client, document
from graphql import GraphQLSyntaxError, get_introspection_query, parse

from planner.documents import Documents
from planner.measures import counted, measured
from schema import schema
from settings import Limits

Setting = Callable[..., None]
NAMES = sorted(file.stem for file in (Path(__file__).parent / "documents").glob("*.graphql"))

BEYOND = [
    ("operations", 2, "query A { site { name } } query B { site { name } } query C { site { name } }", 3),
    ("fragments", 1, "{ site { ...A } } fragment A on Site { ...B } fragment B on Site { name }", 2),
    ("selections", 4, "{ site { name welcome } pointsRules { version } }", 5),
    ("selections", 6, "{ site { ...A ...A } } fragment A on Site { ...B ...B } fragment B on Site { name }", 10),
    ("depth", 2, "{ tags { nodes { ...A } } } fragment A on Tag { name }", 3),
    ("root_fields", 1, "{ site { name } ...A } fragment A on Query { policy { mostInBatch } }", 2),
    ("aliases", 1, "{ site { a: name ...A } } fragment A on Site { b: name }", 2),
    ("directives", 1, "query A($on: Boolean!) @skip(if: true) { site { name @include(if: $on) } }", 2),
    ("overlaps", 2, "{ site { name name name } }", None),
    ("overlaps", 1, "{ site { name } ...A } fragment A on Query { site { name } }", None),
    ("introspection_depth", 0, '{ __type(name: "Site") { fields { name } } }', 1),
    ("values", 2, '{ nodes(ids: ["a", "b", "c"]) { id } }', 3),
    ("cost", 100, "{ threads(first: 99) { nodes { category { name } } } }", 199),
]


@pytest.mark.parametrize(("limit", "most", "query", "asked"), BEYOND)
async def test_what_goes_beyond_a_limit_is_told_which_one(
    visitor: Client, setting: Setting, limit: str, most: int, query: str, asked: int | None
) -> None:
    setting(limits={limit: most})
    response = await visitor.http.post(
        "/graphql", json={"query": query, "operationName": "A" if "query A" in query else ""}
    )
    answer = response.json()
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": limit, "most": most} | (
        {"asked": asked} if asked else {}
    )
    told = f"The limit of {limit.replace('_', ' ')} is {most}, and here are {asked or 'more'}. "
    assert error["message"].startswith(told)
    assert len(error["message"]) > len(told)
    assert "data" not in answer


@pytest.mark.parametrize(
    "query", ["{ tags(%s) { totalCount } }", "{ threads(filter: {%s}) { totalCount } }"], ids=["field", "input object"]
)
async def test_more_arguments_than_anything_takes_are_counted_and_not_read(visitor: Client, query: str) -> None:
    async def errors(amount: int) -> list[dict[str, Any]]:
        words = " ".join(f"a{number}: 1" for number in range(amount))
        answer = (await visitor.http.post("/graphql", json={"query": query % words})).json()
        told: list[dict[str, Any]] = answer["errors"]
        return told

    assert all("extensions" not in each for each in await errors(100))
    [error] = await errors(101)
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "arguments", "most": 100, "asked": 101}
    assert error["message"] == "The limit of arguments is 100, and here are 101. Give each once."


async def test_what_keeps_to_the_limits_is_answered(visitor: Client, setting: Setting) -> None:
    query = "{ site { a: name ...A } ...B } fragment A on Site { welcome } fragment B on Query { site { b: name } }"
    exactly = {
        "operations": 1,
        "fragments": 2,
        "selections": 7,
        "depth": 2,
        "root_fields": 2,
        "aliases": 2,
        "overlaps": 1,
    }
    setting(limits=exactly)
    assert "errors" not in await visitor.post(query)
    for limit in exactly:
        setting(limits=exactly | {limit: exactly[limit] - 1} if exactly[limit] > 1 else exactly | {"cost": 1})
        assert "errors" in await visitor.post(query)


@pytest.mark.parametrize(("limit", "message"), [("tokens", "5 tokens"), ("size", "5 code points")])
async def test_a_document_too_long_is_not_parsed(visitor: Client, setting: Setting, limit: str, message: str) -> None:
    setting(limits={limit: 5})
    [error] = (await visitor.post("{ site { name } }"))["errors"]
    assert error["message"].startswith("Syntax Error: ")
    assert f"contains more than {message}" in error["message"]


async def test_the_sizes_of_pages_count_as_the_variables_say(visitor: Client, setting: Setting) -> None:
    query = "query ($n: Int = 3) { threads(first: $n) { nodes { id } } }"
    setting(limits={"cost": 50})
    for variables in ({}, {"n": 49}, {"n": 0}):
        assert "errors" not in await visitor.post(query, variables)
    [error] = (await visitor.post(query, {"n": 50}))["errors"]
    assert (error["extensions"]["limit"], error["extensions"]["asked"]) == ("cost", 51)
    [error] = (await visitor.post(query, {"n": -1}))["errors"]
    assert error["message"] == "first must lie between 0 and 100; it is -1."


def test_the_documents_of_our_clients_keep_far_from_the_limits() -> None:
    half = Limits(**{name: (most + 1) // 2 for name, most in Limits().model_dump().items()})
    documents = Documents(schema)
    for name in NAMES:
        read = documents.read(document(name))
        assert not read.errors
        measured(schema._schema, read.node, half)
        for definition in read.operations:
            assert read.cost(definition, {}) < half.cost / 5


def test_the_introspection_of_tools_keeps_to_the_limits() -> None:
    query = get_introspection_query(True, True, True, True, True)
    read = Documents(schema).read(query)
    assert not read.errors
    assert 0 < read.cost(read.operations[0], {}) <= Limits().cost
    half = Limits(**{name: (most + 1) // 2 for name, most in Limits().model_dump().items()})
    measured(schema._schema, parse(query), half)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ ...A } fragment A on Query { ...A }", "Cannot spread fragment 'A' within itself."),
        (
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            "Cannot spread fragment 'A' within itself via 'B'.",
        ),
        ("{ site { ...A } }", "Unknown fragment 'A'."),
    ],
)
def test_circles_are_told_in_the_words_of_validation(query: str, message: str) -> None:
    [error] = Documents(schema).read(query).errors
    assert error.message == message
    core = Documents(schema)
    assert core.read(query).errors[0].locations


def test_values_are_counted_until_they_are_too_many() -> None:
    variables: dict[str, Any] = {"a": 1, "b": [1, {"c": [2, 3]}], "d": {"e": {}}}
    assert counted(variables, 100) == 2 + 1 + 2 + 1
    assert counted({"a": [[1] * 50] * 50}, 100) > 100


def test_what_the_parser_lets_through_is_measured() -> None:
    documents = Documents(schema)
    deepest = 0
    for depth in range(20, 400, 10):
        query = "{ tags(query: " + "[" * depth + "]" * depth + ") { totalCount } }"
        nested = "{ " + "... on Query { " * depth + "site { name }" + " }" * depth + " }"
        for text in (query, nested):
            with suppress(GraphQLSyntaxError):  # which is what the parser says of documents nested too deeply
                assert documents.read(text).errors or depth <= 100
                deepest = depth
    assert deepest > 100
