"""`/healthz` and `/readyz`, for who starts, stops and chooses processes: whether this one lives, and may be sent to."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from models import database
from models.migrating import CannotMigrate, pending
from models.replicas import current
from services import changes

log = structlog.get_logger()

#: Seconds that all parts together may take to answer.
PATIENCE = 2.0
#: Seconds that what was found stands: whoever asks how often, the parts are not asked more often.
STANDS = 1.0

_OK = "ok"


class NotReady(Exception):
    """A part does not do what it is there for; the message says what, and names nobody."""


async def _database() -> None:
    await database.fetch("SELECT 1")


async def _migrations() -> None:
    await _database()  # where it does not answer, all would seem to be pending
    try:
        missing = await pending()
    except CannotMigrate as newer:
        raise NotReady(str(newer)) from newer
    if missing:
        raise NotReady(f"{len(missing)} are pending: run qa migrate")


async def _redis() -> None:
    if changes.is_cut_off():
        raise NotReady("what other processes change is not heard of: REDIS_URL does not answer")


#: What has to work for requests to be answered, in the order in which it is asked; each raises what is wrong with it.
PARTS: dict[str, Callable[[], Awaitable[None]]] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
}


class Readiness:
    """What the parts said last, asked again when that is old. Who asks meanwhile waits for the same answer."""

    def __init__(self) -> None:
        self._looking: asyncio.Task[dict[str, str]] | None = None
        self._looked_at = -STANDS
        self._was_ready = True

    async def answer(self, request: Request) -> Response:
        """Whether requests can be answered; if not, status 503, and which part is at fault."""
        said = await self.parts()
        is_ready = set(said.values()) == {_OK}
        content: dict[str, Any] = {"status": "ready" if is_ready else "not ready", "parts": said}
        if (replicas := current()) is not None:
            content["replicas"] = replicas.said()  # without them all is read from the primary
        return _answer(content, 200 if is_ready else 503)

    async def parts(self) -> dict[str, str]:
        """What each part says of itself: `ok`, or what is wrong."""
        looking = self._looking
        if looking is None or (looking.done() and monotonic() - self._looked_at > STANDS):
            looking = self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(looking)

    async def _look(self) -> dict[str, str]:
        said = dict.fromkeys(PARTS, "not asked: what came before it took too long")
        try:
            async with asyncio.timeout(PATIENCE):
                for name, part in PARTS.items():
                    said[name] = f"does not answer within {PATIENCE:g} s"
                    said[name] = await _said(part)
        except TimeoutError:
            pass
        is_ready = set(said.values()) == {_OK}
        if is_ready != self._was_ready:
            log.warning("ready again" if is_ready else "not ready", **said)
        self._was_ready, self._looked_at = is_ready, monotonic()
        return said


async def _said(part: Callable[[], Awaitable[None]]) -> str:
    try:
        await part()
    except NotReady as reason:
        return str(reason)
    except TimeoutError:
        raise
    except Exception as failure:  # its text may tell where the part is, and as whom it is asked
        return f"fails: {type(failure).__name__}"
    return _OK


async def healthz(request: Request) -> Response:
    """That the process lives: its event loop turns. Nothing else is asked."""
    return _answer({"status": "alive"})


def _answer(content: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(content, status, {"cache-control": "no-store"})
