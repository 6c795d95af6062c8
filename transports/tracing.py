"""Whether spans are made, and sent: only where OTEL_EXPORTER_OTLP_ENDPOINT says where to is OpenTelemetry loaded.

All else its own environment variables say: OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS ...
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec

from models import tracing
from settings import settings

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
        await asyncio.to_thread(spans.finish)
