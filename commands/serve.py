"""`qa serve`: the server."""

import asyncio
import resource
from contextlib import suppress
from typing import Annotated

import typer
import uvicorn
from uvicorn.supervisors import multiprocess

from commands.running import UNMIGRATED, console, fail, failures_told
from models import database, replicas
from models.migrating import pending
from planner.trusted import NotAManifest, hash_of, trusted
from planner.warming import documents_in, warm
from schema import schema
from services import changes, policy
from settings import settings
from transports.tracing import CannotTrace, is_wanted
from transports.wire import OPTIONS

#: How long requests in flight may take to end when the server is told to stop, in seconds.
GRACE = 10
#: How long one of several processes may say nothing before it is replaced, in seconds. It says nothing while it begins,
#: which takes a busy machine longer than uvicorn's own five: then none would ever have begun.
SILENCE = 60


class _Worker(multiprocess.Process):
    """One of several processes, whose end of the pipe by which it is asked whether it lives is its own alone.

    uvicorn keeps it open, and so waits all of SILENCE for one that died when it had just been asked: to replace it, and
    to hear that it shall stop itself.
    """

    def start(self) -> None:
        super().start()
        self.child_conn.close()


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all of them.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes to serve with. More than one need PostgreSQL and Redis.")
    ] = 1,
) -> None:
    """Serve the graph, GraphiQL and live votes until told to stop.

    Run `qa migrate` before the first time. Nothing is ever filled in: `qa seed` does that. Several processes
    (--workers: one for each core, say) take DATABASE_URL=postgres://... and REDIS_URL=redis://...; one that dies is
    replaced.
    """
    with failures_told():
        if workers > 1:
            _check_that_several_can_serve()
        asyncio.run(_prepared())
    _allow_many_sockets()
    shown = f"[{host}]" if ":" in host else host
    console.print(f"GraphiQL      http://{shown}:{port}/graphiql", highlight=False)
    console.print(f"GraphQL       http://{shown}:{port}/graphql", highlight=False)
    console.print(f"Subscriptions ws://{shown}:{port}/graphql  (graphql-transport-ws)", highlight=False)
    multiprocess.Process = _Worker  # type: ignore[misc]
    uvicorn.run(
        "server:app",
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        access_log=False,
        loop="auto",  # uvloop, where there is one for this Python; else asyncio
        # Whose word is taken for where a request comes from, TRUSTED_PROXIES says, and nobody else.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
        timeout_worker_healthcheck=SILENCE,
        **OPTIONS,
    )


def _check_that_several_can_serve() -> None:
    """Fail where the settings have no room for more than one process."""
    if not settings().database_url.startswith("postgres"):
        fail(
            "SQLite is served by one process: it lets one write at a time, and a process has its votes share a "
            "transaction, which several cannot. Set DATABASE_URL to postgres://USER:PASSWORD@HOST:PORT/DATABASE, or "
            "run: qa serve --workers 1"
        )
    if settings().redis_url is None:
        fail(
            "Several processes tell each other through Redis what changed: without it live votes would reach the "
            "listeners of one of them alone. Set REDIS_URL to redis://HOST:PORT, or run: qa serve --workers 1"
        )


def _allow_many_sockets() -> None:
    """Let this process, and those that it starts, open as many files as it may: each listener's socket is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # where "as many as you like" is more than the system can count
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _prepared() -> None:
    """Fail where the settings or the database are not this version's; plan what clients are known to ask."""
    policy.matrix()
    try:
        is_wanted()
    except CannotTrace as error:
        fail(str(error))
    try:
        manifest = trusted()
    except (OSError, NotAManifest) as error:
        fail(f"TRUSTED_DOCUMENTS: {error}")
    async with database.connected(settings().database_url):
        if await pending():
            fail(UNMIGRATED)
        others = [each.get_secret_value() for each in settings().read_replicas]
        async with replicas.reading(settings().database_url, others, changes.told):
            pass  # what is none of ours is told here in a line
        if settings().planner:
            try:
                known = documents_in(settings().documents)
            except (OSError, UnicodeDecodeError) as error:
                fail(f"DOCUMENTS cannot be read: {error}")
            known |= {f"trusted document {hash_of(text)}": text for text in manifest.texts}
            for note in warm(schema.documents, known):
                console.print(note, style="yellow", markup=False, highlight=False, soft_wrap=True)
