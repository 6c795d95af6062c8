"""Closed duplicates, and the threads that they are duplicates of."""

from collections.abc import Sequence

from tortoise.expressions import F

import models
from commands.importing.closures import closure
from commands.importing.history import History
from commands.importing.site import ROWS_AT_A_TIME, Advance, Site
from commands.importing.staging import Row
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
        async with transaction():
            pointed = await _point(site, rows)
            await site.keep("Duplicate", pointed)
        site.report["duplicates"].imported += len(pointed)
        advance(len(rows))


async def _point(site: Site, rows: Sequence[Row]) -> dict[int, int]:
    """Point what can be pointed; the Ids of those questions, and the threads that are their originals."""
    pointed: dict[int, int] = {}
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
        unpointed = models.Thread.filter(id=row["ThreadId"], close_reason=ClosureReason.DUPLICATE, duplicate_of_id=None)
        if await unpointed.update(duplicate_of_id=original_id):
            await models.Thread.filter(id=original_id).update(duplicate_count=F("duplicate_count") + 1)
            pointed[row["Id"]] = original_id
        else:
            site.report.note("duplicates that were imported before they were closed: they stay open")
    return pointed
