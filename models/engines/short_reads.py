"""Short reads of SQLite in the event loop itself, where handing them to a thread would cost ten times the reading."""

import sqlite3
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

#: Seconds that a read may keep the event loop from everything else. One that needs more is left to a thread.
PATIENCE = 0.005

#: How many steps of SQLite's machine pass between two looks at the clock: some tenths of a millisecond.
STEPS = 5_000

#: How many statements are remembered as long ones, and for how many seconds. One that was late once is given another
#: chance: a busy machine may have been at fault.
MEMORY = 500
REMEMBERED = 10.0


class ShortReads:
    """A connection of the event loop's own, which only reads and gives up what takes too long."""

    def __init__(self, file: str, pragmas: Mapping[str, Any]) -> None:
        self._late_at = 0.0
        #: Until when a statement is a long one; 0 where it was late once.
        self._long: dict[str, float] = {}
        self._connection = sqlite3.connect(file, isolation_level=None, cached_statements=MEMORY)
        try:
            self._connection.row_factory = sqlite3.Row
            for pragma, value in {**pragmas, "query_only": "ON", "busy_timeout": 0}.items():
                self._connection.execute(f"PRAGMA {pragma}={value}").fetchall()
            self._connection.set_progress_handler(self._is_late, STEPS)
            self._tuples = self._connection.cursor()
            self._tuples.row_factory = None
        except BaseException:
            self._connection.close()
            raise

    def _is_late(self) -> bool:
        return perf_counter() > self._late_at

    def read(self, query: str, values: Sequence[Any], *, as_tuples: bool = False) -> list[Any] | None:
        """The rows, or None if it is a long read, now or as it was before, or would have to wait for a lock."""
        now = perf_counter()
        if self._long and self._long.get(query, 0.0) > now:
            return None
        self._late_at = now + PATIENCE
        try:
            return (self._tuples if as_tuples else self._connection).execute(query, values).fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                if len(self._long) >= MEMORY:
                    self._long.clear()
                self._long[query] = now + REMEMBERED if query in self._long else 0.0
            elif error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return None

    def close(self) -> None:
        self._connection.close()
