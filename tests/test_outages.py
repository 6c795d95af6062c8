"""Outages of the database are told as such, by every error that they are met as, and bugs are not taken for them."""

import sqlite3
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from clients import Client
from graphql import ExecutionResult, GraphQLError
from structlog.testing import capture_logs
from tortoise.exceptions import IntegrityError, OperationalError

from models import database
from models.database import DatabaseBusy, connected
from models.outages import AWAY, BUSY, FULL, Seldom, outage
from models.reading import Reading
from schema.execution import masked
from services import accounts
from transports.http import _unavailable
from transports.media_types import JSON

FULL_DISK = sqlite3.OperationalError("database or disk is full")
FULL_DISK.sqlite_errorcode = sqlite3.SQLITE_FULL


def wrapped(error: Exception) -> Exception:
    """An error as Tortoise wraps it."""
    return OperationalError(error)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ConnectionRefusedError(111, "Connection refused"), AWAY),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 111] Connect call failed"), AWAY),
        (asyncpg.CannotConnectNowError("the database system is starting up"), AWAY),
        (asyncpg.AdminShutdownError("terminating connection due to administrator command"), AWAY),
        (asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"), AWAY),
        (asyncpg.InterfaceError("connection is closed"), AWAY),
        (asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"), AWAY),
        (asyncpg.LockNotAvailableError("canceling statement due to lock timeout"), BUSY),
        (DatabaseBusy("All 10 connections were in use"), BUSY),
        (asyncpg.DiskFullError("could not extend file"), FULL),
        (FULL_DISK, FULL),
        (asyncpg.InterfaceError("cannot perform operation: another operation is in progress"), None),
        (asyncpg.UniqueViolationError("duplicate key value"), None),
        (FileNotFoundError(2, "No such file"), None),
        (sqlite3.OperationalError("no such table: post"), None),
        (TimeoutError(), None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_outage_is_known_by_its_error(error: Exception, told: str | None) -> None:
    assert outage(error) == outage(wrapped(error)) == told


async def test_who_asks_is_told_by_status_and_when_to_try_again(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def out(*_: Any) -> None:
        raise ConnectionRefusedError(111, "Connect call failed ('10.0.0.7', 5432)")

    ann = await visitor.sign_up("ann")
    monkeypatch.setattr(accounts, "user_of", out)  # who asks is read first
    answer = await ann.http.post("/graphql", json={"query": "{ site { name } }"}, headers=ann.headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {"errors": [{"message": AWAY, "extensions": {"code": "SERVICE_UNAVAILABLE"}}]}


async def test_a_plan_that_meets_one_is_not_tried_again(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    async def out(*_: Any) -> None:
        tries.append(1)
        raise wrapped(FULL_DISK)

    monkeypatch.setattr(Reading, "__call__", out)
    answer = await visitor.http.post("/graphql", json={"query": "{ users { nodes { name } } }"})
    assert (answer.status_code, answer.json()["errors"][0]["message"], len(tries)) == (503, FULL, 1)


def test_what_was_found_out_is_told_with_what_was_not() -> None:
    out = [GraphQLError(AWAY, path=["thread"], extensions={"code": "SERVICE_UNAVAILABLE"})]
    assert _unavailable(ExecutionResult({"thread": None, "site": {"name": "Plainspoken"}}, out), JSON) is None
    assert _unavailable(ExecutionResult({"thread": None}, [*out, GraphQLError("Wrong.")]), JSON) is None
    assert _unavailable(ExecutionResult({"thread": None}, out), JSON) is not None


def test_the_log_has_no_values_of_rows() -> None:
    error = IntegrityError("duplicate key value\nDETAIL:  Key (name)=(Ann Archer) already exists.")
    with capture_logs() as lines:
        masked(error)
    assert "duplicate key value" in lines[0]["traceback"]
    assert "Ann" not in str(lines)


def test_a_flood_of_them_is_told_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("models.outages.monotonic", lambda: now)
    seldom = Seldom(seconds=1)
    assert [seldom.times() for _ in range(4)] == [1, 0, 0, 0]
    now = 101.5
    assert seldom.times() == 4


async def test_no_lock_of_postgres_is_waited_for_without_end(postgres_url: str) -> None:
    async with connected(postgres_url):
        for name, value in (("lock_timeout", "10s"), ("idle_in_transaction_session_timeout", "1min")):
            assert await database.fetch(f"SHOW {name}") == [{name: value}]
