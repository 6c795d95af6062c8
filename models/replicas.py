"""Read replicas: PostgreSQL standbys that queries are read from, and nobody goes back in time by it.

    position   a place in the primary's log, in bytes (its LSN): a standby that has replayed it has all before it
    tick       a moment at which the primary was asked for its position; ticks are numbered
    passed     the last tick whose position a replica has replayed: what was committed before that tick, it has
    seen       the tick that a replica has to pass before it may answer somebody whom the primary has answered

What other processes did for an account is known from the primary too: it keeps where each account's last deed ended,
and says it with the session, which every request asks it for (`services.accounts`). None of this reckons with a clock.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any
from zlib import crc32

import asyncpg  # type: ignore[import-untyped]

from models import replica_metrics as metrics
from models.database import DatabaseUnavailable, execute
from models.engines.postgres import PostgresClient
from models.standby import IDENTITY, PATIENCE, POSITION, REPLAYED, WROTE, NotOurs, Replica, Tick, Watch, credentials_of

log = logging.getLogger(__name__)

#: Seconds between two ticks. After each the replicas are looked at.
INTERVAL = 0.1
#: Seconds until a replica that is away is looked for again.
PAUSE = 1.0
#: Seconds by which a replica may be behind. Nothing is read from one that is more.
MOST_BEHIND = 10.0
#: How many readers are remembered one by one. Where there are more, the others wait for a later tick than they need.
MOST_SEEN = 50_000

_OK = "ok"

#: Who reads: an account's id, or where a visitor comes from.
Reader = int | str


class Replicas:
    """The replicas of this process's primary. `told` says how many changes its readers have been told of."""

    def __init__(self, primary: str, urls: Sequence[str], told: Callable[[], int]) -> None:
        self.all = [Replica(number, credentials_of(url)) for number, url in enumerate(urls, 1)]
        self._credentials = credentials_of(primary)
        self._told = told
        self._primary: Watch | None = None
        self._identity: Any = None
        self._number = 0
        self._ticks: deque[Tick] = deque(maxlen=int(2 * MOST_BEHIND / INTERVAL))
        self._ticked = asyncio.Event()
        self._seen: OrderedDict[Reader, int] = OrderedDict()
        #: The tick that a replica has to pass before it may answer anybody.
        self._floor = 1

    # Who reads where.

    def choose(self, reader: Reader, written: int = 0) -> Replica | None:
        """The replica that answers this reader, always the same one; None where it is the primary's turn.

        `written` is the position at which the last deed of their account ended.
        """
        replica = self.all[(reader if isinstance(reader, int) else crc32(reader.encode())) % len(self.all)]
        is_there = not replica.trouble and written <= replica.replayed
        if not is_there or max(self._seen.get(reader, 0), self._floor) > replica.passed.number:
            return None
        return replica if self._primary is not None and self._primary.is_open else None

    def untold(self, replica: Replica) -> int:
        """How many of the changes told so far the replica may not have: the last ones."""
        return self._told() - replica.passed.told

    def saw(self, reader: Reader) -> None:
        """Note that this reader was answered by the primary just now."""
        self._seen[reader] = self._number + 1  # a tick that is under way may have been before that
        self._seen.move_to_end(reader)
        if len(self._seen) > MOST_SEEN:
            _, self._floor = self._seen.popitem(last=False)

    async def wrote(self, user_id: int) -> None:
        """Have all processes know that this account has done something just now."""
        await execute(WROTE, [user_id])

    def said(self) -> list[dict[str, Any]]:
        """Of each replica its number, its state, and how far it is behind, where that is known."""
        return [
            {"number": each.number, "state": each.trouble or _OK, "secondsBehind": round(each.behind, 2)}
            if each.passed.number
            else {"number": each.number, "state": each.trouble}
            for each in self.all
        ]

    # Where all are.

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Follow primary and replicas while the block lasts.

        Raises DatabaseUnavailable where a replica is none of this primary's; one that is away is waited for.
        """
        try:
            await self._introduce_primary()
        except asyncpg.PostgresError as error:
            raise DatabaseUnavailable(f"READ_REPLICAS need a table at the primary: {error}") from error
        watches: list[Watch | None] = []
        try:
            for replica in self.all:
                watches.append(await self._first_look(replica))
            await self._tick()
        except BaseException:
            self._close(watches)
            raise
        tasks = [asyncio.create_task(self._follow_primary())]
        tasks += [asyncio.create_task(self._follow(*each)) for each in zip(self.all, watches, strict=True)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._close(watches)

    async def _first_look(self, replica: Replica) -> Watch | None:
        try:
            return await self._introduce(replica)
        except NotOurs as reason:
            raise DatabaseUnavailable(f"Number {replica.number} of READ_REPLICAS {reason}.") from reason
        except Exception as error:
            self._lost(replica, error)
            return None

    async def _introduce_primary(self) -> None:
        watch = await Watch(self._credentials).open()
        try:
            await watch.make_table()
            identity = await watch.ask(IDENTITY)
        except BaseException:
            watch.close()
            raise
        if identity != self._identity:
            self._identity = identity
            for replica in self.all:
                replica.close()
        self._primary = watch

    async def _follow_primary(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                if self._primary is None:
                    await self._introduce_primary()
                await self._tick()
            except Exception:
                # What accounts did last may be forgotten there. From the next tick on, nothing is missed.
                self._floor = self._number + 1
                if self._primary is not None:
                    self._primary.close()
                    self._primary = None

    async def _tick(self) -> None:
        assert self._primary is not None  # noqa: S101  told apart by who calls
        self._number = number = self._number + 1
        at, told = monotonic(), self._told()
        [position] = await self._primary.ask(f"SELECT {POSITION}")
        self._ticks.append(Tick(number, position, at, told))
        self._ticked.set()
        self._ticked = asyncio.Event()
        passed = min(replica.passed.number for replica in self.all)
        while self._seen and next(iter(self._seen.values())) <= passed:
            self._seen.popitem(last=False)

    async def _next_tick(self) -> None:
        with suppress(TimeoutError):  # the primary is away
            async with asyncio.timeout(2 * INTERVAL):
                await self._ticked.wait()

    async def _follow(self, replica: Replica, watch: Watch | None) -> None:
        while True:
            try:
                watch = watch or await self._introduce(replica)
                while True:
                    await self._look(replica, watch)
                    # At once after a tick: who reads at the primary meanwhile has to wait for the next one.
                    await self._next_tick()
            except Exception as error:
                self._lost(replica, error)
            finally:
                replica.close()
                if watch is not None:
                    watch.close()
            watch = None
            await asyncio.sleep(PAUSE)

    async def _introduce(self, replica: Replica) -> Watch:
        """Open connections to a replica, and see that it is one."""
        watch = await Watch(replica.credentials).open()
        try:
            is_standby, _ = await watch.ask(REPLAYED)
            if not is_standby:
                raise NotOurs("is no standby")
            if await watch.ask(IDENTITY) != self._identity:
                raise NotOurs("is a standby of another system, timeline or database than DATABASE_URL")
            replica.client = PostgresClient(connection_name="default", **replica.credentials)
            async with asyncio.timeout(PATIENCE):
                await replica.client.create_connection(with_db=True)
        except BaseException:
            watch.close()
            replica.close()
            raise
        return watch

    async def _look(self, replica: Replica, watch: Watch) -> None:
        """See how far a replica has come."""
        is_standby, replayed = await watch.ask(REPLAYED)
        if not is_standby:
            raise NotOurs("is no standby any more")
        if replica.client is None:
            raise NotOurs("is to be asked whether it is one of the new primary")
        replica.replayed = replayed
        for tick in reversed(self._ticks):
            if tick.position <= replayed:
                replica.passed = tick
                break
        trouble = f"is more than {MOST_BEHIND:g} s behind" if replica.behind > MOST_BEHIND else ""
        if trouble != replica.trouble:
            log.warning("Replica %d %s", replica.number, trouble or "is read from")
            replica.trouble = trouble
        newest = self._ticks[-1].position if self._ticks else 0
        metrics.told(replica.number, replica.behind, max(0, newest - replayed), serves=not trouble)

    def _lost(self, replica: Replica, error: Exception) -> None:
        trouble = str(error) if isinstance(error, NotOurs) else f"does not answer: {type(error).__name__}"
        if trouble != replica.trouble:
            log.warning("Replica %d %s; the primary is read from", replica.number, trouble)
        replica.trouble = trouble
        metrics.lost(replica.number)

    def _close(self, watches: Sequence[Watch | None]) -> None:
        for replica in self.all:
            replica.close()
        for watch in (*watches, self._primary):
            if watch is not None:
                watch.close()


_current: Replicas | None = None


def current() -> Replicas | None:
    """The replicas of this process, if it has any."""
    return _current


@asynccontextmanager
async def reading(primary: str, urls: Sequence[str], told: Callable[[], int]) -> AsyncIterator[None]:
    """Have queries read from the replicas at `urls` while the block lasts; where there are none, from the primary."""
    global _current
    if not urls:
        yield
        return
    replicas = Replicas(primary, urls, told)
    async with replicas.watched():
        _current = replicas
        try:
            yield
        finally:
            _current = None
