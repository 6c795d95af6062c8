"""`qa serve`: the server."""

import asyncio
from typing import Annotated

import typer
import uvicorn

from commands.running import UNMIGRATED, console, fail, failures_told
from models import database
from models.migrating import pending
from planner.trusted import NotAManifest, hash_of, trusted
from planner.warming import documents_in, warm
from schema import schema
from services import policy
from settings import settings
from transports.requests import MOST_BODY

#: How long requests in flight may take to end when the server is told to stop, in seconds.
GRACE = 10


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all of them.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes to serve with.")] = 1,
) -> None:
    """Serve the graph, GraphiQL and live votes until told to stop.

    Run `qa migrate` before the first time. Nothing is ever filled in: `qa seed` does that.
    """
    if workers > 1:
        fail(
            "One process is all that this version serves with: live votes reach the listeners of the process that "
            "counted them, and no other. Run: qa serve --workers 1"
        )
    with failures_told():
        asyncio.run(_prepared())
    shown = f"[{host}]" if ":" in host else host
    console.print(f"GraphiQL      http://{shown}:{port}/graphiql", highlight=False)
    console.print(f"GraphQL       http://{shown}:{port}/graphql", highlight=False)
    console.print(f"Subscriptions ws://{shown}:{port}/graphql  (graphql-transport-ws)", highlight=False)
    uvicorn.run(
        "server:app",
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        # uvloop and httptools, where there are such for this Python; else asyncio and h11.
        loop="auto",
        http="auto",
        # Whose word is taken for where a request comes from, TRUSTED_PROXIES says, and nobody else.
        proxy_headers=False,
        ws_max_size=MOST_BODY,
        timeout_graceful_shutdown=GRACE,
    )


async def _prepared() -> None:
    """Fail where the settings or the database are not this version's; plan what clients are known to ask."""
    policy.matrix()
    try:
        manifest = trusted()
    except (OSError, NotAManifest) as error:
        fail(f"TRUSTED_DOCUMENTS: {error}")
    async with database.connected(settings().database_url):
        if await pending():
            fail(UNMIGRATED)
        if settings().planner:
            try:
                known = documents_in(settings().documents)
            except (OSError, UnicodeDecodeError) as error:
                fail(f"DOCUMENTS cannot be read: {error}")
            known |= {f"trusted document {hash_of(text)}": text for text in manifest.texts}
            for note in warm(schema.documents, known):
                console.print(note, style="yellow", markup=False, highlight=False, soft_wrap=True)
