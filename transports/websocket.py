"""GraphQL over WebSocket: the protocol graphql-transport-ws, to the letter.

It is https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Queries and mutations each run in a task and with
a context of their own; a subscription is no task, but an outlet of a feed (`schema.feeds`), and costs next to nothing.
"""

import asyncio
import time
from collections.abc import Hashable
from contextlib import suppress
from functools import partial
from typing import Any

import orjson
from graphql import GraphQLError, OperationType
from starlette.types import Receive, Scope, Send

from planner.asked import Asked
from schema import schema
from schema.execution import masked
from schema.watched import Subscribed
from services import accounts
from services.actors import Actor, user
from settings import settings
from transports import proxies
from transports.callers import Caller, SessionEnded
from transports.connections import TooMany, admitted
from transports.listening import Listening, Reader, feeds
from transports.messages import Closed, Operation, message_in
from transports.origins import is_ours
from transports.sessions import bearer_of
from transports.watching import watched
from transports.wire import short, wire_of

SUBPROTOCOL = "graphql-transport-ws"
#: How long a client may take from the handshake to `connection_init`, in seconds.
INIT_TIMEOUT = 10.0
#: Operations that may run at once on one socket.
MOST_OPERATIONS = 100
#: Messages that a client may send at once, and how many a second in the long run: more of them are read later.
MOST_AT_ONCE, MOST_A_SECOND = 300, 50
_READING_AND_WRITING = (OperationType.QUERY, OperationType.MUTATION)


async def graphql_over_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """The endpoint for sockets."""
    await receive()  # the handshake
    proxies.resolve(scope)
    if not is_ours(dict(scope["headers"])):
        await send({"type": "websocket.close"})  # which answers it with 403
        return
    client = scope.get("client")
    socket = _Socket(scope, receive, send)
    try:
        with admitted(socket, client[0] if client else None):
            if SUBPROTOCOL not in scope["subprotocols"]:
                await send({"type": "websocket.accept"})
                await send({"type": "websocket.close", "code": 4406, "reason": "Subprotocol not acceptable"})
                return
            await socket.caller.ask()
            await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
            await socket.serve()
    except TooMany:
        await _refuse(send, 429, "Too many connections from this address.")
    except Exception as bug:  # before the handshake is answered: the database is away, say
        await _refuse(send, 503, masked(bug).message)


async def _refuse(send: Send, status: int, message: str) -> None:
    """Answer a handshake with an error of HTTP."""
    await send({"type": "websocket.http.response.start", "status": status, "headers": []})
    await send({"type": "websocket.http.response.body", "body": message.encode()})


