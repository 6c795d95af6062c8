"""An import that is killed, however often and wherever, and run again gives what one that was left alone gives."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from command_line import QA, copied, outcome, qa, started
from dumps.contents import essence, everything
from dumps.writing import answer, comment, event, question, user, written

from models import database

KILLS = 4


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dump of several transactions in each step: 2,500 people, 600 questions, 1,200 answers, 2,400 comments."""
    return large_dump(tmp_path_factory.mktemp("large") / "dump")


def large_dump(folder: Path) -> Path:
    questions = range(1, 601)
    answers = range(601, 1801)
    posts = [question(each, AcceptedAnswerId=600 + each, Tags=f"|tag{each % 7}|") for each in questions]
    posts += [answer(each, to=(each - 601) % 600 + 1) for each in answers]
    # A quarter of the names are somebody else's too.
    users = [user(each, DisplayName=f"name {each % 2000}", Reputation=each) for each in range(1, 2501)]
    comments = [comment(each, on=each * 7 % 1800 + 1) for each in range(1, 2401)]
    edits = [
        event(2 * post + kind, post, 2 + 3 * kind, f"{post} {kind}", Text=f"text {kind}")
        for post in range(1, 1801)
        for kind in (0, 1)
    ]
    links = [{"Id": each, "PostId": each, "RelatedPostId": each + 1, "LinkTypeId": 3} for each in range(1, 600, 9)]
    for link in links:
        posts[link["PostId"] - 1]["ClosedDate"] = "2012-02-02T00:00:00.000"
    tables: dict[str, list[dict[str, Any]]] = {
        "Users": users,
        "Posts": posts,
        "Comments": comments,
        "PostHistory": edits,
        "PostLinks": links,
    }
    return written(folder, **tables)


@asynccontextmanager
async def importing(url: str, dump: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    async with started(QA, "import", "stackexchange", str(dump), DATABASE_URL=url) as process:
        yield process


async def remembered(url: str) -> int:
    """How many rows are imported so far."""
    async with database.connected(url):
        [row] = await database.fetch("SELECT COUNT(*) AS amount FROM imported_row")
        return int(row["amount"])


async def interrupted(url: str, dump: Path, after: int, by: signal.Signals) -> tuple[int, str]:
    """Start an import, and end it when so many rows are imported; how it ended, and what it said."""
    async with importing(url, dump) as process:
        while process.returncode is None and await remembered(url) < after:
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 0.01)
        if process.returncode is None:
            process.send_signal(by)
        ended = await outcome(process)
        return ended.status, ended.output


async def finished(url: str, dump: Path) -> None:
    async with importing(url, dump) as process:
        ended = await outcome(process)
        assert (ended.status, ended.errors) == (0, "")


def test_killed_anywhere_it_goes_on_where_it_was(forum_url: str, tmp_path: Path, dump: Path) -> None:
    with copied(forum_url, "undisturbed", tmp_path) as undisturbed:
        asyncio.run(finished(undisturbed, dump))
        expected = essence(everything(undisturbed))
    chance = random.Random(4)
    done = killed = 0
    for _ in range(KILLS):
        status, _ = asyncio.run(interrupted(forum_url, dump, done + chance.randint(1, 2000), signal.SIGKILL))
        killed += status == -signal.SIGKILL
        done = asyncio.run(remembered(forum_url))
        assert "BROKEN" not in qa(forum_url, "check").output
    assert killed > 1
    asyncio.run(finished(forum_url, dump))
    assert "BROKEN" not in qa(forum_url, "check").output
    assert essence(everything(forum_url)) == expected


def test_stopped_by_hand_it_says_how_to_go_on(forum_url: str, dump: Path) -> None:
    status, output = asyncio.run(interrupted(forum_url, dump, 10, signal.SIGINT))
    assert status == 130
    assert output.endswith("Stopped. What is imported stays; run the same command again to go on.")
