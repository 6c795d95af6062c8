"""What a run was made on: the machine, and the versions of all that took part."""

import asyncio
import platform
import re
import sqlite3
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import orjson
import psutil  # type: ignore[import-untyped]

from benchmarks import peers

_PYTHON_PACKAGES = (
    *(
        "asyncpg",
        "httptools",
        "orjson",
        "starlette",
        "strawberry-graphql",
        "tortoise-orm",
        "uvicorn",
        "uvloop",
        "websockets",
    ),
)
_NODE_PACKAGES = ("graphql", "graphql-ws", "graphql-yoga", "mercurius", "pg", "postgraphile", "ws")


def machine() -> str:
    """The processor, its cores, the memory and the system."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    memory = psutil.virtual_memory().total / 2**30
    processor = found[1] if found else platform.processor() or platform.machine()
    return f"{processor}, {psutil.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}"


def python() -> str:
    """Python, and the packages that serve."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PYTHON_PACKAGES)
    return f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}"


def node() -> str:
    """Node and the peers, or why there are none."""
    try:
        told = subprocess.run([peers.node(), "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    except (peers.NoPeers, OSError, subprocess.CalledProcessError) as reason:
        return f"no Node: {reason}"
    wanted = orjson.loads((peers.HERE / "package.json").read_bytes())["dependencies"]
    return f"Node {told.stdout.strip()}, " + ", ".join(f"{name} {wanted[name]}" for name in _NODE_PACKAGES)


def postgres(server: str) -> str:
    """PostgreSQL's version, or that there is none."""

    async def ask() -> str:
        connection = await asyncpg.connect(server, timeout=5)
        try:
            return f"PostgreSQL {str(await connection.fetchval('SHOW server_version')).split()[0]}"
        finally:
            await connection.close()

    try:
        return asyncio.run(ask())
    except (OSError, asyncpg.PostgresError) as error:
        return f"no PostgreSQL: {error}"


def command() -> str:
    """What was typed, as it is typed in a checkout."""
    return " ".join(["python -m benchmarks", *(f"'{word}'" if " " in word else word for word in sys.argv[1:])])
