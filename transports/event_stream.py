"""GraphQL over server-sent events, for who cannot have sockets: each operation is a request, its answers are events.

It is the mode of distinct connections in https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. Whoever
accepts nothing else has queries and mutations answered so too. A stream that ends without the event `complete` was cut
off, and is asked for again by its client.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType
from starlette.types import Receive, Scope, Send

from schema import schema
from schema.context import Context
from schema.execution import masked
from schema.watched import Subscribed
from settings import settings
from transports.answers import Header
from transports.callers import Caller
from transports.connections import TooMany, admitted
from transports.listening import Listening, Reader, feeds
from transports.media_types import EVENTS
from transports.requests import Parameters, Refused
from transports.watching import watched
from transports.wire import MOST_WAITING, transport_of

_HEADERS = [
    (b"content-type", f"{EVENTS}; charset=utf-8".encode()),
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept, Authorization, Cookie, Origin"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
]
_SIGN_OF_LIFE = b":\n\n"


@dataclass(frozen=True)
class Operation:
    """What is asked for: a subscription; or, where `errors` say why not, nothing; else a query or a mutation."""

    parameters: Parameters
    kind: OperationType | None
    subscribed: Subscribed | None = None
    errors: Sequence[GraphQLError] = ()


def operation_of(parameters: Parameters, context: Context) -> Operation:
    """The operation that a request asks for."""
    try:
        document = schema.document(parameters.asked, context)
        definition = document.operation(parameters.operation_name)
    except GraphQLError as error:
        return Operation(parameters, None, errors=[error])
    if document.errors:
        return Operation(parameters, definition.operation, errors=document.errors)
    if definition.operation is not OperationType.SUBSCRIPTION:
        return Operation(parameters, definition.operation)
    subscribed = Subscribed(document, definition, parameters.operation_name, parameters.variables or {})
    return Operation(parameters, definition.operation, subscribed)


async def answer_by_events(
    operation: Operation, context: Context, scope: Scope, receive: Receive, send: Send, headers: Sequence[Header]
) -> None:
    """Answer a request by a stream of events, until there are no more, or the client goes. Raises Refused."""
    client = scope.get("client")
    stream = _Stream(operation, context, scope, send)
    try:
        with admitted(stream, client[0] if client else None):
            await stream.serve(receive, headers)
    except TooMany:
        raise Refused(429, "Too many connections from this address.") from None


class _Stream:
    """One stream: the ends of its one operation."""

    def __init__(self, operation: Operation, context: Context, scope: Scope, send: Send) -> None:
        self._operation = operation
        self._context = context
        self._send = send
        self._transport = transport_of(send)
        self._waiting = bytearray(_SIGN_OF_LIFE)
        self._woken = asyncio.Event()
        self._is_over = False
        self._reader = Reader(self, self._let_go)
        self._listening = Listening(self, self._reader)
        self._caller = Caller(scope, lambda: [self._listening], self._session_ended)

    async def serve(self, receive: Receive, headers: Sequence[Header]) -> None:
        """Send what there is, and then what comes."""
        self._caller.become(self._context.viewer, self._context.token)
        await self._send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *headers]})
        tasks = [asyncio.create_task(self._gone(receive)), asyncio.create_task(self._begin())]
        try:
            while self._waiting or not self._is_over:
                if self._waiting:
                    # Taken before it is sent: what comes meanwhile is counted anew, and found to be too much in time.
                    events = bytes(self._waiting)
                    await self._sent(events)
                    del self._waiting[: len(events)]
                    self._reader.drained()
                else:
                    self._woken.clear()
                    await self._woken.wait()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._is_over = True
            self._reader.forget()
            self._listening.stop()
            self._caller.leave()
            for task in tasks:
                task.cancel()

    async def _sent(self, events: bytes) -> None:
        await self._send({"type": "http.response.body", "body": events, "more_body": True})

    async def _gone(self, receive: Receive) -> None:
        """Wait until the client is gone."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._waiting.clear()
        self._end()

    async def _begin(self) -> None:
        """Run the operation, or begin to listen."""
        operation, parameters, context = self._operation, self._operation.parameters, self._context
        try:
            if operation.errors:
                self._finish(ExecutionResult(None, list(operation.errors)))
            elif (subscribed := operation.subscribed) is not None:
                schema.admit(subscribed.document, subscribed.definition, subscribed.variables, context)
                eyes = await feeds.eyes(subscribed, context.viewer)
                self._listening.begin(subscribed, eyes, lambda: context)
            else:
                allowed = (OperationType.QUERY, OperationType.MUTATION)
                name, variables = parameters.operation_name, parameters.variables
                watch = partial(watched, seconds=settings().operation_seconds)
                self._finish(await schema.run(parameters.asked, variables, name, context, allowed, watch))
        except GraphQLError as refusal:
            self.error([refusal])
        except Exception as bug:
            self.error([masked(bug)])

    def _finish(self, result: ExecutionResult) -> None:
        content: dict[str, Any] = {} if result.data is None and result.errors else {"data": result.data}
        if result.errors:
            content["errors"] = [error.formatted for error in result.errors]
        self.answer(orjson.dumps(content, option=orjson.OPT_UTC_Z))
        self._say(b"event: complete\ndata:\n\n")
        self._end()

    # What goes out.

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing should be added."""
        return len(self._waiting) > MOST_WAITING

    def answer(self, answer: bytes) -> None:
        """Send an answer."""
        self._say(b"event: next\ndata: " + answer + b"\n\n")

    def error(self, errors: Sequence[GraphQLError]) -> None:
        """Send errors, and end."""
        self._finish(ExecutionResult(None, list(errors)))

    def close(self) -> None:
        """End the stream, as one that is to be asked for again: the server goes down."""
        self._end()

    def beat(self) -> None:
        """Give a sign of life."""
        if not self._waiting:
            self._say(_SIGN_OF_LIFE)

    async def look_again(self) -> None:
        """See who is signed in, and what they may see by now."""
        await self._caller.look_again()

    def _session_ended(self) -> None:
        self.error([GraphQLError("The session has ended.", extensions={"code": "UNAUTHENTICATED"})])

    def _say(self, events: bytes) -> None:
        if not self._is_over:
            self._waiting += events
            self._woken.set()

    def _end(self) -> None:
        self._is_over = True
        self._woken.set()

    def _let_go(self) -> None:
        """Leave a reader who does not read."""
        self._waiting.clear()
        self._end()
        if self._transport is not None:
            self._transport.abort()
