"""Runs a command on one core alone: `python -m benchmarks.pinned CORE COMMAND ...`."""

import os
import sys

if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606  that is what it is for
