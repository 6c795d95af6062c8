"""GraphQL over WebSocket: Strawberry's graphql-transport-ws, with what it leaves open closed.

- Frames that are not messages of the protocol end the connection with its close codes, not with a traceback.
- Every operation has a context of its own: loaders of one would give stale rows to the next.
- A document that does not parse fails its own operation, not every subscription on the socket.
"""

from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation

from schema import schema
from schema.context import Context
from schema.execution import masked
from services import accounts
from services.actors import user
from transports.sessions import bearer_of, secret_of, who_asks

#: How long a client may take from the handshake to `connection_init`, in seconds.
INIT_TIMEOUT = 10
#: Operations that may run at once on one socket.
MOST_OPERATIONS = 100
_MOST_ID_LENGTH = 128
# A close frame has no room for more (RFC 6455, section 5.5).
_MOST_REASON_BYTES = 123
# What a `subscribe` payload may hold, and of which type.
_PAYLOAD = {"query": str, "variables": dict, "operationName": str, "extensions": dict}

# Each operation runs in a task of its own, and so has a value of its own here.
_of_operation: ContextVar[Context] = ContextVar("context of the operation")


class _TextFrames(ASGIWebSocketAdapter):
    """Sends text: orjson gives bytes, which Strawberry would send as binary frames, which clients do not read."""

    async def send_json(self, message: Any) -> None:
        try:
            await self.ws.send_text(orjson.dumps(message, option=orjson.OPT_UTC_Z).decode())
        except (WebSocketDisconnect, RuntimeError) as gone:
            raise WebSocketDisconnected from gone

    async def close(self, code: int, reason: str) -> None:
        await super().close(code, reason.encode()[:_MOST_REASON_BYTES].decode(errors="ignore"))


class _Handler(BaseGraphQLTransportWSHandler[Context, None]):
    async def handle_message(self, message: Any) -> None:
        if (wrong := _wrong_with(message)) is not None:
            await self.handle_invalid_message(wrong)
            return
        if message["type"] == "connection_init" and message.get("payload") is None:
            message.pop("payload", None)  # which the protocol allows to be null
        await super().handle_message(message)

    @property
    def context(self) -> Context:
        """The operation's own context in its task, else the connection's."""
        return _of_operation.get(self._of_connection)

    @context.setter
    def context(self, context: Context) -> None:
        self._of_connection = context

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        token = self._of_connection.token
        try:
            viewer = await accounts.user_of(token) if token else self._of_connection.viewer
        except Exception as bug:
            await operation.send_initial_errors([masked(bug)])
            return
        if token and viewer is None:
            await self.websocket.close(code=4403, reason="The session has ended")
            return
        _of_operation.set(self._of_connection.fork(viewer))
        await super().run_operation(operation)

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        return None


def _wrong_with(message: Any) -> str | None:
    """What makes `message` none of the protocol, or None."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message is an object with a type"
    if message["type"] in ("subscribe", "complete"):
        operation_id = message.get("id")
        if not isinstance(operation_id, str) or not 0 < len(operation_id) <= _MOST_ID_LENGTH:
            return "The id of an operation is a string that is not empty"
    if message["type"] == "subscribe":
        payload = message.get("payload")
        if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
            return "The payload of subscribe is an object with a query"
        for name, kind in _PAYLOAD.items():
            if not isinstance(payload.get(name), kind | None):
                return f"{name} has the wrong type"
    return None


class GraphQLOverWebSocket(GraphQL[Context, None]):
    """The endpoint for sockets."""

    websocket_adapter_class = _TextFrames
    graphql_transport_ws_handler_class = _Handler

    def __init__(self) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=INIT_TIMEOUT),
            max_subscriptions_per_connection=MOST_OPERATIONS,
        )

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    async def get_context(self, request: Any, response: Any) -> Context:
        socket: WebSocket = request
        headers = dict(socket.scope["headers"])
        viewer, token = await who_asks(socket.scope, headers)
        return Context(request=socket, viewer=viewer, token=token, kept=secret_of(headers))

    async def on_ws_connect(self, context: Context) -> dict[str, object]:
        """Sign in with the payload of `connection_init`, if it has {"Authorization": "Bearer TOKEN"}."""
        for name, value in (context.connection_params or {}).items():
            if name.lower() == "authorization":
                token = bearer_of(value)
                if token is None or (account := await accounts.user_of(token)) is None:
                    raise ConnectionRejectionError
                context.viewer, context.token = account, token
        account = user(context.viewer)
        return {"viewer": account.name if account else None}
