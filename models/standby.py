"""One server of a primary and its standbys: asking it who it is, and where in the log."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NamedTuple

from tortoise.connection import get_connections

from models.database import configuration
from models.engines.postgres import SCHEMA_LOCK, PostgresClient
from models.engines.turns import is_closed

#: Seconds that a server may take to say where it is. What is read from a replica then is given up.
PATIENCE = 2.0

#: Where the primary is: after all that has been committed. Commits that wait for no disk are not flushed yet.
POSITION = """(CASE current_setting('synchronous_commit')
    WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END - '0/0')::bigint"""
REPLAYED = "SELECT pg_is_in_recovery(), (coalesce(pg_last_wal_replay_lsn(), '0/0') - '0/0')::bigint"
#: What a standby has in common with its primary. The timeline is another one after a failover: a standby says so some
#: minutes after it follows (at its next restart point), and one that cannot follow never.
IDENTITY = """
    SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()),
        CASE WHEN pg_is_in_recovery() THEN timeline_id
        ELSE ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int END
    FROM pg_control_system(), pg_control_checkpoint()
"""
#: Where the last deed of each account ended. It is no data of the forum: a standby has none of it, and it is gone when
#: the primary crashes, which all processes notice. What came from a backup is of another log.
_TABLE = f"""
    CREATE UNLOGGED TABLE IF NOT EXISTS read_position (user_id bigint PRIMARY KEY, position bigint NOT NULL);
    DELETE FROM read_position WHERE position > {POSITION};
"""  # noqa: S608  nothing of it comes from outside
WROTE = f"""
    INSERT INTO read_position VALUES ($1, {POSITION}) ON CONFLICT (user_id) DO UPDATE
    SET position = excluded.position WHERE read_position.position < excluded.position
"""  # noqa: S608  nor of this


class NotOurs(Exception):
    """What answers is no standby of our primary; the message says what it is."""


class Tick(NamedTuple):
    number: int
    position: int
    at: float
    #: How many changes had been told here.
    told: int


_NEVER = Tick(0, 0, 0.0, 0)


class Watch:
    """A connection of its own, to ask where a server is. It ends with the server's process, crashes too."""

    def __init__(self, credentials: dict[str, Any]) -> None:
        self._client = PostgresClient(connection_name="default", **{**credentials, "minsize": 1, "maxsize": 1})
        self._connection: Any = None

    async def open(self) -> "Watch":
        try:
            async with asyncio.timeout(PATIENCE):
                await self._client.create_connection(with_db=True)
                self._connection = await self._client.take()
        except BaseException:
            self.close()
            raise
        return self

    @property
    def is_open(self) -> bool:
        return not is_closed(self._connection)

    async def ask(self, question: str) -> Any:
        return await self._connection.fetchrow(question, timeout=PATIENCE)

    async def make_table(self) -> None:
        async with self._connection.transaction():
            await self._connection.execute(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})")
            await self._connection.execute(_TABLE)

    def close(self) -> None:
        if self._client._pool is not None:
            self._client._pool.terminate()


@dataclass(eq=False)
class Replica:
    """One standby, and how far it has come."""

    number: int
    credentials: dict[str, Any] = field(repr=False)
    #: What is wrong with it; empty where nothing is, and it answers.
    trouble: str = "not asked yet"
    client: PostgresClient | None = None
    replayed: int = 0
    passed: Tick = _NEVER

    @property
    def behind(self) -> float:
        """Seconds since the last moment at which it was known to have everything."""
        return monotonic() - self.passed.at

    @contextmanager
    def read_from(self) -> Iterator[None]:
        """Have this task, and those it starts, read from the replica: not in a transaction, and nothing is written."""
        assert self.client is not None  # noqa: S101  it was chosen
        connections = get_connections()
        token = connections.set("default", self.client)
        try:
            yield
        finally:
            connections.reset(token)

    def close(self) -> None:
        """Break off what is read from it: that is read at the primary again."""
        self.trouble = self.trouble or "not asked yet"
        client, self.client = self.client, None
        self.replayed, self.passed = 0, _NEVER
        if client is not None and client._pool is not None:
            with suppress(Exception):
                client._pool.terminate()


def credentials_of(url: str) -> dict[str, Any]:
    credentials: dict[str, Any] = configuration(url)["connections"]["default"]["credentials"]
    return credentials
