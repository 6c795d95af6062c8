"""Every command: it explains itself, and tells in a line what is wrong with the database."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from command_line import QA, Outcome, outcome, qa, started
from typer.core import TyperCommand, TyperGroup

from commands import app


def commands(group: TyperGroup, *above: str) -> Iterator[tuple[tuple[str, ...], TyperCommand | TyperGroup]]:
    """Every command below `group`, by the words that call it."""
    for name, command in group.commands.items():
        assert isinstance(command, TyperCommand | TyperGroup)
        yield (*above, name), command
        if isinstance(command, TyperGroup):
            yield from commands(command, *above, name)


def root() -> TyperGroup:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


COMMANDS = dict(commands(root()))


def test_help_lists_every_command() -> None:
    helped = qa("", "--help")
    assert (helped.status, helped.errors) == (0, "")
    assert "Plainspoken, a GraphQL Q&A server: serve it, fill it, check it." in helped.output
    for name, command in root().commands.items():
        assert f"│ {name} {command.get_short_help_str(200)}" in helped.output


def test_without_words_it_helps_too() -> None:
    assert "Usage: qa [OPTIONS] COMMAND [ARGS]..." in qa("").output


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    helped = qa("", *words, "--help")
    assert (helped.status, helped.errors) == (0, "")
    explanation = " ".join((COMMANDS[words].help or "").split())
    assert len(explanation.split()) > 5
    assert explanation[:60] in helped.output
    for parameter in COMMANDS[words].params:
        assert getattr(parameter, "help", None), f"{parameter.name} is not explained"


def test_a_command_that_is_not_there_is_told(sqlite_url: str) -> None:
    refused = qa(sqlite_url, "sevre")
    assert refused.status == 2
    assert "No such command 'sevre'" in refused.errors


#: Every command that opens the database, as somebody would call it.
OPENING = (
    ("migrate",),
    ("serve",),
    ("seed",),
    ("check",),
    ("recount",),
    ("user", "create", "ann", "--email", "ann@example.org", "--password", "a long password"),
    ("user", "level", "ann", "EXPERT"),
    ("user", "password", "ann", "--password", "a long password"),
)


@pytest.mark.parametrize("words", OPENING, ids=" ".join)
def test_a_postgres_that_does_not_answer_is_told_in_a_line(words: tuple[str, ...]) -> None:
    refused = qa("postgres://somebody:secret@127.0.0.1:1/forum", *words)
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors.startswith("The database postgres://127.0.0.1:1/forum cannot be opened: ")
    assert refused.errors.endswith(
        "Is the server running, and is DATABASE_URL right (postgres://USER:PASSWORD@HOST:PORT/DATABASE)?"
    )


@pytest.mark.parametrize("words", OPENING[1:], ids=" ".join)
def test_a_database_that_was_never_migrated_is_told_in_a_line(sqlite_url: str, words: tuple[str, ...]) -> None:
    refused = qa(sqlite_url, *words)
    message = "The database is not at this version's schema yet. Run: qa migrate"
    assert refused == Outcome(1, "", message)


def test_a_sqlite_file_that_cannot_be_written_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("This is no database, however often it is opened. " * 100)
    for file in (tmp_path, tmp_path / "text.db", Path("/proc/forum/forum.db"), Path("/dev/null/forum.db")):
        refused = qa(f"sqlite://{file}", "check")
        assert (refused.status, refused.output) == (1, "")
        assert refused.errors.startswith(f"The database sqlite://{file} cannot be opened: ")
        assert refused.errors.endswith(
            "The file and its folder must be writable, and DATABASE_URL says where they are."
        )


@pytest.mark.parametrize(
    "url", ["", "forum", "mysql://root@localhost/forum", "sqlite://", "postgres://u@h:port/forum", "postgres://"]
)
def test_an_address_that_is_none_is_told_in_a_line(url: str) -> None:
    refused = qa(url, "check")
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors.startswith(f"The database {url.replace('u@', '').replace('root@', '')} ".replace("  ", " "))


def test_a_parameter_that_is_none_is_told_in_a_line() -> None:
    refused = qa("postgres://postgres@127.0.0.1:1/forum?colour=red", "check")
    assert (refused.status, refused.output) == (1, "")
    assert "colour" in refused.errors


async def test_an_interrupted_command_ends_without_a_traceback(forum_url: str) -> None:
    async with started(QA, "seed", DATABASE_URL=forum_url, PYTHONUNBUFFERED="1", FORCE_COLOR="1") as process:
        assert process.stdout is not None
        await process.stdout.read(1)  # the bar of the progress
        process.send_signal(signal.SIGINT)
        interrupted = await outcome(process)
    assert (interrupted.status, interrupted.errors) == (130, "")
