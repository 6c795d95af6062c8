"""Churn: connections come, listen and go, thousands of them, and this server's memory is looked at now and then."""

import asyncio
import time

from rich.progress import Progress

from benchmarks.live.crowd import crowd, open_files
from benchmarks.live.figures import Churn
from benchmarks.live.sockets import TooLate
from benchmarks.live.turns import posts
from benchmarks.running import Run
from benchmarks.variants import Variant

#: So many connections come and go, so many of them at once.
CONNECTIONS = 50_000
QUICK = 2_500
AT_ONCE = 500
_STEPS = 5
#: How long something may take, and how long the server is left alone before its memory is looked at, in seconds.
_PATIENCE = 60
_REST = 2.0


def measure(run: Run, variant: Variant, url: str, connections: int = CONNECTIONS) -> Churn | None:
    """This server's memory, step by step; None where it does not keep up, which is noted."""
    open_files()
    [watched, *_] = asyncio.run(posts(url))
    waves = max(connections // AT_ONCE // _STEPS, 1)
    with (
        run.servers([variant], url) as running,
        Progress(console=run.console, transient=True, auto_refresh=False) as progress,
    ):
        task = progress.add_task("churn", total=waves * _STEPS)
        for _, served in running:
            try:
                with crowd(served.port, watched.id, _PATIENCE) as gathered:

                    def wave() -> None:
                        gathered.connect(AT_ONCE)
                        gathered.subscribe()
                        gathered.leave()

                    for _ in range(max(waves // 5, 1)):
                        wave()
                    gathered.idle(_REST)
                    steps = [(0, served.memory)]
                    started = time.perf_counter()
                    for step in range(1, _STEPS + 1):
                        for _ in range(waves):
                            wave()
                            progress.advance(task)
                        gathered.idle(_REST)
                        steps.append((step * waves * AT_ONCE, served.memory))
                    return Churn(steps, time.perf_counter() - started - _STEPS * _REST)
            except TooLate as reason:
                run.note(f"live churn is left out: {reason}")
    return None
