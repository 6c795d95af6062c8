"""`/metrics`, for Prometheus: how long requests take, what plans answer, how late the event loop is, what the process
needs.

Of several processes each has its own numbers. With `PROMETHEUS_MULTIPROC_DIR`, an empty folder that they share, any of
them tells the sum (https://prometheus.github.io/client_python/multiprocess/).
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hmac import compare_digest
from ipaddress import ip_address
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from settings import settings

#: Seconds between two looks at how late the event loop is.
LOOK_AGAIN = 1.0

_REQUESTS = Histogram(
    "http_request_seconds",
    "Requests to the graph over HTTP: from their arrival to the last byte handed on.",
    ("status",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_LATE = Histogram(
    "event_loop_late_seconds",
    "How late the event loop comes to a timer that is set each second: all requests wait as long.",
    buckets=(0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
_by_status: dict[int, Any] = {}


def answered(status: int, seconds: float) -> None:
    """Count a request to the graph that was answered."""
    timed = _by_status.get(status)
    if timed is None:
        timed = _by_status[status] = _REQUESTS.labels(status)
    timed.observe(seconds)


@asynccontextmanager
async def watching_the_loop() -> AsyncIterator[None]:
    """Measure how late the event loop is while the block lasts."""

    async def look() -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOK_AGAIN
            await asyncio.sleep(LOOK_AGAIN)
            _LATE.observe(max(0.0, loop.time() - due))

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()


async def metrics(request: Request) -> Response:
    """All numbers of this process, for who may read them."""
    if not _may_read(request):
        return PlainTextResponse(
            "Numbers are for the server's own people: send METRICS_TOKEN as a bearer token; where the server has "
            "none, ask from its own machine, and not through a proxy.\n",
            403,
        )
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), headers={"content-type": media_type, "cache-control": "no-store"})


def _may_read(request: Request) -> bool:
    if token := settings().metrics_token:
        given = request.headers.get("authorization", "").encode()
        return compare_digest(given, b"Bearer " + token.get_secret_value().encode())
    # A proxy on the same machine asks from there too, for anybody.
    if {"forwarded", "via", "x-forwarded-for", "x-forwarded-proto", "x-real-ip"} & set(request.headers.keys()):
        return False
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
