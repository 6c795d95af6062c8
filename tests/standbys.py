"""A standby of a PostgreSQL of the tests' own, which streams its log, and forums that both have."""

import asyncio
import os
import pwd
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from subprocess import CalledProcessError

import asyncpg  # type: ignore[import-untyped]
import psutil  # type: ignore[import-untyped]
import pytest
from command_line import tell
from faults import BrokenPostgres, broken_postgres

from models import migrating
from models.database import connected


class Standby(BrokenPostgres):
    """A standby that reads what it is sent, and may be told to keep it to itself for a while."""

    def __init__(self, folder: Path, programs: Path, user: str) -> None:
        super().__init__(folder, programs, user)
        # Where some programs are linked to, this one may be missing.
        places = (programs, (programs / "initdb").resolve().parent, *Path("/usr/lib/postgresql").glob("*/bin"))
        found = [each / "pg_basebackup" for each in places if (each / "pg_basebackup").exists()]
        if not found:
            pytest.skip("PostgreSQL's pg_basebackup is needed to make a standby")
        self._basebackup = str(found[0])

    def copy(self, primary: BrokenPostgres) -> None:
        """Make its files: a copy of the primary's, and where the rest comes from."""
        source = ("-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres")
        self._run(self._basebackup, *source, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-D", "data")

    async def pause(self) -> None:
        """Replay nothing until `resume`."""
        await tell(self.url, "SELECT pg_wal_replay_pause()")
        while await asked(self.url, "SELECT pg_get_wal_replay_pause_state()") != "paused":  # noqa: ASYNC110  it is PostgreSQL's to know
            await asyncio.sleep(0.01)

    async def resume(self) -> None:
        """Replay all that came, and what comes."""
        await tell(self.url, "SELECT pg_wal_replay_resume()")

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Stop its processes in what they do: it neither answers nor hangs up."""
        postmaster = psutil.Process(int((self._folder / "data" / "postmaster.pid").read_text().split()[0]))
        processes = [postmaster, *postmaster.children()]
        for each in processes:
            each.suspend()
        try:
            yield
        finally:
            for each in processes:
                with suppress(psutil.NoSuchProcess):
                    each.resume()


class Pair:
    """A primary and its standby."""

    def __init__(self, primary: BrokenPostgres, standby: Standby) -> None:
        self.primary, self.standby = primary, standby
        self._names = 0

    @asynccontextmanager
    async def forum(self) -> AsyncIterator[tuple[str, str]]:
        """An empty forum that both have: its URLs at the primary and at the standby."""
        if not self._names:  # migrating takes a while: the others are copies
            await tell(self.primary.url, "CREATE DATABASE migrated")
            async with connected(self._at(self.primary, "migrated")):
                await migrating.migrate(lambda name: None)
        self._names += 1
        name = f"forum_{self._names}"
        await tell(self.primary.url, f"CREATE DATABASE {name} TEMPLATE migrated")
        try:
            await self.standby.resume()
        except OSError:  # a test has failed
            await asyncio.to_thread(self.standby.start)
        await self.caught_up()
        yield self._at(self.primary, name), self._at(self.standby, name)

    @staticmethod
    def _at(server: BrokenPostgres, name: str) -> str:
        return f"postgres://postgres@127.0.0.1:{server.port}/{name}"

    async def caught_up(self) -> None:
        """Wait until the standby has all that was committed."""
        position = await asked(self.primary.url, "SELECT pg_current_wal_flush_lsn()::text")
        async with asyncio.timeout(30):
            while not await asked(self.standby.url, f"SELECT pg_last_wal_replay_lsn() >= '{position}'"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@contextmanager
def replicated(folder: Path) -> Iterator[Pair]:
    """A primary and a standby, gone with the block. Skips where they cannot be made."""
    with broken_postgres(folder) as primary:
        own = folder / "standby"
        own.mkdir()
        owner = pwd.getpwnam("postgres")
        os.chown(own, owner.pw_uid, owner.pw_gid)
        standby = Standby(own, primary._programs, owner.pw_name)
        standby.copy(primary)
        standby.start()
        try:
            yield Pair(primary, standby)
        finally:
            with suppress(CalledProcessError):  # where it is stopped
                standby.stop("immediate")


async def asked(url: str, question: str) -> object:
    """What a server answers to a question with one answer."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()
