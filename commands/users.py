"""`qa user`: accounts, from the command line."""

from typing import Annotated

import typer

import models
from commands.running import console, fail, with_database
from models import UserLevel
from services import accounts, finding

app = typer.Typer(help="Make accounts, and change their levels and passwords.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The user's name.")]
Password = Annotated[
    str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for where it is not given.")
]


@app.command()
@with_database
async def create(
    name: Name,
    email: Annotated[str, typer.Option(prompt=True, help="The user's e-mail address.")],
    password: Password,
    level: Annotated[
        str, typer.Option(help="REGISTERED, APPROVED, EXPERT, EDITOR, MODERATOR, ADMIN or OWNER.")
    ] = "REGISTERED",
) -> None:
    """Make an account. Example: qa user create ann --email ann@example.org --level ADMIN"""
    wanted = _level(level)
    user, token = await accounts.sign_up(name, email, password)
    await accounts.sign_out(token)
    await accounts.set_level(user, wanted)
    console.print(f"{user.name} is {wanted.name}.", highlight=False)


@app.command()
@with_database
async def level(name: Name, to: Annotated[str, typer.Argument(help="The new level, for example EXPERT.")]) -> None:
    """Change a user's level. Example: qa user level ann EXPERT"""
    user = await _found(name)
    await accounts.set_level(user, _level(to))
    console.print(f"{user.name} is {to.upper()}.", highlight=False)


@app.command()
@with_database
async def password(name: Name, password: Password) -> None:
    """Give a user a new password, and end all of their sessions. Example: qa user password ann"""
    user = await _found(name)
    await accounts.set_password(user, password)
    console.print(f"{user.name} has a new password, and is signed out everywhere.", highlight=False)


def _level(name: str) -> UserLevel:
    try:
        return UserLevel[name.upper()]
    except KeyError:
        fail(f"There is no level {name}. Choose one of {', '.join(UserLevel.__members__)}.")


async def _found(name: str) -> models.User:
    user = await models.User.get_or_none(finding.user_named(name))
    if user is None:
        fail(f"There is no user {name}.")
    return user
