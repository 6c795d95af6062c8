"""The benchmarks compare like with like: their forum is a sound one, and what they compare answers the same."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import POSTGRES
from rich.console import Console

from benchmarks import databases, load, report, slow_disk, voting
from benchmarks.databases import Kind, scratch
from benchmarks.forum import Shape
from benchmarks.load import Request, WrongAnswer
from benchmarks.measure import Effort
from benchmarks.pages import growing, pages, request
from benchmarks.reading import read
from benchmarks.running import Run
from benchmarks.variants import BY_HAND, HELLO, OURS, PLAIN, VARIANTS, Variant
from models import database
from services import audit

SHAPE = Shape(users=100, threads=20, pages=((1, 1), (10, 2), (100, 1)))


@pytest.fixture(scope="module")
def kind() -> Kind:
    return "postgres" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite"


@pytest.fixture(scope="module")
def url(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A tiny forum of the benchmarks."""
    server = os.environ["DATABASE_URL"] if kind == "postgres" else POSTGRES
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(databases, "FOLDER", tmp_path_factory.mktemp("bench"))
        patch.setattr(databases, "PREFIX", f"plainspoken_test_{os.getpid()}_bench_")
        with scratch(kind, SHAPE, server, keep=False, console=Console(quiet=True)) as made:
            yield made


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that measures next to nothing, for two readers."""
    monkeypatch.setattr("benchmarks.measure.WARM_UP", 0.0)
    monkeypatch.setattr("benchmarks.pages.READERS", 2)
    return Run(Effort(rounds=1, seconds=0.01, server_core=max(os.sched_getaffinity(0))), Console(quiet=True))


def named(kind: Kind, *names: str) -> list[Variant]:
    return [variant for variant in VARIANTS if variant.name in names and kind in variant.databases]


async def offenders(url: str) -> list[audit.Finding]:
    """What `qa check` would tell."""
    async with database.connected(url):
        return [finding async for finding in audit.check() if finding.offenders]


def test_the_forum_that_is_measured_on_is_sound(url: str) -> None:
    assert asyncio.run(offenders(url)) == []


def test_all_python_servers_answer_the_same_and_are_measured(kind: Kind, url: str, run: Run) -> None:
    variants = named(kind, HELLO, BY_HAND, OURS, PLAIN)
    wanted = [*pages(SHAPE).values(), *growing(SHAPE)]
    lines = read(run, kind, wanted, variants, url, [2])
    assert {(line.page, line.variant) for line in lines} == {
        (page.name, variant.name) for page in wanted for variant in variants
    }
    assert all(line.figures.cpu >= 0 and line.figures.memory for line in lines)


def test_votes_by_hand_are_accounted_for_as_the_server_does(kind: Kind, url: str, run: Run) -> None:
    who = asyncio.run(voting.pairs(url, SHAPE, 200))
    lines = voting.vote(run, kind, named(kind, BY_HAND, OURS), url, who, [4])
    assert [line.variant for line in lines] == [BY_HAND, OURS]
    asyncio.run(voting.audit(url))
    assert asyncio.run(offenders(url)) == []


_SYNCS = """
import os, sys, time
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
began = time.perf_counter()
for _ in range(10):
    os.write(file, b"x")
    os.fdatasync(file)
print(time.perf_counter() - began)
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace slows the disk down")
def test_on_a_slower_disk_every_sync_takes_longer(tmp_path: Path) -> None:
    variant = slow_disk.slowed(Variant("syncs", lambda port: [sys.executable, "-c", _SYNCS, str(tmp_path / "file")]))
    took = subprocess.run(variant.command(0), capture_output=True, check=True, text=True).stdout  # noqa: S603
    assert float(took) >= 10 * slow_disk.DELAY / 1000


def test_a_server_that_answers_something_else_under_load_is_found_out(kind: Kind, url: str, run: Run) -> None:
    [asked, other, *_] = pages(SHAPE)["question page"].asked
    with run.servers(named(kind, BY_HAND), url) as [(_, served)]:
        [right] = load.bodies(served.port, [request(asked)])
        load.batch(served.port, [Request(request(asked), right)] * 3, 2)
        with pytest.raises(WrongAnswer, match="expected"):
            load.batch(served.port, [Request(request(other), right)], 1)


def test_what_does_not_start_is_left_out_and_told(kind: Kind, run: Run) -> None:
    with run.servers(named(kind, BY_HAND), "sqlite:///nowhere/at/all.db") as running:
        assert running == []
    assert run.notes[0].startswith("by hand is left out:")


def test_the_report_has_a_row_for_each_line_and_a_picture(kind: Kind, url: str, run: Run, tmp_path: Path) -> None:
    home = pages(SHAPE)["home"]
    run.add(report.READS, read(run, kind, [home], named(kind, BY_HAND, HELLO), url, [16]))
    text = report.write(run, SHAPE, POSTGRES, tmp_path).read_text()
    assert "| by hand | " in text
    assert "| hello world | " in text
    assert "](report.svg)" in text
    assert (tmp_path / "report.svg").read_text().count("<circle") == 2
