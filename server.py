"""The server, assembled: what starts and stops with it, and what is served where. `python server.py` serves it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from models import database
from services import live
from settings import settings
from transports.http import graphql_over_http
from transports.websocket import GraphQLOverWebSocket

STATIC = Path(__file__).parent / "static"
# GraphiQL needs nothing but its own files; its editor sets styles on elements.
GRAPHIQL_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.JSONRenderer(),
    ]
)


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
    """Open the database with the server, and close what listens with it."""
    await database.connect(settings().database_url)
    try:
        yield
    finally:
        live.close()
        await database.disconnect()


app = Starlette(
    routes=[
        Route("/", home),
        Route("/graphql", graphql_over_http, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        WebSocketRoute("/graphql", GraphQLOverWebSocket()),
        Route("/graphiql", graphiql),
        Mount("/static/graphiql", Revalidated(directory=STATIC / "graphiql")),
    ],
    lifespan=lifespan,
)


if __name__ == "__main__":
    import typer

    from commands.serve import serve

    typer.run(serve)
