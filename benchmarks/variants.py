"""The servers that are compared, and how each is started."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from benchmarks import peers
from benchmarks.databases import Kind
from benchmarks.pages import Ask, Understand
from benchmarks.peers import postgraphile

#: What starts a server on a port. Raises NoPeers where it cannot be had.
Command = Callable[[int], Sequence[str]]

READS = ("question_page", "home", "deep_page")
BOTH: tuple[Kind, ...] = ("sqlite", "postgres")
HELLO = "hello world"
BY_HAND = "by hand"
JSON_BY_SQL = "JSON made by SQL"
PLAIN = "plain Strawberry"
OURS = "plainspoken"
PLANNER_OFF = "plainspoken, planner off"
ONE_BY_ONE = "plainspoken, votes one by one"
CACHED = "plainspoken, cached"
PEERS = ("PostGraphile 5", "Mercurius + JIT", "GraphQL Yoga + JIT")
#: Connections to PostgreSQL that each server may have: all of them run at once, and it takes 100 as it is installed.
POOL_SIZE = 5
#: Those that the growth tables compare.
GROWING = (BY_HAND, OURS, PLAIN)


@dataclass(frozen=True)
class Variant:
    """One way to serve the pages: its name, what starts it on a port, and what it answers on which databases."""

    name: str
    command: Command
    documents: Sequence[str] = READS
    databases: Sequence[Kind] = BOTH
    environment: dict[str, str] = field(default_factory=dict)
    #: Whether it takes the size of its pool from the database's URL.
    pool_in_url: bool = False
    #: Its ASGI application, where it has one.
    app: str = ""
    #: Whether its answers are those of the page: hello world's are not.
    answers: bool = True
    #: Whether it is there for visitors only, as a response cache is.
    visitors_only: bool = False
    #: Where its schema is another one than ours: how it is asked, and what its answers mean.
    ask: Ask | None = None
    understand: Understand = orjson.loads

    def environment_at(self, url: str) -> dict[str, str]:
        """The environment that it is started in, for a database. All have pools of one size."""
        if self.pool_in_url and url.startswith("postgres"):
            url = f"{url}?maxsize={POOL_SIZE}"
        return {**self.environment, "DATABASE_URL": url, "POOL_SIZE": str(POOL_SIZE)}

    def reads(self, user_id: int | None) -> bool:
        """Whether it is measured for this reader."""
        return user_id is None or not self.visitors_only


def uvicorn(app: str) -> Command:
    """What serves an ASGI application as uvicorn does it best."""
    options = ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning", "--no-access-log", "--port"]
    return lambda port: [sys.executable, "-m", "uvicorn", app, *options, str(port)]


def _python(name: str, module: str, *more: str, **options: Any) -> Variant:
    app = f"benchmarks.apps.{module}:app"
    return Variant(name, uvicorn(app), (*READS, *more), app=app, **options)


def _ours(
    name: str, planner: str, cache: str, *documents: str, command: Sequence[str] = ("server.py",), **options: Any
) -> Variant:
    # One address votes more often here than a site lets it.
    environment = {"PLANNER": planner, "RESPONSE_CACHE": cache, "RATE_LIMITS": "off"}
    begin = lambda port: [sys.executable, *command, "--port", str(port)]  # noqa: E731  a command like the others
    return Variant(name, begin, documents, environment=environment, app="server:app", pool_in_url=True, **options)


def _peer(name: str, server: str, **options: Any) -> Variant:
    return Variant(name, lambda port: peers.command(server), (*READS, "vote"), ("postgres",), **options)


VARIANTS = (
    _python(HELLO, "hello", answers=False),
    _python(JSON_BY_SQL, "json_by_sql", databases=("postgres",)),
    _python(BY_HAND, "by_hand_sqlite", "vote", databases=("sqlite",)),
    _python(BY_HAND, "by_hand_postgres", "vote", databases=("postgres",)),
    _ours(OURS, "on", "off", *READS, "vote"),
    _ours(PLANNER_OFF, "off", "off", *READS, "vote"),
    _ours(CACHED, "on", "on", *READS, visitors_only=True),
    _ours(ONE_BY_ONE, "on", "off", "vote", command=("-m", "benchmarks.apps.one_by_one")),
    _peer(PEERS[0], "postgraphile", ask=postgraphile.ask, understand=postgraphile.understand),
    _peer(PEERS[1], "mercurius"),
    _peer(PEERS[2], "yoga"),
    _python(PLAIN, "plain_strawberry", pool_in_url=True),
)


def counting(variant: Variant) -> Variant:
    """The variant on a server that counts its statements."""
    environment = {**variant.environment, "COUNTED_APP": variant.app}
    return replace(variant, command=uvicorn("benchmarks.statements:app"), environment=environment)
