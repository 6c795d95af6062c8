"""Documents that clients are known to send are planned at the start, and what has no plan is told."""

import asyncio
import json
from pathlib import Path

import pytest
from clients import Client, document
from command_line import QA, free_port, outcome, qa, started
from keeping import keeping

from planner import metrics
from planner.documents import Documents
from planner.tree import Tree
from planner.warming import documents_in, warm
from schema import schema
from settings import ROOT

_DOCUMENTS = ROOT / "tests" / "documents"


def test_documents_are_found_in_folders_and_named_as_files(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for name in ("b.graphql", "below/a.graphql", "notes.txt"):
        (tmp_path / name).write_text(f"# {name}")
    assert documents_in([tmp_path]) == {
        str(tmp_path / "b.graphql"): "# b.graphql",
        str(tmp_path / "below" / "a.graphql"): "# below/a.graphql",
    }
    assert list(documents_in([tmp_path / "notes.txt"])) == [str(tmp_path / "notes.txt")]


async def test_every_clients_document_has_its_plans(forum: str) -> None:
    assert warm(schema.documents, documents_in([_DOCUMENTS])) == []


async def test_what_has_no_plan_and_what_is_wrong_is_told(forum: str) -> None:
    notes = warm(
        Documents(schema),
        {
            "a": "query Types { __schema { queryType { name } } }",
            "b": "{ nothing }",
            "c": "{ site {",
            "d": 'query Fine { site { name } } query Fields { __type(name: "Post") { name } }',
        },
    )
    assert notes == [
        "a: query Types has no plan: __schema: introspection",
        "b: Cannot query field 'nothing' on type 'Query'.",
        "c: Syntax Error: Expected Name, found <EOF>.",
        "d: query Fields has no plan: __type: introspection",
    ]


async def test_the_first_request_finds_its_plan_ready(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await visitor.sign_up("ann")
    monkeypatch.setattr(schema, "documents", Documents(schema))
    assert warm(schema.documents, {"home": document("home")}) == []
    monkeypatch.setattr(Tree, "of_query", planned_anew)
    with keeping(monkeypatch):
        assert await is_answered_by_plan(visitor, "home")
    assert await is_answered_by_plan(ann, "home")
    assert not await is_answered_by_plan(ann, "categories")


async def is_answered_by_plan(client: Client, name: str) -> bool:
    before = metrics.counted("plan")
    await client.run(name)
    return metrics.counted("plan") > before


def planned_anew(tree: Tree) -> None:
    """For a tree that shall not grow."""
    raise RuntimeError("a plan was made anew")


async def test_a_server_plans_them_when_it_starts_and_tells_of_what_it_cannot(forum_url: str, tmp_path: Path) -> None:
    file = tmp_path / "types.graphql"
    file.write_text("{ __schema { queryType { name } } }")
    known = json.dumps([str(_DOCUMENTS), str(file)])
    command = (QA, "serve", "--port", str(free_port()))
    async with started(*command, DATABASE_URL=forum_url, DOCUMENTS=known) as process:
        assert process.stdout is not None
        first = await asyncio.wait_for(process.stdout.readline(), timeout=30)
        assert first.decode() == f"{file}: query has no plan: __schema: introspection\n"
        assert (await process.stdout.readline()).startswith(b"GraphiQL")
        process.terminate()
        assert (await outcome(process)).errors == ""


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ("nowhere", "DOCUMENTS cannot be read: it must be valid JSON."),
        ('["nowhere"]', "DOCUMENTS.0: Value error, nowhere is not there"),
    ],
)
def test_documents_that_are_not_there_are_told(
    forum_url: str, monkeypatch: pytest.MonkeyPatch, documents: str, message: str
) -> None:
    monkeypatch.setenv("DOCUMENTS", documents)
    refused = qa(forum_url, "serve")
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors.startswith(message)


def test_what_is_no_text_is_told(forum_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "picture.graphql").write_bytes(b"\x89PNG")
    monkeypatch.setenv("DOCUMENTS", json.dumps([str(tmp_path)]))
    refused = qa(forum_url, "serve")
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors.startswith("DOCUMENTS cannot be read: 'utf-8' codec")
