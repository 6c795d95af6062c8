"""`qa user`: accounts, from the command line."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from command_line import Outcome, qa

import models
from models import UserLevel, database
from services import accounts
from services.errors import NotPermitted

Found = TypeVar("Found")
ANN = ("user", "create", "ann", "--email", "ann@example.org", "--password", "a long password")


def told(url: str, ask: Callable[[], Awaitable[Found]]) -> Found:
    """What the database at `url` answers."""

    async def asked() -> Found:
        await database.connect(url)
        try:
            return await ask()
        finally:
            await database.disconnect()

    return asyncio.run(asked())


def level_of(url: str, name: str) -> UserLevel:
    async def ask() -> UserLevel:
        return (await models.User.get(name=name)).level

    return told(url, ask)


def sessions(url: str) -> int:
    async def ask() -> int:
        return await models.Session.all().count()

    return told(url, ask)


def can_sign_in(url: str, password: str) -> bool:
    async def ask() -> bool:
        try:
            await accounts.sign_in("ann", password)
        except NotPermitted:
            return False
        return True

    return told(url, ask)


def test_an_account_is_made_and_nobody_is_signed_in(forum_url: str) -> None:
    assert qa(forum_url, *ANN) == Outcome(0, "ann is REGISTERED.", "")
    assert sessions(forum_url) == 0
    assert can_sign_in(forum_url, "a long password")
    assert qa(forum_url, "check").status == 0


def test_an_account_has_the_level_that_it_is_given(forum_url: str) -> None:
    assert qa(forum_url, *ANN, "--level", "admin") == Outcome(0, "ann is ADMIN.", "")
    assert level_of(forum_url, "ann") is UserLevel.ADMIN


def test_what_is_not_given_is_asked_for_and_a_password_is_not_shown(forum_url: str) -> None:
    typed = "ann@example.org\na long password\na long password\n"
    made = qa(forum_url, "user", "create", "ann", typed=typed)
    assert (made.status, made.errors) == (0, "")
    assert made.output == "Email: ann@example.org Password: Repeat for confirmation: ann is REGISTERED."
    assert can_sign_in(forum_url, "a long password")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("ann@home", "--email", "a@example.org", "--password", "a long password"), "name: Leave out @: names cannot"),
        (("bob", "--email", "nowhere", "--password", "a long password"), "email: "),
        (
            ("bob", "--email", "b@example.org", "--password", "short"),
            "password: Write at least 8 characters; these are 5.",
        ),
        (
            ("ANN", "--email", "a@example.org", "--password", "a long password"),
            "The name ANN is taken, or looks like one",
        ),
        (
            ("bob", "--email", "ANN@example.org", "--password", "a long password"),
            "There is an account with this e-mail",
        ),
        (
            ("bob", "--email", "b@example.org", "--password", "a long password", "--level", "KING"),
            "There is no level KING. Choose one of REGISTERED, APPROVED, EXPERT, EDITOR, MODERATOR, ADMIN, OWNER.",
        ),
    ],
)
def test_an_account_that_cannot_be_is_refused_in_a_line(forum_url: str, words: tuple[str, ...], message: str) -> None:
    qa(forum_url, *ANN)
    refused = qa(forum_url, "user", "create", *words)
    assert (refused.status, refused.output, refused.errors[: len(message)]) == (1, "", message)
    assert told(forum_url, lambda: models.User.all().count()) == 1


def test_a_level_is_changed(forum_url: str) -> None:
    qa(forum_url, *ANN)
    assert qa(forum_url, "user", "level", "Ann", "expert") == Outcome(0, "ann is EXPERT.", "")
    assert level_of(forum_url, "ann") is UserLevel.EXPERT
    assert qa(forum_url, "user", "level", "nobody", "expert") == Outcome(1, "", "There is no user nobody.")
    assert qa(forum_url, "user", "level", "ann", "king").status == 1
    assert level_of(forum_url, "ann") is UserLevel.EXPERT


def test_a_new_password_ends_all_sessions(forum_url: str) -> None:
    qa(forum_url, *ANN)
    assert can_sign_in(forum_url, "a long password")
    assert sessions(forum_url) == 1
    changed = qa(forum_url, "user", "password", "ann", typed="another password\nanother password\n")
    assert (changed.status, changed.output.endswith("ann has a new password, and is signed out everywhere.")) == (
        0,
        True,
    )
    assert sessions(forum_url) == 0
    assert not can_sign_in(forum_url, "a long password")
    assert can_sign_in(forum_url, "another password")


def test_a_password_that_is_too_short_changes_nothing(forum_url: str) -> None:
    qa(forum_url, *ANN)
    refused = qa(forum_url, "user", "password", "ann", "--password", "short")
    assert refused == Outcome(1, "", "password: Write at least 8 characters; these are 5.")
    assert can_sign_in(forum_url, "a long password")
