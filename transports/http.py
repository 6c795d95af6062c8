"""GraphQL over HTTP, as its specification has it (2025-09 draft, https://graphql.github.io/graphql-over-http)."""

from dataclasses import dataclass
from typing import Any

import orjson
from graphql import ExecutionResult, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

import models
from schema import schema
from schema.context import Context
from schema.execution import NotAllowed, masked
from services import accounts
from transports.media_types import GRAPHQL, JSON, is_utf8_json, negotiated
from transports.sessions import token_of

#: The longest body that is read, in bytes: a post of 30,000 characters in the longest encoding, eight times over.
MOST_BODY = 1024 * 1024
#: How much of a longer one is read and thrown away: many clients hear the answer only when they have sent all of it.
MOST_DISCARDED = 64 * MOST_BODY

_READING = (OperationType.QUERY,)
_READING_AND_WRITING = (OperationType.QUERY, OperationType.MUTATION)


class _Refused(Exception):
    """A request that is not a GraphQL request that we serve."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True)
class _Parameters:
    """What a request asks to be executed."""

    query: str
    operation_name: str | None
    variables: dict[str, Any] | None
    extensions: dict[str, Any] | None


async def graphql_over_http(request: Request) -> Response:
    """Execute the operation of a GET or POST request."""
    accept = request.headers.get("accept")
    if request.method == "GET" and "query" not in request.query_params and "text/html" in (accept or ""):
        return RedirectResponse("/graphiql")  # somebody typed the address into a browser
    media_type = negotiated(accept)
    try:
        if media_type is None:
            raise _Refused(406, f"Accept {GRAPHQL} or {JSON}.")
        parameters = await _parameters(request)
        context = await _context(request)
        result = await _execute(request.method, parameters, context)
    except _Refused as refused:
        return _answer({"errors": [{"message": str(refused)}]}, media_type or JSON, refused.status, refused.headers)
    except ClientDisconnect:
        return Response(status_code=499)
    except Exception as bug:
        return _answer({"errors": [masked(bug).formatted]}, media_type or JSON, 500)
    body: dict[str, Any] = {"data": result.data}
    status = 200
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
        # Without data and without a path nothing was executed: the document or its variables were at fault.
        if result.data is None and all(error.path is None for error in result.errors):
            del body["data"]
            status = 400 if media_type == GRAPHQL else 200
    response = _answer(body, media_type, status)
    response.raw_headers += context.cookies
    return response


async def _context(request: Request) -> Context:
    token = token_of(request)
    viewer = await accounts.user_of(token) if token else None
    context = Context(request=request, viewer=viewer, token=token)
    if viewer is not None:
        context.loaders.by_id(models.User).prime(viewer.id, viewer)
    return context


async def _execute(method: str, parameters: _Parameters, context: Context) -> ExecutionResult:
    allowed = _READING if method == "GET" else _READING_AND_WRITING
    try:
        return await schema.run(parameters.query, parameters.variables, parameters.operation_name, context, allowed)
    except NotAllowed as error:
        if error.operation is OperationType.SUBSCRIPTION:
            raise _Refused(400, "Subscriptions go over a WebSocket, with the protocol graphql-transport-ws.") from error
        raise _Refused(405, "Mutations go by POST.", allow="POST") from error


async def _parameters(request: Request) -> _Parameters:
    if request.method == "GET":
        given: dict[str, Any] = dict(request.query_params)
        for name in ("variables", "extensions"):
            if name in given:
                given[name] = _json(name, given[name] or "null")
    elif request.method == "POST":
        if not is_utf8_json(request.headers.get("content-type", "")):
            raise _Refused(415, f"Send {JSON}, in UTF-8.", accept_post=JSON)
        given = _json("The request body", await _body(request))
        if not isinstance(given, dict):
            raise _Refused(400, 'The request body must be a JSON object: {"query": "...", "variables": {...}}.')
    else:
        raise _Refused(405, "GraphQL goes by GET or POST.", allow="GET, POST")
    query = _checked(given, "query", str, "a string")
    if not query:
        raise _Refused(400, "There is no query in the request.")
    return _Parameters(
        query,
        _checked(given, "operationName", str, "a string") or None,  # empty, it is as good as left out
        _checked(given, "variables", dict, "an object"),
        _checked(given, "extensions", dict, "an object"),
    )


def _checked(given: dict[str, Any], name: str, kind: type, what: str) -> Any:
    value = given.get(name)
    if value is not None and not isinstance(value, kind):
        raise _Refused(400, f"{name} must be {what}, or left out.")
    return value


async def _body(request: Request) -> bytes:
    body = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MOST_BODY:
            body += chunk
        elif size > MOST_DISCARDED:
            break
    if size > MOST_BODY:
        raise _Refused(413, f"The request body may have at most {MOST_BODY:,} bytes.")
    return bytes(body)


def _json(what: str, text: bytes | str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _Refused(400, f"{what} is not valid JSON: {error}.") from error


def _answer(body: dict[str, Any], media_type: str, status: int, headers: dict[str, str] | None = None) -> Response:
    headers = {"vary": "Accept", **(headers or {})}
    return Response(
        orjson.dumps(body, option=orjson.OPT_UTC_Z), status, headers, media_type=f"{media_type}; charset=utf-8"
    )
