"""Running a command: the database open around it, and what may go wrong told in a line."""

import asyncio
import re
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import NoReturn, ParamSpec

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console

from models import database
from models.migrating import CannotMigrate, pending
from services.errors import Refusal
from services.policy import UnknownPrivilege
from settings import settings

Given = ParamSpec("Given")

UNMIGRATED = "The database is not at this version's schema yet. Run: qa migrate"

#: Where commands write; width and colours suit what stands there, be it a terminal or a file.
console = Console()


def fail(message: str) -> NoReturn:
    """End the command with exit status 1 and a message on standard error."""
    Console(stderr=True).print(message, style="red", markup=False, highlight=False)
    raise typer.Exit(1)


@contextmanager
def failures_told() -> Iterator[None]:
    """Tell what a user can do something about in a line, and end; a traceback is left for bugs."""
    try:
        yield
    except (Refusal, database.DatabaseUnavailable, CannotMigrate, UnknownPrivilege) as error:
        fail(str(error))
    except ValidationError as error:
        fail("\n".join(f"{'.'.join(map(str, wrong['loc'])).upper()}: {wrong['msg']}" for wrong in error.errors()))
    except SettingsError as error:
        field = re.search(r'field "(\w+)"', str(error))
        fail(f"{field[1].upper() if field else 'A setting'} cannot be read: it must be valid JSON.")
    except KeyboardInterrupt:
        sys.exit(130)


def with_database(command: Callable[Given, Coroutine[object, object, None]]) -> Callable[Given, None]:
    """Make an async function a command that runs with the database open and migrated."""

    @wraps(command)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> None:
        async def opened() -> None:
            async with database.connected(settings().database_url):
                if await pending():
                    fail(UNMIGRATED)
                await command(*args, **kwargs)

        with failures_told():
            asyncio.run(opened())

    return run
