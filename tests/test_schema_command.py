"""`qa schema`: the schema as text, and whether the text that is checked in is the one that is served."""

from pathlib import Path

import pytest
from command_line import Outcome, qa
from graphql import build_schema, print_schema

from commands import schema as command
from schema import schema


def test_the_schema_is_printed_as_it_is_served() -> None:
    printed = qa("", "schema")
    assert (printed.status, printed.errors) == (0, "")
    assert printed.output == " ".join(schema.as_str().split())
    assert "type Mutation {" in print_schema(build_schema(schema.as_str()))


def test_the_schema_that_is_checked_in_is_the_one_that_is_served() -> None:
    assert qa("", "schema", "--check") == Outcome(0, "", "")


def test_another_schema_is_told_and_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = tmp_path / "schema.graphql"
    snapshot.write_text("type Query {\n  nothing: Int\n}\n")
    monkeypatch.setattr(command, "SNAPSHOT", snapshot)
    refused = qa("", "schema", "--check")
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors.startswith("schema/schema.graphql is not what is served. Run: qa schema --write")
    assert qa("", "schema", "--write") == Outcome(0, "", "")
    assert qa("", "schema", "--check") == Outcome(0, "", "")
    assert snapshot.read_text() == schema.as_str() + "\n"
