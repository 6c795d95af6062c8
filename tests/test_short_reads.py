"""Short reads are answered at once; long ones, and those that would wait, are left to somebody else."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.engines.short_reads import ShortReads

NUMBERS = (
    "WITH RECURSIVE number AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM number WHERE n < ?1) SELECT max(n) FROM number"
)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file with one table."""
    connection = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    connection.execute("CREATE TABLE leaf (id INTEGER PRIMARY KEY, text)")
    yield connection
    connection.close()


@pytest.fixture
def short_reads(file: sqlite3.Connection, tmp_path: Path) -> Iterator[ShortReads]:
    """The short reads of that file."""
    reads = ShortReads(str(tmp_path / "test.db"), {"busy_timeout": 10_000})
    yield reads
    reads.close()


def test_a_short_read_sees_what_was_committed_just_before(file: sqlite3.Connection, short_reads: ShortReads) -> None:
    for count in (1, 2):
        file.execute("INSERT INTO leaf (text) VALUES ('green')")
        assert [dict(row) for row in short_reads.read("SELECT count(*) AS n FROM leaf", ()) or ()] == [{"n": count}]


def test_a_read_that_was_long_twice_is_not_tried_again(short_reads: ShortReads) -> None:
    assert short_reads.read(NUMBERS, [5]) is not None
    assert short_reads.read(NUMBERS, [5_000_000]) is None
    assert short_reads.read(NUMBERS, [5]) is not None
    assert short_reads.read(NUMBERS, [5_000_000]) is None
    assert short_reads.read(NUMBERS, [5]) is None
    assert short_reads.read("SELECT 1", ()) is not None


def test_the_memory_of_long_reads_is_bounded(short_reads: ShortReads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.engines.short_reads.MEMORY", 2)
    monkeypatch.setattr("models.engines.short_reads.PATIENCE", 0)
    for number in range(3):
        assert short_reads.read(f"{NUMBERS} LIMIT {number + 1}", [50_000]) is None
    assert set(short_reads._long) == {f"{NUMBERS} LIMIT 3"}


def test_a_read_that_would_wait_for_a_lock_is_left(file: sqlite3.Connection, short_reads: ShortReads) -> None:
    file.execute("BEGIN EXCLUSIVE")
    assert short_reads.read("SELECT * FROM leaf", ()) is None
    file.execute("COMMIT")
    assert short_reads.read("SELECT * FROM leaf", ()) == []


def test_nothing_is_written_and_a_mistake_is_an_error(short_reads: ShortReads) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        short_reads.read("DELETE FROM leaf", ())
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        short_reads.read("SELECT * FROM branch", ())
