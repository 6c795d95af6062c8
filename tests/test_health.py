"""Who starts and stops processes is told whether this one lives, and whether it may be sent to."""

import asyncio

import pytest
from clients import Client

from models import database
from services import changes
from transports import health
from transports.health import Readiness


async def test_a_process_lives_whatever_becomes_of_its_database(visitor: Client) -> None:
    await database.execute("DELETE FROM tortoise_migrations")
    alive = await visitor.http.get("/healthz")
    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    assert alive.headers["cache-control"] == "no-store"


async def test_a_server_whose_parts_answer_is_ready(forum: str) -> None:
    assert await Readiness().parts() == {"database": "ok", "migrations": "ok", "redis": "ok"}


async def test_it_is_told_by_its_status_too(visitor: Client) -> None:
    ready = await visitor.http.get("/readyz")
    assert ready.json()["status"] == ("ready" if ready.status_code == 200 else "not ready")


async def test_pending_migrations_are_told(forum: str) -> None:
    await database.execute("DELETE FROM tortoise_migrations")
    said = await Readiness().parts()
    assert said["database"] == "ok"
    assert said["migrations"].endswith("are pending: run qa migrate")


async def test_a_database_of_a_newer_version_is_told(forum: str) -> None:
    await database.execute("UPDATE tortoise_migrations SET name = '9999_later' WHERE name = '0004_moderation'")
    assert "9999_later" in (await Readiness().parts())["migrations"]


async def test_a_part_that_fails_is_told_without_its_words(forum: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused() -> None:
        raise ConnectionRefusedError("postgres://ann:secret@10.0.0.1 refused")

    monkeypatch.setitem(health.PARTS, "bus", refused)
    assert await Readiness().parts() == {
        "database": "ok",
        "migrations": "ok",
        "redis": "ok",
        "bus": "fails: ConnectionRefusedError",
    }


async def test_a_part_that_does_not_answer_is_not_waited_for(forum: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(health, "PATIENCE", 0.05)
    monkeypatch.setattr(health, "PARTS", {"bus": silent, **health.PARTS})
    said = await Readiness().parts()
    assert said["bus"] == "does not answer within 0.05 s"
    assert said["database"].startswith("not asked")


async def test_whoever_asks_how_often_the_parts_are_not(forum: str, statements: list[str]) -> None:
    readiness = Readiness()
    await asyncio.gather(*(readiness.parts() for _ in range(50)))
    assert sum("SELECT 1" in statement for statement in statements) == 2  # a look's


async def test_a_server_that_is_cut_off_from_the_others_is_not_ready(forum: str) -> None:
    changes.cut_off(True)
    try:
        said = (await Readiness().parts())["redis"]
    finally:
        changes.cut_off(False)
    assert said == "what other processes change is not heard of: REDIS_URL does not answer"
