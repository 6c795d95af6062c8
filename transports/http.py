"""GraphQL over HTTP, as its specification has it (2025-09 draft, https://graphql.github.io/graphql-over-http).

The endpoint is an ASGI application without a framework: what a visitor asked before is answered without a look at what
it means. Answers to GET have an ETag, and whoever keeps one asks whether it is still true (RFC 9110, 13.1.2: an
If-None-Match on another method says something else, and counts for nothing here).
"""

from hashlib import blake2b
from time import perf_counter
from typing import Any

import orjson
from graphql import ExecutionResult, OperationType
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from schema import schema
from schema.context import Context
from schema.execution import UNAVAILABLE, NotAllowed, masked
from transports.answers import Answer, Answers, Header, Key
from transports.media_types import GRAPHQL, JSON, negotiated
from transports.metrics import answered
from transports.requests import HungUp, Parameters, Refused, body_of, parameters_of
from transports.sessions import Headers, may_be_known, secret_of, who_asks

_READING = (OperationType.QUERY,)
_READING_AND_WRITING = (OperationType.QUERY, OperationType.MUTATION)
#: What an answer depends on beside what is asked.
_VARY: Header = (b"vary", b"Accept, Authorization, Cookie, Origin")
#: Nobody but the reader's own browser keeps an answer, and it asks each time whether that is still true.
_CACHING: Header = (b"cache-control", b"private, no-cache")
#: When the database is out, in seconds: a restart takes some.
_TRY_AGAIN: Header = (b"retry-after", b"5")
_TYPES: dict[str, Header] = {each: (b"content-type", f"{each}; charset=utf-8".encode()) for each in (GRAPHQL, JSON)}


class GraphQLOverHTTP:
    """The endpoint for requests, and the answers to visitors that it keeps; without any, it makes each anew."""

    def __init__(self, answers: Answers | None = None) -> None:
        self.answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        began_at = perf_counter()
        headers: Headers = dict(scope["headers"])
        try:
            asked = await body_of(receive) if scope["method"] == "POST" else scope["query_string"]
        except HungUp:
            return
        if self.answers is None or may_be_known(headers):
            answer = await _answer(scope, headers, asked)
        else:
            key = (scope["method"], asked, headers.get(b"accept"), headers.get(b"content-type"))
            answer = self.answers.get(key) or await _answer(scope, headers, asked, key, self.answers)
        if answer.etag is not None and _is_known(answer.etag, headers.get(b"if-none-match")):
            answer = Answer(304, [(b"etag", answer.etag), _VARY, _CACHING])
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})
        answered(answer.status, perf_counter() - began_at)


async def _answer(
    scope: Scope, headers: Headers, asked: bytes | None, key: Key | None = None, answers: Answers | None = None
) -> Answer:
    """The answer to a request, made anew; kept among `answers`, if they are given and nothing forbids it."""
    method, accept = scope["method"], headers.get(b"accept", b"").decode("latin-1")
    if method == "GET" and b"query=" not in (asked or b"") and "text/html" in accept:
        return Answer(307, [(b"location", b"/graphiql"), (b"content-length", b"0")])  # typed into a browser
    media_type = negotiated(accept)
    try:
        if media_type is None:
            raise Refused(406, f"Accept {GRAPHQL} or {JSON}.")
        parameters = parameters_of(method, headers, asked)
        context = await _context(scope, headers)
        began_at = 0 if answers is None else answers.told
        context.notes_reads = answers is not None
        result = await _executed(method, parameters, context)
    except Refused as refused:
        return _written({"errors": [{"message": str(refused)}]}, media_type or JSON, refused.status, *refused.headers)
    except Exception as bug:
        failed = ExecutionResult(None, [masked(bug)])
        return _unavailable(failed, media_type or JSON) or _written(_body(failed), media_type or JSON, 500)
    if result.errors:
        return _with_errors(result, media_type, context)
    answer = _written({"data": result.data}, media_type, 200, *context.cookies, with_etag=method == "GET")
    if answers is not None and key is not None and context.reads is not None:
        answers.put(key, answer, context.reads, began_at)
    return answer


async def _context(scope: Scope, headers: Headers) -> Context:
    viewer, token = await who_asks(scope, headers)
    context = Context(request=HTTPConnection(scope), viewer=viewer, token=token, kept=secret_of(headers))
    context.loaders.knows_viewer = True
    return context


async def _executed(method: str, parameters: Parameters, context: Context) -> ExecutionResult:
    allowed = _READING if method == "GET" else _READING_AND_WRITING
    try:
        return await schema.run(parameters.query, parameters.variables, parameters.operation_name, context, allowed)
    except NotAllowed as error:
        if error.operation is OperationType.SUBSCRIPTION:
            raise Refused(400, "Subscriptions go over a WebSocket, with the protocol graphql-transport-ws.") from error
        raise Refused(405, "Mutations go by POST.", (b"allow", b"POST")) from error


def _with_errors(result: ExecutionResult, media_type: str, context: Context) -> Answer:
    if unavailable := _unavailable(result, media_type):
        return unavailable
    body, status = _body(result), 200
    # Without data nothing was executed: the document or its variables were at fault.
    if "data" not in body:
        status = 400 if media_type == GRAPHQL else 200
    return _written(body, media_type, status, *context.cookies)


def _unavailable(result: ExecutionResult, media_type: str) -> Answer | None:
    """The answer where nothing was found out since the database is out: proxies and clients are to try again."""
    codes = {(error.extensions or {}).get("code") for error in result.errors or ()}
    if codes != {UNAVAILABLE} or any(value is not None for value in (result.data or {}).values()):
        return None
    return _written(_body(result), media_type, 503, _TRY_AGAIN)


def _body(result: ExecutionResult) -> dict[str, Any]:
    errors = result.errors or []
    told = [error.formatted for error in errors]
    if result.data is None and all(error.path is None for error in errors):
        return {"errors": told}
    return {"data": result.data, "errors": told}


def _written(content: dict[str, Any], media_type: str, status: int, *more: Header, with_etag: bool = False) -> Answer:
    body = orjson.dumps(content, option=orjson.OPT_UTC_Z)
    headers = [_TYPES[media_type], (b"content-length", b"%d" % len(body)), _VARY, *more]
    if not with_etag:
        return Answer(status, headers, body)
    # The same bytes as another media type are another thing to whoever compares.
    etag = b'"%b"' % blake2b(body, digest_size=16, person=media_type[-16:].encode()).hexdigest().encode()
    return Answer(status, [*headers, (b"etag", etag), _CACHING], body, etag)


def _is_known(etag: bytes, if_none_match: bytes | None) -> bool:
    """Whether the client has that very answer, by its If-None-Match header (RFC 9110, 13.1.2: compared weakly)."""
    if if_none_match is None:
        return False
    return any(each.strip().removeprefix(b"W/") in (etag, b"*") for each in if_none_match.split(b","))
