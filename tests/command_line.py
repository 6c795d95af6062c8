"""The command line as the tests use it: in this process where it ends by itself, in its own where it serves."""

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
import httpx2
from typer.testing import CliRunner

from commands import app
from settings import ROOT, settings

QA = Path(sys.executable).parent / "qa"


@dataclass(frozen=True)
class Outcome:
    """What a command left behind: its exit status, and what it wrote where, each run of white space as one space."""

    status: int
    output: str
    errors: str


def qa(url: str, *words: str, typed: str | None = None) -> Outcome:
    """Run `qa WORDS` on the database at `url`, typing what it asks for. What would be a traceback is raised."""
    settings.cache_clear()
    ran = CliRunner().invoke(app, words, input=typed, env={"DATABASE_URL": url, "COLUMNS": "200"})
    settings.cache_clear()
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return Outcome(ran.exit_code, _one_line(ran.stdout), _one_line(ran.stderr))


@asynccontextmanager
async def started(*command: str | Path, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command in a process of its own, ended afterwards if need be."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # A job in a shell's background ignores SIGINT, and all that it starts would too.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def outcome(process: asyncio.subprocess.Process) -> Outcome:
    """What a started command leaves behind when it has ended."""
    output, errors = await process.communicate()
    assert process.returncode is not None
    return Outcome(process.returncode, _one_line(output.decode()), _one_line(errors.decode()))


@asynccontextmanager
async def serving(
    url: str, *words: str, **environment: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx2.AsyncClient]]:
    """`qa serve WORDS` on the database at `url` in a process of its own, and a way to talk to it."""
    port = free_port()
    async with (
        started(QA, "serve", "--port", str(port), *words, DATABASE_URL=url, **environment) as process,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http,
    ):
        await answering(process, http)
        yield process, http


async def answering(process: asyncio.subprocess.Process, http: httpx2.AsyncClient) -> None:
    """Wait until a server answers."""
    for _ in range(600):
        if process.returncode is not None:
            break
        try:
            await http.get("/graphql")
        except httpx2.TransportError:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError(f"The server does not answer: {await outcome(process)}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def copied(template: str, name: str, folder: Path) -> Iterator[str]:
    """A copy of the database at `template`, with `name` in its name, for as long as the block lasts; its URL."""
    if template.startswith("sqlite://"):
        shutil.copy(template.removeprefix("sqlite://"), folder / f"{name}.db")
        yield f"sqlite://{folder / name}.db"
        return
    parts = urlsplit(template)
    origin = parts.path.strip("/")
    server = parts._replace(path="/postgres").geturl()
    asyncio.run(tell(server, f"CREATE DATABASE {origin}_{name} TEMPLATE {origin}"))
    try:
        yield parts._replace(path=f"/{origin}_{name}").geturl()
    finally:
        asyncio.run(tell(server, f"DROP DATABASE {origin}_{name} WITH (FORCE)"))


async def tell(url: str, command: str) -> None:
    """Run a command on a PostgreSQL server."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        await connection.execute(command)
    finally:
        await connection.close()


def _one_line(text: str) -> str:
    return " ".join(text.split())
