"""GraphQL over HTTP, as its specification has it (2025-09 draft, https://graphql.github.io/graphql-over-http).

The endpoint is an ASGI application without a framework: what a visitor asked before is answered without a look at what
it means. Answers to GET have an ETag, and whoever keeps one asks whether it is still true (RFC 9110, 13.1.2: an
If-None-Match on another method says something else, and counts for nothing here).
"""

from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from time import perf_counter
from typing import Any

import orjson
from graphql import ExecutionResult, OperationType
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from schema import schema
from schema.budget import told
from schema.context import Context
from schema.execution import UNAVAILABLE, NotAllowed, masked
from services import origin
from settings import settings
from transports.answers import Answer, Answers, Header, Key
from transports.event_stream import answer_by_events, operation_of
from transports.media_types import EVENTS, GRAPHQL, JSON, accepts_events, negotiated
from transports.metrics import answered
from transports.origins import preflight, sharing
from transports.requests import HungUp, Parameters, Refused, asks_something, body_of, parameters_of
from transports.sessions import Headers, may_be_known, secret_of, who_asks
from transports.watching import Gone, watched
from transports.websocket import SUBPROTOCOL

_READING = (OperationType.QUERY,)
_READING_AND_WRITING = (OperationType.QUERY, OperationType.MUTATION)
#: What an answer depends on beside what is asked.
_VARY: Header = (b"vary", b"Accept, Authorization, Cookie, Origin")
#: What is no page is not taken for one, nor shown in one.
SAFETY: list[Header] = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
]
#: Nobody but the reader's own browser keeps an answer, and it asks each time whether that is still true.
_PRIVATE: Header = (b"cache-control", b"private, no-cache")
_NOT_KEPT: Header = (b"cache-control", b"no-store")
_TYPES: dict[str, list[Header]] = {
    each: [(b"content-type", f"{each}; charset=utf-8".encode()), _VARY, *SAFETY] for each in (GRAPHQL, JSON)
}
#: When the database is out, in seconds: a restart takes some.
_TRY_AGAIN: Header = (b"retry-after", b"5")
#: Without one of these words no request is for a subscription; some clients accept events for everything they ask.
_MAY_SUBSCRIBE = (b"subscription", b"documentId", b"persistedQuery")
#: What a 304 says again (RFC 9110, 15.4.5).
_SAID_AGAIN = (b"etag", b"vary", b"cache-control")
#: The status of an answer without data, by its error's code, to clients that know that there may be others than 200.
_STATUSES = {"RATE_LIMITED": 429, "TIMEOUT": 503}


class GraphQLOverHTTP:
    """The endpoint for requests, and the answers to visitors that it keeps; without any, it makes each anew."""

    def __init__(self, answers: Answers | None = None) -> None:
        self.answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        began_at = perf_counter()
        headers: Headers = dict(scope["headers"])
        try:
            answer = await self._answer(scope, headers, receive, send)
        except (HungUp, Gone):
            return
        if answer is None:
            return
        if answer.etag is not None and _is_known(answer.etag, headers.get(b"if-none-match")):
            answer = Answer(304, [each for each in answer.headers if each[0] in _SAID_AGAIN])
        shared = sharing(headers) if b"origin" in headers else []
        await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers, *shared]})
        await send({"type": "http.response.body", "body": answer.body})
        answered(answer.status, perf_counter() - began_at)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> Answer | None:
        """The answer to a request; None where a stream of events was."""
        method = scope["method"]
        if method == "OPTIONS" and (told := preflight(headers)) is not None:
            return Answer(204, [_VARY, *told])
        asked = await body_of(receive) if method == "POST" else scope["query_string"]
        request = _Request(scope, headers, asked, receive, is_visitors=not may_be_known(headers))
        if b"event-stream" in headers.get(b"accept", b""):
            try:
                if await _streamed(request, send):
                    return None
            except Refused as refused:
                return _refused(refused)
        if self.answers is None or not request.is_visitors:
            return await _answer(request)
        key = (method, asked, headers.get(b"accept"), headers.get(b"content-type"))
        return self.answers.get(key) or await _answer(request, key, self.answers)


@dataclass(slots=True)
class _Request:
    """A request that was received."""

    scope: Scope
    headers: Headers
    asked: bytes | None
    receive: Receive
    is_visitors: bool


async def _streamed(request: _Request, send: Send) -> bool:
    """Answer by events what is a subscription, or whom nothing else is good for; whether it was answered so."""
    headers, method = request.headers, request.scope["method"]
    accept = headers.get(b"accept", b"").decode("latin-1")
    has_choice = negotiated(accept) is not None
    if not accepts_events(accept) or (
        has_choice and not any(each in (request.asked or b"") for each in _MAY_SUBSCRIBE)
    ):
        return False
    parameters = parameters_of(method, headers, request.asked)
    context = await _context(request)
    operation = operation_of(parameters, context)
    is_reading = operation.kind is not OperationType.MUTATION or method != "GET"
    if not is_reading or (operation.subscribed is None and has_choice):
        return False  # the usual way answers it, or says why not
    await answer_by_events(operation, context, request.scope, request.receive, send, [*SAFETY, *sharing(headers)])
    return True


