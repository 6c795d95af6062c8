"""A forum on PostgreSQL that one test after another gets as if it were new.

To make a database from a template, and drop it, takes PostgreSQL some 200 ms of CPU time and waits for the disk; to put
rows back takes 15. What changes more than rows (an index, a constraint) has the database made anew.
"""

from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
from command_line import tell

#: Ends whoever is still connected, as a drop by force does.
_ALONE = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
#: What there is beside rows. A thing that was dropped and made again has another oid; deadlocks are counted for good.
_SHAPE = """
SELECT md5(string_agg(thing, ' ' ORDER BY thing)) FROM (
    SELECT concat_ws(' ', 'class', oid, relname, relkind, reloptions, relacl) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'column', attrelid, attname, atttypid, attnotnull, pg_attrdef.oid)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid
        AND adnum = attnum WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0
    UNION ALL SELECT concat_ws(' ', 'constraint', oid, conname, convalidated) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'trigger', oid, tgname, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat_ws(' ', 'function', oid, proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'deadlocks', deadlocks) FROM pg_stat_database WHERE datname = current_database()
) AS things (thing)"""
_TABLES = """
SELECT quote_ident(relname) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname"""
_SEQUENCES = """
SELECT format('setval(%L, %s, %s)', quote_ident(sequencename), coalesce(last_value, start_value),
    (last_value IS NOT NULL)::text)
FROM pg_sequences WHERE schemaname = 'public' ORDER BY sequencename"""


class UsedAgain:
    """One database, which is whichever template was asked for last."""

    def __init__(self) -> None:
        self._template = ""
        self._shape = ""
        self._put_back = ""

    async def like(self, template: str) -> str:
        """Have it be as the database at `template` is; its URL."""
        url = f"{template}_again"
        if template != self._template or not await self._is_put_back(url):
            await self.drop()
            await tell(_server(template), f"CREATE DATABASE {_name(url)} TEMPLATE {_name(template)}")
            self._template = template
            await self._look(url)
        return url

    async def drop(self) -> None:
        """Drop it, if it is there."""
        if self._template:
            await tell(_server(self._template), f"DROP DATABASE IF EXISTS {_name(self._template)}_again WITH (FORCE)")
            self._template = ""

    async def _look(self, url: str) -> None:
        """Remember what there is."""
        connection = await asyncpg.connect(url, timeout=5)
        try:
            self._shape = await connection.fetchval(_SHAPE)
            tables = [name for [name] in await connection.fetch(_TABLES)]
            rows = {name: await connection.fetchval(f"SELECT json_agg({name}) FROM {name}") for name in tables}
            setvals = [setval for [setval] in await connection.fetch(_SEQUENCES)]
        finally:
            await connection.close()
        # One statement for all tables: what refers to what is looked at when it ends.
        deletes = [f"DELETE FROM {name}" for name in tables]
        inserts = [
            f"INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, $rows${made}$rows$)"
            for name, made in rows.items()
            if made
        ]
        self._put_back = f"{_at_once(deletes)}; {_at_once(inserts)}; SELECT {', '.join(setvals)}"

    async def _is_put_back(self, url: str) -> bool:
        """Whether its rows are the template's again: not where more than rows has changed."""
        try:
            connection = await asyncpg.connect(url, timeout=5)
        except asyncpg.InvalidCatalogNameError:
            return False
        try:
            await connection.execute(_ALONE)
            if await connection.fetchval(_SHAPE) != self._shape:
                return False
            await connection.execute(self._put_back)
        except asyncpg.PostgresError:
            return False
        else:
            return True
        finally:
            await connection.close()


def _at_once(statements: list[str]) -> str:
    parts = ", ".join(f"part_{place} AS ({statement})" for place, statement in enumerate(statements))
    return f"WITH {parts} SELECT" if statements else "SELECT"


def _name(url: str) -> str:
    return urlsplit(url).path.strip("/")


def _server(url: str) -> str:
    return urlsplit(url)._replace(path="/postgres").geturl()
