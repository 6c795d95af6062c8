"""Running a command: the database open around it, and what may go wrong told in a line."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import NoReturn, ParamSpec

import typer
from rich.console import Console

from models import database
from models.migrating import pending
from services.errors import Refusal
from settings import settings

Given = ParamSpec("Given")

#: Where commands write; width and colours suit what stands there, be it a terminal or a file.
console = Console()


def fail(message: str) -> NoReturn:
    """End the command with exit status 1 and a message on standard error."""
    Console(stderr=True).print(message, style="red", markup=False, highlight=False)
    raise typer.Exit(1)


def with_database(command: Callable[Given, Coroutine[object, object, None]]) -> Callable[Given, None]:
    """Make an async function a command that runs with the database open and migrated."""

    @wraps(command)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> None:
        async def opened() -> None:
            await database.connect(settings().database_url)
            try:
                if await pending():
                    fail("The database is not at this version's schema yet. Run: qa migrate")
                await command(*args, **kwargs)
            finally:
                await database.disconnect()

        try:
            asyncio.run(opened())
        except (Refusal, database.DatabaseUnavailable) as error:
            fail(str(error))
        except KeyboardInterrupt:
            sys.exit(130)

    return run
