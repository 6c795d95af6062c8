"""The messages of graphql-transport-ws: what a client may say, how it ends where it says something else; answers."""

from collections.abc import Sequence
from typing import Any, Protocol

import orjson
from graphql import GraphQLError

_MOST_ID_LENGTH = 128
# What a `subscribe` payload may hold, and of which type.
_PAYLOAD = {"query": str, "documentId": str, "variables": dict, "operationName": str, "extensions": dict}


class Closed(Exception):
    """The connection shall end, with a code and a reason of the protocol."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Speaker(Protocol):
    """A connection, as its operations know it."""

    def say(self, *parts: bytes) -> None:
        """Send a message, in parts."""

    def forget(self, operation_id: str) -> None:
        """An operation is over."""

    def close(self) -> None:
        """End the connection: the server goes down."""


class Operation:
    """What goes out for one operation."""

    __slots__ = ("_head", "_socket", "id")

    def __init__(self, socket: Speaker, operation_id: str) -> None:
        self.id = operation_id
        self._socket = socket
        self._head = b'{"id":%b,"type":' % orjson.dumps(operation_id)

    def answer(self, answer: bytes) -> None:
        """Send an answer."""
        self._socket.say(self._head, b'"next","payload":', answer, b"}")

    def complete(self) -> None:
        """End the operation."""
        self._socket.forget(self.id)
        self._socket.say(self._head, b'"complete"}')

    def error(self, errors: Sequence[GraphQLError]) -> None:
        """End the operation with errors."""
        self._socket.forget(self.id)
        self.refuse(errors)

    def refuse(self, errors: Sequence[GraphQLError]) -> None:
        """Tell why the operation does not begin."""
        payload = orjson.dumps([error.formatted for error in errors])
        self._socket.say(self._head, b'"error","payload":', payload, b"}")

    def close(self) -> None:
        """End the connection: the server goes down."""
        self._socket.close()


def message_in(event: Any) -> dict[str, Any]:
    """The message in a frame. Raises Closed for what is none of the protocol."""
    text = event.get("text")
    if text is None:
        raise Closed(4400, "WebSocket message type must be text")
    try:
        message = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        raise Closed(4400, "WebSocket message must be valid JSON") from None
    if (wrong := _wrong_with(message)) is not None:
        raise Closed(4400, wrong)
    return dict(message)


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
        if not isinstance(payload, dict):
            return "The payload of subscribe is an object with a query"
        for name, kind in _PAYLOAD.items():
            if not isinstance(payload.get(name), kind | None):
                return f"{name} has the wrong type"
        names = [
            payload.get("query"),
            payload.get("documentId"),
            (payload.get("extensions") or {}).get("persistedQuery"),
        ]
        if all(each is None for each in names):
            return "The payload of subscribe is an object with a query"
    return None
