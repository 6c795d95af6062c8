"""The documents of the tests, of GraphiQL and of README are operations that the schema knows."""

import re
from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate

from schema import schema
from settings import ROOT

_SENT_BY_TESTS = sorted((Path(__file__).parent / "documents").glob("*.graphql"))
_SHOWN_BY_GRAPHIQL = sorted((ROOT / "static" / "graphiql-source" / "examples").glob("*.graphql"))
_SHOWN_BY_README = re.findall(r"^```graphql\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def served() -> GraphQLSchema:
    return build_schema(schema.as_str())


def named_as(file: Path) -> str:
    """The name of the operation in a file: `cast_vote.graphql` holds CastVote."""
    return "".join(word.capitalize() for word in file.stem.split("_"))


@pytest.mark.parametrize(
    "file", [*_SENT_BY_TESTS, *_SHOWN_BY_GRAPHIQL], ids=lambda file: f"{file.parent.name}/{file.stem}"
)
def test_a_document_is_valid(file: Path, served: GraphQLSchema) -> None:
    assert validate(served, parse(file.read_text(encoding="utf-8"))) == []


def test_there_are_documents_of_all_kinds() -> None:
    assert _SENT_BY_TESTS
    assert _SHOWN_BY_GRAPHIQL
    assert _SHOWN_BY_README


@pytest.mark.parametrize("file", _SENT_BY_TESTS, ids=lambda file: file.stem)
def test_a_document_of_the_tests_holds_one_operation_named_as_its_file(file: Path) -> None:
    definitions = parse(file.read_text(encoding="utf-8")).definitions
    operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
    assert [each.name.value for each in operations if each.name] == [named_as(file)]


def test_readmes_documents_are_valid(served: GraphQLSchema) -> None:
    assert [error for text in _SHOWN_BY_README for error in validate(served, parse(text))] == []
