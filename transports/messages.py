"""What a client may say in graphql-transport-ws, and the codes that end the connection where it says something else."""

from typing import Any

import orjson

_MOST_ID_LENGTH = 128
# What a `subscribe` payload may hold, and of which type.
_PAYLOAD = {"query": str, "documentId": str, "variables": dict, "operationName": str, "extensions": dict}


class Closed(Exception):
    """The connection shall end, with a code and a reason of the protocol."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


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
