"""The servers whose listeners are compared."""

import sys

from benchmarks import peers
from benchmarks.variants import OURS, PLAIN, Variant, uvicorn

RAW = "raw writer"
GRAPHQL_WS = "graphql-ws"

# Votes of a bench are not limited. Its listeners come from many addresses, so limits for one do not matter.
_ENVIRONMENT = {"RATE_LIMITS": "off"}

#: The floor first, then this server and those that are beside it.
SERVERS = (
    Variant(RAW, lambda port: [sys.executable, "-m", "benchmarks.apps.raw_writer", str(port)]),
    Variant(OURS, lambda port: [sys.executable, "server.py", "--port", str(port)], environment=_ENVIRONMENT),
    Variant(GRAPHQL_WS, lambda port: peers.command("graphql_ws")),
    Variant(PLAIN, uvicorn("benchmarks.apps.plain_live:app"), pool_in_url=True),
)
