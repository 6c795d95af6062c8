"""Votes on a slower disk: whenever SQLite has it sync, it takes `DELAY` longer, which strace sees to.

Where a commit takes less time than a vote's other work does, as on the disk of some virtual machines, it matters little
how many votes share it. On most disks it takes several milliseconds.
"""

import shutil
from collections.abc import Sequence
from dataclasses import replace

from benchmarks import voting
from benchmarks.running import Line, Run
from benchmarks.variants import BY_HAND, ONE_BY_ONE, OURS, Variant

#: Milliseconds that a sync takes longer.
DELAY = 2
#: What its lines are called.
PAGE = f"vote, {DELAY} ms more to sync"
CONNECTIONS = (64,)


def vote(run: Run, variants: Sequence[Variant], url: str, who: Sequence[tuple[int, int]]) -> list[Line]:
    """Measure votes on SQLite by this server, by itself with a transaction each, and by hand. Raises WrongAnswer."""
    if shutil.which("strace") is None:
        run.note("Votes on a slower disk are left out: strace is not installed.")
        return []
    those = [slowed(each) for each in variants if each.name in (OURS, ONE_BY_ONE, BY_HAND)]
    return [replace(line, page=PAGE) for line in voting.vote(run, "sqlite", those, url, who, CONNECTIONS)]


def slowed(variant: Variant) -> Variant:
    """The variant on such a disk. Nothing but syncs is slowed down: all other system calls go past strace."""
    calls = "fdatasync,fsync"
    delay = f"inject={calls}:delay_exit={DELAY * 1000}"
    strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", f"trace={calls}", "-e", delay, "-o", "/dev/null"]
    return replace(variant, command=lambda port: [*strace, *variant.command(port)])
