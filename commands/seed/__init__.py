"""`qa seed`: a small believable forum, for trying things out."""

from typing import Annotated

import typer

import models
from commands.running import console, fail, with_database
from commands.seed.forum import DEMO_NAME, DEMO_PASSWORD, replay


@with_database
async def seed(
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Do nothing where the database holds a thread.")] = False,
) -> None:
    """Fill an empty database with a small forum on relationships and mental health.

    It is replayed through the server's own deeds, so that points and counts come out by themselves.
    """
    if await models.Thread.exists():
        if not if_empty:
            fail("The database is not empty: seeding would mix invented posts with real ones.")
    else:
        await replay(console)
    if await models.User.exists(name=DEMO_NAME):
        console.print(f"Sign in as    {DEMO_NAME}, with the password {DEMO_PASSWORD}", highlight=False)
