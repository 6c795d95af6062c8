"""Whether spans are made, and sent: only where OTEL_EXPORTER_OTLP_ENDPOINT says where to is OpenTelemetry loaded.

All else its own environment variables say: OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS ...
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from threading import Thread

import structlog

from models import tracing
from settings import settings

log = structlog.get_logger()

#: How long the last spans may take to be sent, in seconds: OpenTelemetry would try for half a minute.
PATIENCE = 3.0
_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http", "dotenv")
_PROTOCOL = "http/protobuf"


class CannotTrace(Exception):
    """Spans are wanted, and cannot be made; the message says what to do."""


def is_wanted() -> bool:
    """Whether spans are wanted. Raises CannotTrace where they are, and cannot be made."""
    if not settings().otel_exporter_otlp_endpoint:
        return False
    if not all(map(_is_there, _NEEDED)):
        raise CannotTrace(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed. Run: "
            "pip install --require-hashes -r requirements-otel.lock; or leave that variable out."
        )
    protocol = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if (protocol or _PROTOCOL) != _PROTOCOL:
        raise CannotTrace(f"OTEL_EXPORTER_OTLP_PROTOCOL: spans are sent by {_PROTOCOL} alone, and not by {protocol}.")
    return True


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even what it is in
        return False


@asynccontextmanager
async def spans_sent() -> AsyncIterator[None]:
    """Make spans while the block lasts, if they are wanted, and send the last of them at its end.

    It is around the database's block: statements are traced on connections that are made for it. Raises CannotTrace.
    """
    if not is_wanted():
        yield
        return
    from transports.spans import Spans

    spans = tracing.tracer = Spans()
    try:
        yield
    finally:
        tracing.tracer = None
        await _finished(spans.finish)


async def _finished(finish: Callable[[], None]) -> None:
    """Finish in a thread that the process does not wait for: nobody may be there to take what is left."""
    loop, is_done = asyncio.get_running_loop(), asyncio.Event()

    def work() -> None:
        finish()
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(is_done.set)

    Thread(target=work, daemon=True).start()
    try:
        async with asyncio.timeout(PATIENCE):
            await is_done.wait()
    except TimeoutError:
        log.warning("the last spans were not sent", seconds=PATIENCE)
