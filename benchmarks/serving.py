"""A server that is measured: a process of its own on a core of its own, and what it uses of it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType

import psutil  # type: ignore[import-untyped]

from settings import ROOT

_PATIENCE = 30


class DidNotStart(Exception):
    """A server ended, or does not answer; the message has what it said."""


class Served:
    """A running server. It is pinned to one core from its first instruction on, and stopped at the end of the block."""

    def __init__(self, command: Callable[[int], Sequence[str]], environment: dict[str, str], core: int) -> None:
        self.port = _free_port()
        self._said = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115  closed with the server
        self._process = subprocess.Popen(  # noqa: S603  the commands of `variants.py`
            [sys.executable, "-m", "benchmarks.pinned", str(core), *command(self.port)],
            env={**os.environ, **environment, "PORT": str(self.port)},
            cwd=ROOT,
            stdout=self._said,
            stderr=subprocess.STDOUT,
        )
        self._watched = psutil.Process(self._process.pid)

    def __enter__(self) -> "Served":
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def cpu(self) -> float:
        """Seconds of CPU time that the server and its threads have used so far, by the system's accounting."""
        used = [each.cpu_times() for each in self._processes()]
        return float(sum(each.user + each.system for each in used))

    @property
    def memory(self) -> int:
        """Resident memory in bytes."""
        return int(sum(each.memory_info().rss for each in self._processes()))

    @property
    def said(self) -> str:
        """The end of what the server wrote on its terminal."""
        self._said.seek(0)
        return self._said.read()[-3_000:]

    def _wait(self) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise DidNotStart(self.said)
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise DidNotStart(f"It does not answer after {_PATIENCE} s. {self.said}")

    def _processes(self) -> list[psutil.Process]:
        """The server, and what it runs under."""
        return [self._watched, *self._watched.children(recursive=True)]

    def _stop(self) -> None:
        # What it runs under ends with it.
        with suppress(psutil.NoSuchProcess):
            self._processes()[-1].send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()


def postgres_cpu(url: str) -> dict[int, float]:
    """Seconds of CPU time that each process of PostgreSQL has used for this database; none where it runs elsewhere."""
    name = url.rpartition("/")[2]
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == "postgres" and f" {name} " in " ".join(process.cmdline()):
                used = process.cpu_times()
                found[process.pid] = float(used.user + used.system)
    return found


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