async def _answer(request: _Request, key: Key | None = None, answers: Answers | None = None) -> Answer:
    """The answer to a request, made anew; kept among `answers`, if they are given and nothing forbids it."""
    method, accept = request.scope["method"], request.headers.get(b"accept", b"").decode("latin-1")
    if method == "GET" and "text/html" in accept and not asks_something(request.asked) and settings().graphiql:
        return Answer(307, [(b"location", b"/graphiql"), (b"content-length", b"0")])  # typed into a browser
    media_type = negotiated(accept)
    try:
        if media_type is None and not accepts_events(accept):
            raise Refused(406, f"Accept {GRAPHQL} or {JSON}; or {EVENTS}.")
        media_type = media_type or JSON
        parameters = parameters_of(method, request.headers, request.asked)
        context = await _context(request)
        began_at = 0 if answers is None else answers.told
        context.notes_reads = answers is not None
        extensions = parameters.extensions
        context.wants_cost = extensions is not None and extensions.get("cost") is True
        result = await _executed(request, parameters, context)
    except Refused as refused:
        return _refused(refused, media_type or JSON)
    except Exception as bug:
        failed = ExecutionResult(None, [masked(bug)])
        return _unavailable(failed, media_type or JSON) or _written(_body(failed), media_type or JSON, 500)
    beside = {"extensions": {"cost": told()}} if context.wants_cost else {}
    if result.errors:
        return _with_errors(result, beside, media_type, context)
    is_shared = request.is_visitors and context.reads is not None and not origin.was_looked_at()
    caching = None if method != "GET" else _public() if is_shared else _PRIVATE
    answer = _written({"data": result.data, **beside}, media_type, 200, *context.cookies, caching=caching)
    if answers is not None and key is not None and context.reads is not None and is_shared:
        answers.put(key, answer, context.reads, began_at - context.untold)
    return answer


async def _context(request: _Request) -> Context:
    viewer, token = await who_asks(request.scope, request.headers)
    kept = secret_of(request.headers)
    context = Context(request=HTTPConnection(request.scope), viewer=viewer, token=token, kept=kept)
    context.loaders.knows_viewer = True
    return context


async def _executed(request: _Request, parameters: Parameters, context: Context) -> ExecutionResult:
    allowed = _READING if request.scope["method"] == "GET" else _READING_AND_WRITING
    name, variables = parameters.operation_name, parameters.variables
    watch = partial(watched, seconds=settings().operation_seconds, receive=request.receive)
    try:
        return await schema.run(parameters.asked, variables, name, context, allowed, watch)
    except NotAllowed as error:
        if error.operation is OperationType.SUBSCRIPTION:
            message = f"Subscriptions go over a WebSocket, with the protocol {SUBPROTOCOL}; or accept {EVENTS}."
            raise Refused(400, message) from error
        raise Refused(405, "Mutations go by POST.", (b"allow", b"POST")) from error


def _public() -> Header:
    """For answers in which nothing is of who asked: anybody may keep them, for as long as the settings say."""
    seconds = settings().public_cache_seconds
    return b"cache-control", b"public, max-age=%d" % seconds if seconds else b"public, no-cache"


def _with_errors(result: ExecutionResult, beside: dict[str, Any], media_type: str, context: Context) -> Answer:
    if unavailable := _unavailable(result, media_type):
        return unavailable
    body, status = {**_body(result), **beside}, 200
    # Without data nothing was executed: the document or its variables were at fault.
    if "data" not in body and media_type == GRAPHQL:
        code = ((result.errors or [])[0].extensions or {}).get("code")
        status = _STATUSES.get(str(code), 400)
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


def _refused(refused: Refused, media_type: str = JSON) -> Answer:
    return _written({"errors": [{"message": str(refused)}]}, media_type, refused.status, *refused.headers)


def _written(
    content: dict[str, Any], media_type: str, status: int, *more: Header, caching: Header | None = None
) -> Answer:
    body = orjson.dumps(content, option=orjson.OPT_UTC_Z)
    headers = [*_TYPES[media_type], (b"content-length", b"%d" % len(body)), caching or _NOT_KEPT, *more]
    if caching is None:
        return Answer(status, headers, body)
    # The same bytes as another media type are another thing to whoever compares.
    etag = b'"%b"' % blake2b(body, digest_size=16, person=media_type[-16:].encode()).hexdigest().encode()
    return Answer(status, [*headers, (b"etag", etag)], body, etag)


def _is_known(etag: bytes, if_none_match: bytes | None) -> bool:
    """Whether the client has that very answer, by its If-None-Match header (RFC 9110, 13.1.2: compared weakly)."""
    if if_none_match is None:
        return False
    return any(each.strip().removeprefix(b"W/") in (etag, b"*") for each in if_none_match.split(b","))
