"""A full disk under SQLite: it is said clearly, what is there is read, nothing breaks, and with room it goes on."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from clients import Client
from command_line import qa, serving
from faults import Figures, size

from models import migrating
from models.database import connected, fetch

ROUNDS = size(1, 5)
FULL = "The disk of the database is full"
QUESTION = "Is there room for one question more here? "


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes."""
    if os.geteuid() != 0:
        pytest.skip("Only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk])  # noqa: S603, S607  as it stands
    if mounting.returncode:
        pytest.skip("A small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)  # noqa: S603, S607  as it stands


def fill(disk: Path) -> Path:
    """A file that takes all that is left on a disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                return filler


async def test_a_full_disk_is_told_and_gone_through(small_disk: Path, figures: Figures) -> None:
    url = f"sqlite://{small_disk / 'forum.db'}"
    async with connected(url):
        await migrating.migrate(lambda name: None)
    written: set[str] = set()
    refused = 0
    async with serving(url, PYTHONUNBUFFERED="1") as (process, http):
        ann = await Client(http).sign_up("ann")
        for turn in range(ROUNDS):
            filler = fill(small_disk)
            for number in range(50):  # what SQLite's log has room for is still written
                title = f"{QUESTION}{turn} {number}"
                given = {"title": title, "body": f"{turn}-{number} " + "Words that take their room. " * 500}
                answer = await http.post("/graphql", json=asking(given), headers=ann.headers)
                if answer.status_code == 200:
                    written.add(answer.json()["data"]["askQuestion"]["thread"]["title"])
                    continue
                [error] = answer.json()["errors"]
                assert (answer.status_code, error["extensions"]["code"]) == (503, "SERVICE_UNAVAILABLE"), answer.text
                assert error["message"].startswith(FULL)
                assert answer.headers["retry-after"] == "5"
                refused += 1
                if refused % 5 == 0:
                    break
            assert refused >= 5 * (turn + 1)
            assert (await ann.run("site_name"))["site"]["name"] == "Plainspoken"
            filler.unlink()
            answer = await http.post(
                "/graphql",
                json=asking({"title": f"{QUESTION}{turn} again", "body": f"And again, in turn {turn}."}),
                headers=ann.headers,
            )
            written.add(answer.json()["data"]["askQuestion"]["thread"]["title"])
        process.terminate()
        logged, errors = await process.communicate()
    assert b"Traceback" not in logged + errors, (logged + errors)[-5000:].decode()
    async with connected(url):
        assert await fetch("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        assert {row["title"] for row in await fetch("SELECT title FROM thread")} == written
    checked = await asyncio.to_thread(qa, url, "check")
    assert (checked.status, checked.errors) == (0, "")
    figures.say(
        "Disk full under SQLite",
        f"Filled {ROUNDS} times: {refused} questions were answered 503 and why, {len(written)} were written.",
        "All that were answered are there, no other is; SQLite's integrity check and `qa check` pass.",
        "The first question after room was made was written, by the same process.",
    )


def asking(given: dict[str, str]) -> dict[str, object]:
    """A request that asks a question."""
    query = """mutation ($input: AskQuestionInput!) {
      askQuestion(input: $input) { ... on AskQuestionPayload { thread { title } } ... on Error { message } }
    }"""
    return {"query": query, "variables": {"input": given}}
