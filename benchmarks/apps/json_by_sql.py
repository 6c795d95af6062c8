"""The limit with a database: PostgreSQL makes the JSON of a page in one statement, and the server passes it on.

Its functions are in `benchmarks/sql/3_pages.sql`. What it saves here is spent by PostgreSQL.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.apps.by_hand import ANSWERS

_pool: asyncpg.Pool


async def answer(request: Request) -> Response:
    """The page that the request names."""
    given = orjson.loads(await request.body())
    authorization = request.headers.get("authorization")
    token_hash = sha256(authorization[7:].encode()).hexdigest() if authorization else None
    operation = given["operationName"]
    if operation == "Home":
        body = await _pool.fetchval("SELECT bench_home()")
    else:
        body = await _pool.fetchval(
            "SELECT bench_question_page($1, $2, $3)", given["variables"]["number"], ANSWERS[operation], token_hash
        )
    return Response(body.encode(), media_type="application/json")


async def _keep_session(connection: Any) -> None:
    """Nothing here changes the state of a session, so nothing is reset."""


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """The pool, for as long as the server runs."""
    global _pool
    size = int(os.environ["POOL_SIZE"])
    url = os.environ["DATABASE_URL"]
    async with asyncpg.create_pool(url, min_size=size, max_size=size, reset=_keep_session) as _pool:
        yield


app = Starlette(routes=[Route("/graphql", answer, methods=["POST"])], lifespan=lifespan)
