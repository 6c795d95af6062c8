"""Hello world: what HTTP alone costs."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def hello(request: Request) -> Response:
    """Greet, after the request was read as any page's is."""
    await request.body()
    return Response(b'{"data":{"hello":"world"}}', media_type="application/json")


app = Starlette(routes=[Route("/graphql", hello, methods=["POST"])])
