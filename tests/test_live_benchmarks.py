"""The bench of live votes: it counts what servers send, and finds out a listener that ends wrong."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import POSTGRES
from rich.console import Console

from benchmarks import databases, report
from benchmarks.databases import Kind, scratch
from benchmarks.live import churn, turns
from benchmarks.live.figures import lines, percentile
from benchmarks.live.frames import CLOSE, PING, TEXT, Frames, frame
from benchmarks.live.servers import RAW, SERVERS
from benchmarks.load import WrongAnswer
from benchmarks.measure import Effort
from benchmarks.running import Run
from benchmarks.variants import HELLO, OURS, PLAIN, VARIANTS

PYTHON = [variant for variant in SERVERS if variant.name in (RAW, OURS, PLAIN)]


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The small forum of the live bench."""
    kind: Kind = "postgres" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite"
    monkeypatch.setattr(databases, "FOLDER", tmp_path / "bench")
    monkeypatch.setattr(databases, "PREFIX", f"plainspoken_test_{os.getpid()}_live_")
    server = os.environ["DATABASE_URL"] if kind == "postgres" else POSTGRES
    with scratch(kind, turns.SHAPE, server, keep=False, console=Console(quiet=True)) as made:
        yield made


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that measures next to nothing."""
    little = {"BURST": 20, "_WARM_VOTES": 3, "_WARM_LISTENERS": 2, "_SUSTAINED_SECONDS": 0.1, "_REST": 0.0}
    for name, value in little.items():
        monkeypatch.setattr(turns, name, value)
    monkeypatch.setattr(churn, "AT_ONCE", 10)
    monkeypatch.setattr(churn, "_REST", 0.0)
    return Run(Effort(rounds=1, seconds=0.01, server_core=max(os.sched_getaffinity(0))), Console(quiet=True))


@pytest.mark.parametrize("size", [0, 1, 125, 126, 300, 70_000])
def test_frames_are_the_same_wherever_the_network_cuts_them(size: int) -> None:
    sent = [(TEXT, b"a" * size), (PING, b"p"), (CLOSE, b"\x03\xe8why"), (TEXT, b"b" * size)]
    data = b"".join(frame(payload, opcode, masked=False) for opcode, payload in sent)
    for step in (1, 2, 3, 100, len(data)) if size < 1_000 else (1_000, len(data)):
        frames = Frames()
        found = [one for at in range(0, len(data), step) for one in frames.cut(data[at : at + step])]
        assert found == sent


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert [percentile(values, percent) for percent in (0, 50, 99, 100)] == [1, 50, 99, 100]
    assert percentile([7.0], 99) == 7


def test_a_listener_that_ends_with_another_state_is_found_out() -> None:
    post = {"id": "UG9zdDox", "score": 1, "upVotes": 2, "downVotes": 1, "version": 4, "viewerVote": "UP"}
    message = (
        b'{"payload":{"data":{"votesChanged":{"id":"UG9zdDox","score":%d,"upVotes":2,"downVotes":1,"version":4}}}}'
    )
    turns.check([message % 1, message % 1], post)
    with pytest.raises(WrongAnswer, match="a listener ended with"):
        turns.check([message % 1, message % 2], post)


def test_all_python_servers_tell_their_listeners_and_the_report_has_them(url: str, run: Run, tmp_path: Path) -> None:
    run.live += turns.measure(run, PYTHON, url, [12], changes=3)
    assert run.notes == []
    measured = lines(run.live)
    assert [(line.listeners, line.variant) for line in measured] == [(12, name) for name in (RAW, OURS, PLAIN)]
    for line in measured:
        assert len(line.changes) == 3
        assert 0 <= line.lag(50) <= line.whole(50) <= line.whole(99)
        assert line.rate > 0
    assert {line.burst.votes for line in measured if line.variant == OURS} == {20}
    text = report.write(run, turns.SHAPE, POSTGRES, tmp_path).read_text()
    assert "### 12 listeners" in text
    assert text.count(f"| **{OURS}** |") == 1
    assert "](live.svg)" in text
    assert (tmp_path / "live.svg").read_text().count("<circle") == 3


def test_a_server_without_sockets_is_left_out_and_told(url: str, run: Run) -> None:
    hello = [variant for variant in VARIANTS if variant.name == HELLO]
    assert turns.measure(run, hello, url, [3]) == []
    assert run.notes[0].startswith("hello world with 3 listeners is left out: a listener was not let in")


def test_connections_come_and_go(url: str, run: Run) -> None:
    [ours] = [variant for variant in PYTHON if variant.name == OURS]
    run.churn = churn.measure(run, ours, url, connections=100)
    assert run.churn is not None
    assert [amount for amount, _ in run.churn.steps] == [0, 20, 40, 60, 80, 100]
    assert all(memory > 0 for _, memory in run.churn.steps)
    assert "### Live churn" in report.tables(run)
