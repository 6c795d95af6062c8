"""The server, assembled: what starts and stops with it, and what is served where. `python server.py` serves it."""

import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from models import database
from services import addresses, changes, live, reckoning, viewing, voting
from services.delivery import delivering
from settings import settings
from transports.answers import Answers
from transports.health import Readiness, healthz
from transports.http import GraphQLOverHTTP
from transports.links import confirm, stop
from transports.logs import logging_all
from transports.metrics import metrics, watching_the_loop
from transports.websocket import GraphQLOverWebSocket

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


class Revalidated(StaticFiles):
    """Files that a browser asks about before it uses its copy: their names stay while they change with a release."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response


async def home(request: Request) -> Response:
    """The front door leads to GraphiQL."""
    return RedirectResponse("/graphiql")


async def graphiql(request: Request) -> Response:
    """The page that explores the graph."""
    headers = {
        "content-security-policy": GRAPHIQL_POLICY,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cache-control": "no-cache",
    }
    return FileResponse(STATIC / "graphiql" / "index.html", headers=headers)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open the database with the server, have its blocked addresses in force, and close what listens with it."""
    await database.connect(settings().database_url)
    try:
        with logging_all(), keeping_answers(), collecting_rarely():
            reckoning.begin()  # what a change of the rules has left to do
            viewing.begin()
            async with addresses.kept_loaded(), delivering(), watching_the_loop():
                yield
    finally:
        live.close()
        await voting.finish()
        await reckoning.stop()
        await viewing.finish()
        await database.disconnect()


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


class Server(Starlette):
    """The routes, with the one that nearly all requests take ahead of the rest."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, a socket, or the server's own life."""
        if scope["type"] == "http" and scope["path"] == "/graphql":
            await graphql(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


graphql = GraphQLOverHTTP()

app = Server(
    routes=[
        Route("/", home),
        Route("/graphql", graphql),
        WebSocketRoute("/graphql", GraphQLOverWebSocket()),
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
