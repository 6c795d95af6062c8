"""Measures both servers in turn, and prints medians of CPU time a request, and their ratio.

Each server is a process of its own. Its CPU time is read from the operating system before and after a batch of
requests over one connection; the servers take turns, round after round, so that a machine that is slower for a while
is slower for both. Answers are compared before anything is timed.
"""

import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
import psutil
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.data import THREADS, fill
from models import database, migrating

ROUNDS, REQUESTS = 10, 30
SERVERS = {"by hand": "benchmarks.by_hand:app", "plainspoken": "server:app"}
HERE = Path(__file__).parent
PAGES = {page: (HERE / f"{page}.graphql").read_text() for page in ("question_page", "home")}


def main() -> None:
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite://{folder}/bench.db"
        asyncio.run(_make(url))
        running = {name: _Served(app, url) for name, app in SERVERS.items()}
        try:
            figures = _measured(running, console)
        finally:
            for server in running.values():
                server.process.terminate()
    table = Table("page", *(f"{name}, CPU ms" for name in SERVERS), "ratio", title="Median CPU time of a request")
    for page in PAGES:
        by_hand, ours = (1000 * median(figures[page, name]) for name in SERVERS)
        table.add_row(page.replace("_", " "), f"{by_hand:.2f}", f"{ours:.2f}", f"{ours / by_hand:.1f}x")
    console.print(table)
    console.print(f"{ROUNDS} rounds of {REQUESTS} requests each, SQLite, {THREADS:,} threads.", highlight=False)


async def _make(url: str) -> None:
    await database.connect(url)
    await migrating.migrate(lambda name: None)
    await fill()
    await database.disconnect()


class _Served:
    """A server in a process of its own."""

    def __init__(self, app: str, url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            app,
            "--port",
            str(port),
            "--log-level",
            "warning",
            "--no-access-log",
        ]
        self.process = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url}, cwd=HERE.parent)  # noqa: S603
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
        for _ in range(200):
            try:
                self.ask("home", 1)
                return
            except httpx2.TransportError:
                time.sleep(0.05)
        raise RuntimeError(f"{app} does not answer")

    def ask(self, page: str, number: int) -> Any:
        variables = {"number": number} if page == "question_page" else {}
        answer = self.client.post("/graphql", json={"query": PAGES[page], "variables": variables}).json()
        if "errors" in answer:
            raise RuntimeError(f"{page} failed: {answer['errors']}")
        return answer

    def cpu_of(self, page: str, numbers: list[int]) -> float:
        """Seconds of CPU time that one of these requests takes."""
        process = psutil.Process(self.process.pid)
        before = sum(process.cpu_times()[:2])
        for number in numbers:
            self.ask(page, number)
        return (sum(process.cpu_times()[:2]) - before) / len(numbers)


def _measured(running: dict[str, _Served], console: Console) -> dict[tuple[str, str], list[float]]:
    chance = random.Random(2)  # noqa: S311  a figure of chance, not a secret
    figures: dict[tuple[str, str], list[float]] = {(page, name): [] for page in PAGES for name in running}
    for number in chance.sample(range(1, THREADS + 1), 20):
        for page in PAGES:
            first, *others = (server.ask(page, number) for server in running.values())
            if any(other != first for other in others):
                raise RuntimeError(f"The servers answer {page} of thread {number} differently.")
    for _ in track(range(ROUNDS), "Measuring", console=console):
        for page in PAGES:
            numbers = chance.sample(range(1, THREADS + 1), REQUESTS)
            for name, server in running.items():
                figures[page, name].append(server.cpu_of(page, numbers))
    return figures


if __name__ == "__main__":
    main()
