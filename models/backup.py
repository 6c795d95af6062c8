"""A copy of a SQLite database, made while others read and write it: all of one moment, and whole or not there."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

#: Pages that are copied between two tellings of how far it is.
STEP = 1_000


class CannotBackUp(Exception):
    """There will be no copy; the message says why, and what to do."""


def back_up(file: Path, copy: Path, on_progress: Callable[[int, int], object]) -> int:
    """Copy a database file; returns the bytes of the copy. `on_progress` is told how many pages of how many are done.

    Writers are not kept waiting, and what they write meanwhile is not in the copy. Raises CannotBackUp.
    """
    if not file.is_file():
        raise CannotBackUp(f"There is no database at {file}.")
    if copy.exists():
        raise CannotBackUp(f"{copy} is there already: it is not written over.")
    begun = copy.with_name(f"{copy.name}.part")
    begun.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as source,
            closing(sqlite3.connect(begun)) as target,
        ):
            # All steps read what this transaction sees; else each commit of others would begin the copy anew.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(target, pages=STEP, progress=lambda _, left, total: on_progress(total - left, total))
            [found] = target.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise CannotBackUp(f"The database is damaged, and so would be the copy: {found}.")
        with begun.open("rb+") as written:
            os.fsync(written.fileno())
        begun.rename(copy)
    except (OSError, sqlite3.Error) as error:
        raise CannotBackUp(f"{copy} cannot be written: {error}.") from error
    finally:
        begun.unlink(missing_ok=True)
    return copy.stat().st_size
