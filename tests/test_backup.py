"""`qa backup`: a copy of one moment, made while others write, which is served as the original was."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from clients import Client
from command_line import Outcome, qa, serving
from crowd import asked_by, member

from models import backup
from models.backup import CannotBackUp, back_up
from models.database import connected, fetch


@pytest.fixture
def original(sqlite_template: str, tmp_path: Path) -> Path:
    """A migrated SQLite database."""
    return Path(shutil.copy(sqlite_template.removeprefix("sqlite://"), tmp_path / "test.db"))


def left(folder: Path, names: str) -> list[Path]:
    """What there is in a folder."""
    return list(folder.glob(names))


def damage(file: Path) -> None:
    """Write nonsense over a page of a database."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(file.read_bytes())
    content[8192:8292] = b"\xff" * 100
    file.write_bytes(content)


async def test_a_copy_that_is_made_while_others_write_is_of_one_moment(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "STEP", 5)
    copy = tmp_path / "copy.db"
    told: list[tuple[int, int]] = []
    async with connected(f"sqlite://{original}"):
        ann = await member("ann")
        await asked_by(ann, "Was this asked before the copy?")
        loop = asyncio.get_running_loop()

        def slowly(done: int, total: int) -> None:
            """While the copy waits, somebody asks a question."""
            told.append((done, total))
            if len(told) < 6:
                asking = asked_by(ann, f"Was this asked meanwhile, at {len(told)}?")
                asyncio.run_coroutine_threadsafe(asking, loop).result()

        assert await asyncio.to_thread(back_up, original, copy, slowly) == copy.stat().st_size
        assert len(await fetch("SELECT id FROM thread")) == 6
    assert told[-1][0] == told[-1][1] > 5
    async with connected(f"sqlite://{copy}"):
        assert [row["title"] for row in await fetch("SELECT title FROM thread")] == ["Was this asked before the copy?"]
    checked = await asyncio.to_thread(qa, f"sqlite://{copy}", "check")
    assert (checked.status, checked.errors) == (0, "")
    assert not left(tmp_path, "*.part")


async def test_a_copy_is_served_like_the_original(original: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    async with serving(f"sqlite://{original}") as (_, http):
        ann = await Client(http).sign_up("ann")
        asked = await ann.do("ask_question", title="Will this be there again?", body="After a restore, say.")
        made = await asyncio.to_thread(qa, f"sqlite://{original}", "backup", str(copy))
        assert (made.status, made.errors) == (0, "")
        assert made.output.endswith("bytes, and was checked.")
    async with serving(f"sqlite://{copy}") as (_, http):
        page = await Client(http, ann.token).run("question_page", number=asked["thread"]["number"])
        assert page["thread"]["title"] == "Will this be there again?"


async def test_what_is_there_is_not_written_over(original: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("something dear")
    refused = await asyncio.to_thread(qa, f"sqlite://{original}", "backup", str(tmp_path / "copy.db"))
    message = f"{tmp_path / 'copy.db'} is there already: it is not written over."
    assert refused == Outcome(1, "", message)
    assert (tmp_path / "copy.db").read_text() == "something dear"


def test_a_database_that_is_not_there_is_told(sqlite_url: str, tmp_path: Path) -> None:
    refused = qa(sqlite_url, "backup", str(tmp_path / "copy.db"))
    assert refused == Outcome(1, "", f"There is no database at {sqlite_url.removeprefix('sqlite://')}.")
    assert not left(tmp_path, "*")


async def test_a_folder_that_is_not_there_is_told(original: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotBackUp, match="cannot be written"):
        back_up(original, tmp_path / "nowhere" / "copy.db", lambda done, total: None)


async def test_a_damaged_database_gives_no_copy(original: Path, tmp_path: Path) -> None:
    damage(original)
    with pytest.raises(CannotBackUp):
        back_up(original, tmp_path / "copy.db", lambda done, total: None)
    assert not left(tmp_path, "copy*")


def test_postgres_has_its_own_way(tmp_path: Path) -> None:
    refused = qa("postgres://ann:secret@127.0.0.1:1/forum", "backup", str(tmp_path / "copy.dump"))
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors.startswith("PostgreSQL has its own way to do that: pg_dump --format=custom --file=")