class _Socket:
    """One connection: who speaks, and what runs."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.caller = Caller(scope, self._listenings, self._session_ended)
        self._receive = receive
        self._send = send
        self._wire = wire_of(scope, send)
        self._reader = Reader(self._wire, self._wire.abort)
        self._wire.drained = self._reader.drained
        self._operations: dict[str, asyncio.Task[None] | Listening] = {}
        self._ending: asyncio.Task[None] | None = None
        self._is_greeted = False
        self._is_over = False

    async def serve(self) -> None:
        """Do what the client says, until it leaves or says something wrong."""
        loop = asyncio.get_running_loop()
        late = Closed(4408, "Connection initialisation timeout")
        timer = loop.call_later(INIT_TIMEOUT, self._end_soon, late)
        credit, at = float(MOST_AT_ONCE), time.monotonic()
        try:
            while (event := await self._receive())["type"] == "websocket.receive":
                await self._heard(event)
                if self._is_greeted:
                    timer.cancel()
                now = time.monotonic()
                credit, at = min(credit + (now - at) * MOST_A_SECOND, MOST_AT_ONCE) - 1, now
                if credit < 0:
                    await asyncio.sleep(-credit / MOST_A_SECOND)
        except Closed as closed:
            await self._end(closed)
        except Exception as bug:
            await self._end(Closed(4500, masked(bug).message))
        finally:
            self._is_over = True
            timer.cancel()
            self._leave()

    def _leave(self) -> None:
        """Nothing is left of the connection."""
        self._reader.forget()
        self.caller.leave()
        for operation in tuple(self._operations.values()):
            if isinstance(operation, Listening):
                operation.stop()
            else:
                operation.cancel()
        self._operations.clear()

    # Messages.

    async def _heard(self, event: Any) -> None:
        message = message_in(event)
        match message["type"]:
            case "connection_init":
                await self._greet(message.get("payload"))
            case "ping":
                self.say(b'{"type":"pong"}')
            case "pong":
                pass
            case "subscribe":
                self._subscribe(message["id"], message["payload"])
            case "complete":
                self._stop(message["id"])
            case unknown:
                raise Closed(4400, f"Unknown message type: {unknown}")

    async def _greet(self, payload: Any) -> None:
        """Sign in with the payload of `connection_init`, if it has {"Authorization": "Bearer TOKEN"}."""
        if self._is_greeted:
            raise Closed(4429, "Too many initialisation requests")
        if not isinstance(payload, dict | None):
            raise Closed(4400, "Invalid connection init payload")
        for name, value in (payload or {}).items():
            if name.lower() == "authorization":
                token = bearer_of(value)
                if token is None or (account := await accounts.user_of(token)) is None:
                    raise Closed(4403, "Forbidden")
                self.caller.become(account, token)
        self._is_greeted = True
        account = user(self.caller.viewer)
        name = orjson.dumps(account.name if account else None)
        self.say(b'{"type":"connection_ack","payload":{"viewer":', name, b"}}")

    def _subscribe(self, operation_id: str, payload: dict[str, Any]) -> None:
        if not self._is_greeted:
            raise Closed(4401, "Unauthorized")
        if operation_id in self._operations:
            raise Closed(4409, f"Subscriber for {operation_id} already exists")
        ends = Operation(self, operation_id)
        if len(self._operations) >= MOST_OPERATIONS:
            ends.refuse([GraphQLError("Subscription limit reached")])
            return
        asked = Asked(payload.get("query") or None, payload.get("documentId"), payload.get("extensions"))
        name, variables = payload.get("operationName"), payload.get("variables") or {}
        context = self.caller.context(self.caller.viewer)
        try:
            document = schema.document(asked, context)
            definition = document.operation(name)
            if definition.operation is OperationType.SUBSCRIPTION and not document.errors:
                schema.admit(document, definition, variables, context)
        except GraphQLError as error:
            ends.refuse([error])
            return
        if document.errors:
            ends.refuse(document.errors)
        elif definition.operation is not OperationType.SUBSCRIPTION:
            self._operations[operation_id] = asyncio.create_task(self._run(ends, asked, variables, name))
        else:
            subscribed = Subscribed(document, definition, name, variables)
            if self.caller.is_unknown:
                self._listen(ends, subscribed, None, feeds.visitors_eyes(subscribed))
            else:
                self._operations[operation_id] = asyncio.create_task(self._listen_as_caller(ends, subscribed))

    def _stop(self, operation_id: str) -> None:
        operation = self._operations.pop(operation_id, None)
        if isinstance(operation, Listening):
            operation.stop()
        elif operation is not None:
            operation.cancel()

    # Operations.

    async def _run(self, ends: Operation, asked: Asked, variables: dict[str, Any], name: str | None) -> None:
        """Run a query or a mutation."""
        watch = partial(watched, seconds=settings().operation_seconds)
        try:
            context = self.caller.context(await self.caller.as_now())
            result = await schema.run(asked, variables, name, context, _READING_AND_WRITING, watch)
        except SessionEnded:
            self._session_ended()
        except Exception as bug:
            ends.error([masked(bug)])
        else:
            if result.data is None and result.errors and all(error.path is None for error in result.errors):
                ends.error(result.errors)  # nothing was executed
            else:
                content: dict[str, Any] = {"data": result.data}
                if result.errors:
                    content["errors"] = [error.formatted for error in result.errors]
                ends.answer(orjson.dumps(content, option=orjson.OPT_UTC_Z))
                ends.complete()

    async def _listen_as_caller(self, ends: Operation, subscribed: Subscribed) -> None:
        """Listen as whoever is signed in, or is known by a cookie."""
        try:
            viewer = await self.caller.as_now()
            eyes = await feeds.eyes(subscribed, viewer)
        except SessionEnded:
            self._session_ended()
        except Exception as bug:
            ends.error([masked(bug)])
        else:
            self._listen(ends, subscribed, viewer, eyes)

    def _listen(self, ends: Operation, subscribed: Subscribed, viewer: Actor, eyes: Hashable) -> None:
        listening = Listening(ends, self._reader)
        self._operations[ends.id] = listening
        listening.begin(subscribed, eyes, lambda: self.caller.context(viewer))

    # The caller, and signs of life.

    def close(self) -> None:
        """End the connection: the server goes down."""
        self._end_soon(Closed(1012, "The server goes down"))

    async def look_again(self) -> None:
        """See who is signed in, and what they may see by now."""
        await self.caller.look_again()

    def beat(self) -> None:
        """Give a sign of life, which the client answers."""
        if self._is_greeted and not self._wire.is_full:
            self.say(b'{"type":"ping"}')

    def _listenings(self) -> list[Listening]:
        return [each for each in self._operations.values() if isinstance(each, Listening)]

    def _session_ended(self) -> None:
        self._end_soon(Closed(4403, "The session has ended"))

    # What goes out.

    def say(self, *parts: bytes) -> None:
        """Send a message, in parts."""
        if not self._is_over:
            self._wire.send(*parts)

    def forget(self, operation_id: str) -> None:
        """An operation is over."""
        self._operations.pop(operation_id, None)

    def _end_soon(self, closed: Closed) -> None:
        if not self._is_over and self._ending is None:
            self._ending = asyncio.create_task(self._end(closed))

    async def _end(self, closed: Closed) -> None:
        if not self._is_over:
            self._is_over = True
            with suppress(OSError, RuntimeError):  # it is gone already
                await self._send({"type": "websocket.close", "code": closed.code, "reason": short(closed.reason)})
