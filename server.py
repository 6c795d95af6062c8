"""The server, assembled: what starts and stops with it, and what is served where. `python server.py` serves it."""

import asyncio
import gc
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from models import database, replicas
from models.outages import outage
from planner.warming import documents_in, warm
from schema import schema
from services import addresses, bus, changes, live, reckoning, viewing, voting
from services.delivery import delivering
from settings import settings
from transports import connections
from transports.answers import Answers
from transports.health import Readiness, healthz
from transports.http import SAFETY, GraphQLOverHTTP
from transports.links import confirm, stop
from transports.logs import logging_all
from transports.metrics import metrics, watching_the_loop
from transports.tracing import spans_sent
from transports.websocket import graphql_over_websocket

log = structlog.get_logger()

STATIC = Path(__file__).parent / "static"
# GraphiQL needs nothing but its own files; its editor sets styles on elements.
GRAPHIQL_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
#: So many more objects than before make Python look for cyclic garbage. A page of 100 answers is some thousands, and
#: its looks took 20 % of the CPU time: 4.5 ms with Python's own 700, 4.2 with what is there at the start left out of
#: them (and the longest 5 ms instead of 47), 3.8 with 50,000. A page of ten answers is the same with each.
RARELY = 50_000
#: Seconds between two tries to open a database that is away.
PAUSE = 1.0


class Revalidated(StaticFiles):
    """Files that a browser asks about before it uses its copy: their names stay while they change with a release."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response


async def home(request: Request) -> Response:
    """The front door leads to GraphiQL."""
    return RedirectResponse("/graphiql") if settings().graphiql else Response(status_code=404)


async def graphiql(request: Request) -> Response:
    """The page that explores the graph, if it is not switched off."""
    if not settings().graphiql:
        return Response(status_code=404)
    headers = {
        "content-security-policy": GRAPHIQL_POLICY,
        "cache-control": "no-cache",
    }
    return FileResponse(STATIC / "graphiql" / "index.html", headers=headers)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open the database and the bus with the server, block addresses, and close what listens with it."""
    url, others = settings().database_url, [each.get_secret_value() for each in settings().read_replicas]
    async with spans_sent(), opened(), bus.carrying(), replicas.reading(url, others, changes.told):
        if settings().planner:
            warm(schema.documents, documents_in(settings().documents))  # each process plans for itself
        try:
            with logging_all(), keeping_answers(), collecting_rarely():
                reckoning.begin()  # what a change of the rules has left to do
                viewing.begin()
                async with addresses.kept_up_to_date(), delivering(), connections.kept_alive(), watching_the_loop():
                    with ending_what_is_live():
                        yield
        finally:
            live.close()
            await voting.finish()
            await reckoning.stop()
            await viewing.finish()


@asynccontextmanager
async def opened() -> AsyncIterator[None]:
    """The database, open while the block lasts; waited for where it is away.

    `qa serve` has seen that it answers. Who takes the place of a process that died may come while it is away, and must
    not give up: uvicorn would have all the others end, as if the program were at fault.
    """
    while True:
        try:
            await database.connect(settings().database_url)
            await addresses.load()  # what has to be known before the first request
            break
        except Exception as away:
            await database.disconnect()
            if not isinstance(away, database.DatabaseUnavailable) and outage(away) is None:
                raise
            log.warning("waiting for the database", error=str(away))
            end_if_told_to_stop()
            await asyncio.sleep(PAUSE)
    try:
        yield
    finally:
        await database.disconnect()


def end_if_told_to_stop() -> None:
    """Die of the signal to stop, if it has come: uvicorn notes it, and looks at its note when all has begun."""
    noted_by = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if getattr(noted_by, "should_exit", False):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)


@contextmanager
def ending_what_is_live() -> Iterator[None]:
    """End subscriptions as soon as the server is told to stop: it waits for all requests, and streams have no end."""
    loop = asyncio.get_running_loop()
    earlier: dict[signal.Signals, Any] = {}

    def end() -> None:
        live.close()
        loop.call_later(0.2, end)  # a last request may have come since

    def told(number: int, frame: Any) -> None:
        loop.call_soon_threadsafe(end)
        if callable(handler := earlier[signal.Signals(number)]):
            handler(number, frame)

    if threading.current_thread() is threading.main_thread():
        for each in (signal.SIGTERM, signal.SIGINT):
            earlier[each] = signal.signal(each, told)
    try:
        yield
    finally:
        for each, handler in earlier.items():
            signal.signal(each, handler)


@contextmanager
def keeping_answers() -> Iterator[None]:
    """Keep answers to visitors while the block lasts, and hear what changes; if the settings do not forbid it."""
    if not settings().response_cache:
        yield
        return
    answers = Answers(settings().response_cache_mb * 2**20, settings().response_cache_seconds)
    with changes.hearing(answers.hear):
        graphql.answers = answers
        try:
            yield
        finally:
            graphql.answers = None


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Have Python look for cyclic garbage rarely while the block lasts, and never among what is there for good."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def safely(send: Send) -> Send:
    """Sends what a page sends, with headers that forbid what no page of ours needs."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(each for each in SAFETY if each[0] not in there)]
        await send(message)

    return sent


class Server(Starlette):
    """The routes, with the one that nearly all requests take ahead of the rest."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, a socket, or the server's own life."""
        if scope["type"] == "http" and scope["path"] == "/graphql":
            await graphql(scope, receive, send)
        elif scope["type"] == "websocket" and scope["path"] == "/graphql":
            await graphql_over_websocket(scope, receive, send)
        elif scope["type"] == "http":
            await super().__call__(scope, receive, safely(send))
        else:
            await super().__call__(scope, receive, send)


graphql = GraphQLOverHTTP()

app = Server(
    routes=[
        Route("/", home),
        Route("/graphql", graphql),
        Route("/graphiql", graphiql),
        Route("/stop/{token}", stop, methods=["GET", "POST"]),
        Route("/confirm/{token}", confirm, methods=["GET", "POST"]),
        Route("/healthz", healthz),
        Route("/readyz", Readiness().answer),
        Route("/metrics", metrics),
        Mount("/static/graphiql", Revalidated(directory=STATIC / "graphiql")),
    ],
    lifespan=lifespan,
)


if __name__ == "__main__":
    import typer

    from commands.serve import serve

    typer.run(serve)
