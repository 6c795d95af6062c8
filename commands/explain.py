"""`qa explain`: by which statements the server answers a document."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer
from rich.syntax import Syntax
from tortoise.context import TortoiseContext

import models
from commands.running import UNMIGRATED, console, fail, failures_told
from models import database
from models.migrating import pending
from planner import explain as planner
from planner import readable
from schema import schema
from schema.loaders import Loaders
from services import finding
from settings import settings


def explain(
    file: Annotated[
        typer.FileText, typer.Argument(encoding="utf-8", errors="replace", help="The document; - for standard input.")
    ],
    variables: Annotated[str, typer.Option(help='Variables as a JSON object: {"number": 1}.')] = "{}",
    operation: Annotated[str | None, typer.Option(help="The operation's name, where you want one of several.")] = None,
    viewer: Annotated[
        str | None, typer.Option("--as", metavar="USER", help="Who looks: a user's name; a visitor, if left out.")
    ] = None,
    run: Annotated[
        bool, typer.Option("--run", help="Run the query, and show how the database runs each statement (EXPLAIN).")
    ] = False,
    text: Annotated[bool, typer.Option("--text", help="Show the Python function that makes the answer, too.")] = False,
) -> None:
    """Show how the server answers a GraphQL document: the statements, and what has no plan and why.

    A query with a plan takes the statements that stand here, in this order, and one function. Of a mutation or a
    subscription, plans read the rows that it gives. What has no plan is executed field by field: its answer is the
    same, and takes longer. The database at DATABASE_URL is only opened for --as and --run.

    Example: qa explain tests/documents/question_page.graphql --variables '{"number": 1}'
    """
    with failures_told():
        asyncio.run(_explain(file.name, file.read(), operation, _object(variables), viewer, run, text))


async def _explain(
    file: str, document: str, operation: str | None, given: dict[str, Any], name: str | None, run: bool, text: bool
) -> None:
    async with _opened() if name or run else _named():
        viewer = None if name is None else await models.User.get_or_none(finding.user_named(name))
        if name is not None and viewer is None:
            fail(f"There is no user {name}.")
        try:
            found = planner.explain(schema.documents, document, operation, given, viewer)
        except planner.CannotExplain as wrong:
            fail("\n".join(_placed(file, error) for error in wrong.errors))
        if run and any(each.kind != "query" for each in found):
            fail("Only a query is run: to be explained, nothing is done.")
        who = "a visitor" if viewer is None else f"{viewer.name} ({viewer.level.name})"
        for explanation in found:
            _say(
                f"{explanation.kind} {explanation.name}".strip() + f", as {who} sees it, on {database.dialect()}",
                "bold",
            )
            _print(explanation, await _run(explanation) if run else {}, text)


@asynccontextmanager
async def _opened() -> AsyncIterator[None]:
    """The database, migrated."""
    async with database.connected(settings().database_url):
        if await pending():
            fail(UNMIGRATED)
        yield


@asynccontextmanager
async def _named() -> AsyncIterator[None]:
    """The models in the dialect of the database, which is neither opened nor made."""
    url = settings().database_url
    async with TortoiseContext() as context:
        try:
            await context.init(database.configuration(url))
        except ValueError as error:
            raise database.DatabaseUnavailable(database.explain(url, error)) from error
        yield


def _object(variables: str) -> dict[str, Any]:
    try:
        given = json.loads(variables)
    except ValueError as error:
        fail(f"--variables is not JSON: {error}.")
    if not isinstance(given, dict):
        fail('--variables must be a JSON object: {"number": 1}.')
    return given


def _placed(file: str, error: Any) -> str:
    """An error with the place in the file, where it has one."""
    place = "".join(f"{file}:{at.line}:{at.column}: " for at in (error.locations or ())[:1])
    return f"{place}{error.message}"


async def _run(explanation: planner.Explanation) -> dict[str, list[str]]:
    if explanation.parts[0].plan is None:
        return {}
    try:
        return await explanation.run(Loaders(explanation.viewer))
    except Exception as reason:  # whatever it is, graphql-core answers
        _say(f"The plan gave up, and graphql-core answers: {type(reason).__name__}: {reason}", "yellow")
        return {}


def _print(explanation: planner.Explanation, database_says: dict[str, list[str]], text: bool) -> None:
    made_up = ", ".join(f"${name} = {json.dumps(value)}" for name, value in explanation.made_up.items())
    if made_up:
        _say(f"Made up, since nobody said: {made_up}")
    rest = explanation.fields - explanation.compiled
    executed = f"; graphql-core executes {rest}" if rest else ""
    _say(f"{explanation.compiled} of {explanation.fields} fields run compiled{executed}.")
    if explanation.around:
        _say(f"{explanation.around}.", "yellow")
    elif explanation.kind == "mutation":
        _say("Compiled functions call the deed and show its payload; plans read the rows that it gives.")
    for part in explanation.parts:
        _print_part(explanation, part, database_says, text)
    _say()


def _print_part(
    explanation: planner.Explanation, part: planner.Part, database_says: dict[str, list[str]], text: bool
) -> None:
    if part.place:
        _say(f"\n{part.place}, as {' or '.join(part.types)}:", "bold")
    if part.plan is None:
        what = f"{part.place}, field by field" if part.place else "all of it, field by field"
        _say(f"Falls back: graphql-core answers {what}, since there is no plan: {part.reason}", "yellow")
        return
    for number, step in enumerate(part.steps, start=1):
        _say(f"\n{number:>2}  {step.reads}", "bold")
        for join in step.joins:
            _say(f"    with {join}")
        if step.sql:
            _code(readable.sql(step.sql, max(60, min(console.width, 120) - 8)), "sql", 8)
        for parameter in step.parameters:
            _say(f"        {parameter}", "cyan")
        for line in database_says.get(step.sql, ()):
            _say(f"        | {line}", "dim")
    if text:
        _say()
        _code(readable.python(part.plan.text), "python", 4)
        for name, meaning in planner.bound_names(part.plan).items():
            _say(f"    {name} = {meaning}", "dim")


def _say(line: str = "", style: str = "") -> None:
    console.print(line, style=style, soft_wrap=True, markup=False, highlight=False)


def _code(text: str, language: str, indent: int) -> None:
    shown = Syntax(text, language, theme="ansi_dark").highlight(text)
    shown.rstrip()
    for line in shown.split("\n"):
        console.print(" " * indent, end="")
        console.print(line, soft_wrap=True)
