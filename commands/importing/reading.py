"""Reading a dump: each of its files once, from the first row to the last, into the staging tables."""

import asyncio
from collections.abc import Mapping
from typing import Any

from commands.importing.attributes import identity
from commands.importing.bars import Bars
from commands.importing.dump import DAMAGES, FILES, DumpError, DumpFile
from commands.importing.report import Report
from commands.importing.rows import rows
from commands.importing.staging import COMPLETION, Staging

#: The events of a post's history whose text is needed: its states (1 to 9, and 24), and why it was closed (10).
_TOLD_EVENTS = {str(event) for event in (*range(1, 11), 24)}


async def read(files: Mapping[str, DumpFile], staging: Staging, bars: Bars, report: Report) -> None:
    """Bring every file's rows to the staging tables; count those without a usable Id, or with one that came before.

    Raises DumpError where a file is broken.
    """
    for table in FILES:
        if table not in files:
            report.note(f"file of a whole dump that is missing: {table}.xml")
            continue
        await _read_file(table, files[table], staging, bars, report)
    with bars.bar("Sorting", len(COMPLETION), "steps") as advance:
        for step in COMPLETION:
            staging.complete(step)
            advance(1)
            await asyncio.sleep(0)


async def _read_file(table: str, file: DumpFile, staging: Staging, bars: Bars, report: Report) -> None:
    nameless = repeated = 0
    try:
        stream = file.open()
    except DAMAGES as error:
        raise DumpError(f"{file.place} cannot be opened: {error}") from error
    with stream, bars.bar(f"Reading {table}.xml", file.size, "bytes") as advance:
        for batch in rows(stream, f"{table}.xml", advance):
            usable = [tidied for row in batch if (tidied := _tidied(table, row))]
            nameless += len(batch) - len(usable)
            repeated += len(usable) - staging.add(table, usable)
            # Everything here runs without waiting for anything: this is where Ctrl+C is heard.
            await asyncio.sleep(0)
    report.note(f"rows of {table}.xml without an Id that is a number, passed over", nameless)
    report.note(f"rows of {table}.xml with an Id that came before, passed over", repeated)


def _tidied(table: str, row: Mapping[str, str]) -> dict[str, Any] | None:
    """A row with its Id as a number, and without what is not needed; None where it has no Id."""
    external_id = identity(row.get("Id"))
    if external_id is None:
        return None
    tidied: dict[str, Any] = {**row, "Id": external_id}
    if table == "Posts" and "PostTypeId" not in row:
        # Only answers have a parent, and only questions a title.
        tidied["PostTypeId"] = 2 if "ParentId" in row else 1 if "Title" in row else None
    if table == "PostHistory" and row.get("PostHistoryTypeId") not in _TOLD_EVENTS:
        tidied.pop("Text", None)
    return tidied
