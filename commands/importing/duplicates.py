"""Closed duplicates, and the threads that they are duplicates of."""

import models
from commands.importing.closures import closure
from commands.importing.history import History
from commands.importing.site import ROWS_AT_A_TIME, Advance, Site
from models import ClosureReason
from models.database import transaction

#: Questions that something in the dump calls a duplicate.
SUSPECTS = """
    FROM Posts JOIN LocalThread AS Thread ON Thread.Id = Posts.Id AND Thread.LocalId IS NOT NULL
    WHERE PostTypeId = 1 AND Posts.Id NOT IN (SELECT Id FROM LocalDuplicate) AND (
        Posts.Id IN (SELECT PostId FROM PostLinks WHERE LinkTypeId = 3)
        OR Posts.Id IN (
            SELECT PostId FROM PostHistory WHERE PostHistoryTypeId = 10 AND Text LIKE '%OriginalQuestionIds%'
        )
    )
"""


async def import_duplicates(site: Site, advance: Advance) -> None:
    """Point threads that are closed as duplicates to their originals, once both are here."""
    query = f"SELECT Posts.*, Thread.LocalId AS ThreadId {SUSPECTS} ORDER BY Posts.Id"
    for rows in site.staging.chunks(query, ROWS_AT_A_TIME):
        originals: dict[int, int] = {}
        threads: dict[int, int] = {}
        for row in rows:
            closed = closure(row, History.of(site.staging, row["Id"]), site.staging)
            if closed is None or closed.reason is not ClosureReason.DUPLICATE:
                site.report.note("questions linked as duplicates, but not closed as such: they stay as they are")
                continue
            found = (site.staging.local("Thread", external_id) for external_id in closed.original_ids)
            original_id = next((thread_id for thread_id in found if thread_id not in (None, row["ThreadId"])), None)
            if original_id is None:
                site.report.note("closed duplicates whose original is not here")
                continue
            originals[row["Id"]] = original_id
            threads[row["Id"]] = row["ThreadId"]
        async with transaction():
            for external_id, original_id in originals.items():
                closed_here = models.Thread.filter(id=threads[external_id], close_reason=ClosureReason.DUPLICATE)
                await closed_here.filter(duplicate_of_id=None).update(duplicate_of_id=original_id)
            await site.keep("Duplicate", originals)
        site.report["duplicates"].imported += len(originals)
        advance(len(rows))
