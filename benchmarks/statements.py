"""Counts a Python server's SQL statements: it serves the app that COUNTED_APP names, and the count at /statements.

Counting costs time, so nothing is timed on a server that counts.
"""

import importlib
import os
import sqlite3
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_seen = 0


def _count(*_: object) -> None:
    global _seen
    _seen += 1


def _watch_sqlite() -> None:
    connect = sqlite3.connect

    def watched(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **kwargs)
        connection.set_trace_callback(_count)
        return connection

    sqlite3.connect = watched  # type: ignore[assignment]


def _watch_postgres() -> None:
    begin = asyncpg.Connection.__init__

    def watched(self: Any, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        self.add_query_logger(_count)

    asyncpg.Connection.__init__ = watched


_watch_sqlite()
_watch_postgres()
_module, _, _name = os.environ["COUNTED_APP"].partition(":")
_counted: ASGIApp = getattr(importlib.import_module(_module), _name)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The counted app, and /statements."""
    if scope["type"] == "http" and scope["path"] == "/statements":
        await PlainTextResponse(str(_seen))(scope, receive, send)
    else:
        await _counted(scope, receive, send)
