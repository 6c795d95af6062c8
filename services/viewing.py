"""Viewing: a thread's views, one for each viewer and day. Who the viewers were is not kept.

A page says that it shows a thread. That is noted in memory, and counted every few seconds for all threads at once; the
database has each viewer once (`ThreadView`), however many processes serve. What is noted when a process is killed is
lost, and what is beyond the bound of memory: views are no votes.
"""

import asyncio
import re
import traceback
from collections import Counter
from contextvars import Context
from datetime import date, timedelta
from hashlib import blake2b
from ipaddress import ip_address

import structlog

import models
from models.database import transaction
from models.outages import outage
from models.raw import Statement, run
from services import changes, clock, origin, points, secret
from services.actors import Actor, Writer, user, wrote
from services.errors import NotFound
from services.hotness import VIEW_SECONDS, lock_threads
from services.visibility import visible_threads

log = structlog.get_logger()

#: How often views are counted, in seconds; and the most that are noted until then, at some 300 bytes each.
EVERY, MOST_NOTED = 5.0, 50_000
#: So long after midnight the day before may still be counted, by another process too; then it is forgotten.
_LATE = timedelta(minutes=10)
#: What programs that read for others call themselves. Browsers never do.
_BOTS = re.compile(r"bot|crawl|spider|slurp|archiver|externalhit|preview|headless|curl|wget|python|java/|go-http", re.I)

_ENTER = Statement(
    "INSERT INTO thread_view (day, thread_id, viewer_key) "
    "SELECT given.day, thread.id, given.viewer_key FROM given JOIN thread ON thread.id = given.thread_id "
    "ORDER BY thread.id, given.viewer_key ON CONFLICT (thread_id, viewer_key) DO NOTHING RETURNING thread_id",
    day="date",
    thread_id="bigint",
    viewer_key="text",
)
_COUNT = Statement(
    "UPDATE thread SET view_count = view_count + given.views, hotness = hotness + given.heat "
    "FROM given WHERE thread.id = given.id",
    id="bigint",
    views="integer",
    heat="double precision",
)

#: Day, thread and viewer.
_noted: set[tuple[date, int, str]] = set()
_work: asyncio.Task[None] | None = None


async def view_thread(actor: Actor, thread_id: int, user_agent: str) -> models.Thread:
    """Note that somebody was shown a thread, unless it is their own or a program looks. Raises NotFound."""
    thread = await visible_threads(actor).get_or_none(id=thread_id)
    if thread is None:
        raise NotFound("There is no such thread.")
    is_person = bool(user_agent) and not _BOTS.search(user_agent)
    today = clock.now().date()
    if is_person and not wrote(actor, thread) and (key := _viewer_key(actor, today)) and len(_noted) < MOST_NOTED:
        _noted.add((today, thread.id, key))
    return thread


async def count() -> None:
    """Count what was noted: who has seen a thread today already does not count again. Forget the days before."""
    noted = sorted(_noted)
    _noted.difference_update(noted)
    try:
        async with transaction():
            await models.ThreadView.filter(day__lt=(clock.now() - _LATE).date()).delete()
            views = Counter(row[0] for row in await run(_ENTER, noted)) if noted else Counter[int]()
            if views:
                await _count_in_threads(views)
    except BaseException:
        _noted.update(noted)
        raise


async def _count_in_threads(views: Counter[int]) -> None:
    rules = await points.rules_in_force()
    await lock_threads(sorted(views))
    heat = float(rules.hot_views * VIEW_SECONDS)
    await run(_COUNT, [(thread_id, amount, heat * amount) for thread_id, amount in views.items()])
    for thread_id in views:
        changes.changed_by_key(models.Thread, thread_id, "view_count", "hotness")


def begin() -> None:
    """Count every few seconds from now on."""
    global _work
    _work = asyncio.create_task(_count_for_ever(), context=Context())


async def finish() -> None:
    """Count for the last time."""
    global _work
    work, _work = _work, None
    if work is not None:
        work.cancel()
        await asyncio.wait([work])
    await _count_or_log()


async def _count_for_ever() -> None:
    while True:
        await asyncio.sleep(EVERY)
        await _count_or_log()


async def _count_or_log() -> None:
    if _noted or _has_new_day_begun():
        try:
            await count()
        except Exception as error:
            if (what := outage(error)) is not None:
                log.warning("views are counted later", error=type(error).__name__, told=what)
                return
            # As a text: some renderers would show the frames' variables, which hold the viewers.
            log.error("views were not counted", traceback=traceback.format_exc())


_day = date.min


def _has_new_day_begun() -> bool:
    """Whether it is another day, a little late, than at the last call."""
    global _day
    former, _day = _day, (clock.now() - _LATE).date()
    return _day != former


def _viewer_key(actor: Actor, day: date) -> str | None:
    """Who looks, so that nobody can tell who it was: by the account, or by the address that the request comes from.

    Not by a browser's cookie, which whoever wants to be many can have many of. None where nothing tells.
    """
    account, address = user(actor), origin.address()
    if account is not None:
        viewer = f"user {account.id}"
    elif address is not None:
        viewer = f"address {_network(address)}"
    elif isinstance(actor, Writer):
        viewer = f"writer {actor.key}"
    else:
        return None
    key = secret.key_for("views", day=day.isoformat())
    return blake2b(viewer.encode(), key=key, digest_size=16).hexdigest()


def _network(address: str) -> str:
    """The part of an address that is somebody's: of IPv6 the first 64 bits, since the rest is theirs to choose."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    number = origin.number(found)
    return str(number if found.version == 4 or number >> 48 == 0 else number >> 64)
