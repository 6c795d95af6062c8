"""The pages of `docs/`, done as they say."""

import importlib
import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from both_ways import planner_off
from command_line import qa
from graphql import OperationType
from rich.console import Console
from starlette.requests import HTTPConnection

from commands.seed.forum import replay
from models.database import dialect
from planner import metrics
from planner.explain import explain
from schema import fields
from schema.context import Context
from settings import ROOT, Limits

_PAGE = (ROOT / "docs" / "planner.md").read_text(encoding="utf-8")
_PROTOCOL = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
_EXPLAINED = re.findall(r"^qa (explain .*?) +# ", _PAGE, flags=re.MULTILINE)


def block(language: str) -> str:
    """The one block of the page in that language."""
    [found] = re.findall(rf"^```{language}\n(.*?)^```", _PAGE, flags=re.DOTALL | re.MULTILINE)
    return str(found)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The example of the page, imported."""
    (tmp_path / "cards_of_the_page.py").write_text(block("python"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("cards_of_the_page")
    del sys.modules["cards_of_the_page"]


async def test_the_example_answers_what_stands_below_it_by_a_plan_and_without(forum: str, example: ModuleType) -> None:
    await replay(Console(quiet=True))

    async def answer() -> object:
        context = Context(HTTPConnection({"type": "http", "headers": []}))
        result = await example.schema.run(block("graphql"), None, None, context, (OperationType.QUERY,))
        assert result.errors is None
        return {"data": result.data}

    planned = metrics.counted("plan")
    assert await answer() == json.loads(block("json"))
    assert metrics.counted("plan") == planned + 1
    with planner_off():
        assert await answer() == json.loads(block("json"))


async def test_the_example_takes_the_statements_that_it_says(forum: str, example: ModuleType) -> None:
    [explanation] = explain(example.schema.documents, block("graphql"))
    [part] = explanation.parts
    assert "by four statements and one dataloader" in _PAGE
    lookup = "dataloader rank_by_points: once, for all author.points of step 1"
    assert [step.reads for step in part.steps].count(lookup) == 1
    assert len(part.steps) == 5
    assert part.statements == (4 if dialect() == "sqlite" else 1)


def test_every_word_beside_a_field_is_taught() -> None:
    words = {name for name, _ in inspect.getmembers(fields, inspect.isfunction) if _.__module__ == fields.__name__}
    taught = set(re.findall(r"`(\w+)`", _PAGE))
    assert {name for name in words if not name.startswith("_")} - taught == set()


def test_every_module_of_the_planner_stands_in_its_table() -> None:
    table = _PAGE[_PAGE.index("| module of `planner/`") :].partition("\n\n")[0]
    named = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    modules = {file.stem for file in (ROOT / "planner").glob("*.py")} - {"__init__"}
    assert modules - named == set()
    assert named - modules == set()


@pytest.mark.parametrize("path", re.findall(r"`((?:services|schema|models|tests|planner|docs)/[\w/]*\.?\w*)`", _PAGE))
def test_the_files_it_names_are_there(path: str) -> None:
    assert Path(ROOT, path).exists()


def test_its_commands_explain(forum_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert qa(forum_url, "seed", "--if-empty").status == 0
    assert len(_EXPLAINED) == 4
    for line in _EXPLAINED:
        words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", line)]
        told = qa(forum_url, *words)
        assert (told.status, told.errors) == (0, ""), told
        assert "64 of 64 fields run compiled." in told.output


def test_the_step_that_it_shows_is_one_of_the_question_page() -> None:
    [shown] = re.findall(r"^```\n( 3 .*?)```", _PAGE, flags=re.DOTALL | re.MULTILINE)
    told = qa("sqlite://nowhere.db", "explain", str(ROOT / "tests" / "documents" / "question_page.graphql"))
    assert " ".join(shown.split()) in told.output


@pytest.mark.parametrize("name", Limits.model_fields)
def test_every_limit_stands_in_the_table_of_the_protocol(name: str) -> None:
    field = Limits.model_fields[name]
    assert f"| `{name}` | {field.default:,} | {field.description} |\n" in _PROTOCOL
