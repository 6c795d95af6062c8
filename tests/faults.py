"""What the tests of faults share: how big they are, what they measured, and a PostgreSQL that may be broken.

In the suite each is small. `make faults` runs them at the size that FAULTS=full asks for; it, and FAULTS=small, write
docs/faults.md.
"""

import os
import platform
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter

import pytest
from command_line import free_port
from storm import Forum, filled

from models import migrating
from models.database import connected

IS_FULL = os.environ.get("FAULTS") == "full"
IS_REPORTED = "FAULTS" in os.environ
REPORT = Path(__file__).parent.parent / "docs" / "faults.md"


def size(small: int, full: int) -> int:
    """How much of something: the one in the suite, the other for the report."""
    return full if IS_FULL else small


class Figures:
    """What was measured, in the order of the tests."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}

    def say(self, fault: str, *figures: str) -> None:
        """Note what became of a fault."""
        self._lines[fault] = list(figures)

    def report(self) -> str:
        """The report."""
        parts = ["# Faults", "", "Written by `make faults`: what was broken on purpose, and what became of it.", ""]
        parts += [f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} CPUs."]
        for fault, figures in self._lines.items():
            parts += ["", f"## {fault}", "", *(f"- {figure}" for figure in figures)]
        return "\n".join(parts) + "\n"


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began_at = perf_counter()

    @property
    def seconds(self) -> float:
        return perf_counter() - self._began_at


class BrokenPostgres:
    """A PostgreSQL of this test's own, to be stopped and started."""

    def __init__(self, folder: Path, programs: Path, user: str) -> None:
        self._folder, self._programs, self._user = folder, programs, user
        self.port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """Make its files."""
        self._run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync", "--pgdata", "data")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "--pgdata=data", "--log=log", "--wait", f"--options={options}", "start")

    def stop(self, mode: str) -> None:
        """Stop it: `fast` says goodbye to who is connected, `immediate` does not."""
        self._run("pg_ctl", "--pgdata=data", "--wait", "--mode", mode, "stop")

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(  # noqa: S603  as it stands
            [self._programs / program, *words],
            cwd=self._folder,
            user=self._user,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def broken_postgres(folder: Path) -> Iterator[BrokenPostgres]:
    """A PostgreSQL that runs as the user `postgres`, gone with the block. Skips where it cannot be made."""
    found = [shutil.which("initdb"), *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), reverse=True)]
    programs = [Path(each).parent for each in found if each]
    if not programs or os.geteuid() != 0:
        pytest.skip("PostgreSQL's initdb, and root, are needed to make a PostgreSQL that may be broken")
    try:
        owner = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("There is no user postgres to run PostgreSQL as")
    # Not among the test's own files: their folder is closed to other users.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    cluster = BrokenPostgres(folder, programs[0], owner.pw_name)
    cluster.make()
    cluster.start()
    try:
        yield cluster
    finally:
        with suppress(subprocess.CalledProcessError):  # where it is stopped
            cluster.stop("immediate")
        shutil.rmtree(folder)


async def migrated(url: str, users: int) -> Forum:
    """A migrated database with so many people who vote."""
    async with connected(url):
        await migrating.migrate(lambda name: None)
        return await filled(users)


def worst(seconds: Sequence[float]) -> str:
    """Half of them, and the longest, for a report."""
    ordered = sorted(seconds)
    return f"half within {ordered[len(ordered) // 2] * 1000:.0f} ms, the longest {ordered[-1] * 1000:.0f} ms"
