"""Reckoning anew: after a change of the rules, threads' hotness and everybody's points are brought under the new ones.

In batches, each a transaction of its own, so that the forum goes on meanwhile and nothing is lost if the process ends:
`PointsRules.settled_up_to` says how far it came. Whatever is done in between pays differences by the new rules. Users
who are reckoned later get what recomputing gives then; for those who were reckoned before, the difference is right.
"""

import asyncio
import traceback
from collections.abc import AsyncIterator, Sequence
from contextvars import Context
from dataclasses import dataclass

import structlog

import models
from models import PointsReason
from models.database import DatabaseBusy, fetch_rows, transaction
from models.raw import Statement, run
from services import changes, hotness, points
from services.dues import points_due
from services.points import WEIGHTS, Payment

log = structlog.get_logger()

#: Users, and threads, that one transaction reckons: it holds their locks.
_USERS, _THREADS = 500, 200
#: How long to wait before another try where the database is busy, in seconds.
_PAUSE = 1.0

_DUE = f"""
    WITH {points_due(among="{user} BETWEEN $1 AND $2")}
    SELECT users.id, COALESCE(due.amount, 0) - users.points FROM users LEFT JOIN due ON due.id = users.id
    WHERE users.id BETWEEN $1 AND $2 ORDER BY users.id
"""
_SET_HOTNESS = Statement(
    "UPDATE thread SET hotness = given.hotness FROM given WHERE thread.id = given.id",
    id="bigint",
    hotness="double precision",
)


@dataclass(frozen=True)
class Progress:
    """How many of all users were brought under the rules in force."""

    done: int
    total: int
    #: Whether nothing is under way.
    is_over: bool = False


async def progress() -> Progress | None:
    """How far it came; None where nothing is under way."""
    so_far = await reached()
    return None if so_far.is_over else so_far


async def reached() -> Progress:
    """How far it came: to its end, where nothing is under way."""
    [(up_to, done, total)] = await fetch_rows(
        "SELECT settled_up_to, (SELECT COUNT(*) FROM users WHERE id <= settled_up_to), (SELECT COUNT(*) FROM users) "
        "FROM points_rules ORDER BY version DESC LIMIT 1"
    )
    return Progress(total, total, is_over=True) if up_to is None else Progress(done, total)


async def finish() -> AsyncIterator[Progress]:
    """Do what is left, telling after each batch how far it came. Of two processes that do it at once, one goes on."""
    rules = await points.rules_in_force()
    if rules.settled_up_to == 0 and await _weighs_otherwise(rules):
        last = 0
        while (newest := await _reckon_threads(last)) is not None:
            last = newest
            if so_far := await progress():
                yield so_far
    while await _reckon_users():
        if so_far := await progress():
            yield so_far


def begin() -> None:
    """Do what is left in the background."""
    global _work
    if _work is None or _work.done():
        _work = asyncio.create_task(_finish(), context=Context())


async def stop() -> None:
    """End what is done in the background: at the next start it goes on where it was."""
    global _work
    work, _work = _work, None
    if work is not None:
        work.cancel()
        await asyncio.wait([work])


_work: asyncio.Task[None] | None = None


async def _finish() -> None:
    try:
        while True:
            try:
                async for _ in finish():
                    pass
                return
            except DatabaseBusy:
                await asyncio.sleep(_PAUSE)
    except Exception:
        # As a text: some renderers would show the frames' variables, too.
        log.error("not all points are brought under the new rules", traceback=traceback.format_exc())


async def _weighs_otherwise(rules: models.PointsRules) -> bool:
    """Whether hotness was reckoned by other weights before these rules."""
    former = await models.PointsRules.get_or_none(version=rules.version - 1)
    return former is None or any(getattr(former, name) != getattr(rules, name) for name in WEIGHTS)


async def _reckon_threads(last: int) -> int | None:
    """Give the next threads after `last` their hotness; the last one's id, None where there was none."""
    async with transaction():
        rules = await points.rules_in_force()
        ids = [each.id for each in await models.Thread.filter(id__gt=last).order_by("id").limit(_THREADS).only("id")]
        if not ids:
            return None
        await hotness.lock_threads(ids)
        threads = await models.Thread.filter(id__gt=last, id__lte=ids[-1]).order_by("id")
        right = zip(threads, await hotness.reckoned(rules, threads), strict=True)
        wrong = [(thread.id, expected) for thread, expected in right if thread.hotness != expected]
        if wrong:
            await run(_SET_HOTNESS, wrong)
        for thread_id, _ in wrong:
            changes.changed_by_key(models.Thread, thread_id, "hotness")
        newest: int = ids[-1]
        return newest


async def _reckon_users() -> bool:
    """Bring the next users under the rules; whether there was anything left to do."""
    async with transaction():
        # They stay in force: else whoever reckons by newer ones could be here before us.
        rules = await points.rules_in_force()
        if rules.settled_up_to is None:
            return False
        rules = await models.PointsRules.filter(version=rules.version).select_for_update(no_key=True).get()
        if rules.settled_up_to is None:
            return False
        users = models.User.filter(id__gt=rules.settled_up_to).order_by("id").limit(_USERS)
        ids: Sequence[int] = await users.values_list("id", flat=True)  # type: ignore[assignment]
        if ids:
            # Locked first: whoever has paid them already is done then, and is seen.
            await points.locked(ids)
            owed = await fetch_rows(_DUE, [ids[0], ids[-1]])
            await points.pay([Payment(user_id, due, PointsReason.RULES_CHANGED) for user_id, due in owed], rules)
        # Whoever joins now does so by the new rules: where these were the last ones, all have theirs.
        rules.settled_up_to = ids[-1] if len(ids) == _USERS else None
        await rules.save(update_fields=["settled_up_to"])
        changes.changed(rules, "settled_up_to")
        return True
