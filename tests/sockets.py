"""Websockets as the tests use them where `Client.socket` is too polite: what may be said, and how it ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import websockets
from clients import Client, Socket

INIT: dict[str, Any] = {"type": "connection_init"}
SITE = {"query": "{ site { name } }"}


def address(visitor: Client) -> str:
    """Where the visitor's server takes websockets."""
    return str(visitor.http.base_url.join("/graphql")).replace("http://", "ws://")


@asynccontextmanager
async def connected(visitor: Client, **headers: str) -> AsyncIterator[Socket]:
    """A socket on which nothing has been said yet."""
    protocols: Any = ["graphql-transport-ws"]
    async with websockets.connect(address(visitor), subprotocols=protocols, additional_headers=headers) as raw:
        yield Socket(raw)


async def ending(socket: Socket) -> tuple[int, str]:
    """The code and the reason with which the server ends the connection."""
    try:
        while True:
            await socket.receive()
    except websockets.ConnectionClosed as closed:
        frame = closed.rcvd
    assert frame is not None, "the connection broke off without a close frame"
    return frame.code, frame.reason


def subscribe(payload: object, operation_id: object = "1") -> dict[str, Any]:
    """A message that asks for an operation."""
    return {"type": "subscribe", "id": operation_id, "payload": payload}


async def question(asker: Client) -> str:
    """The id of a new question."""
    asked = await asker.do("ask_question", title="What is a vote worth here?", body="In points.")
    return str(asked["thread"]["question"]["id"])
