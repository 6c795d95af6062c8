"""`qa schema`: the schema as text."""

from typing import Annotated

import typer

from commands.running import fail
from schema import schema as served
from settings import ROOT

SNAPSHOT = ROOT / "schema" / "schema.graphql"


def schema(
    write: Annotated[bool, typer.Option("--write", help="Renew schema/schema.graphql.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Fail where schema/schema.graphql differs.")] = False,
) -> None:
    """Print the schema in the schema definition language."""
    text = served.as_str() + "\n"
    if write:
        SNAPSHOT.write_text(text)
    elif check:
        if SNAPSHOT.read_text() != text:
            fail("schema/schema.graphql is not what is served. Run: qa schema --write, and look at the difference")
    else:
        typer.echo(text, nl=False)
