"""A client as the tests use it: real HTTP, documents from `tests/documents`, whole answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import orjson
import websockets

_DOCUMENTS = Path(__file__).parent / "documents"


@cache
def document(name: str) -> str:
    """The text of `tests/documents/NAME.graphql`."""
    return (_DOCUMENTS / f"{name}.graphql").read_text(encoding="utf-8")


class Client:
    """Somebody at the server's door: a visitor, or with a token a user."""

    def __init__(self, http: httpx2.AsyncClient, token: str | None = None) -> None:
        self.http = http
        self.token = token

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    async def post(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a document; the whole answer, errors and all."""
        response = await self.http.post(
            "/graphql", json={"query": query, "variables": variables or {}}, headers=self.headers
        )
        answer: dict[str, Any] = response.json()
        return answer

    async def run(self, name: str, /, **variables: Any) -> dict[str, Any]:
        """Send `tests/documents/NAME.graphql`; its data. Errors fail the test."""
        answer = await self.post(document(name), variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def do(self, name: str, /, **input: Any) -> dict[str, Any]:
        """Send a document with one mutation that takes `$input`; its result, `__typename` and all."""
        data = await self.run(name, input=input)
        [result] = data.values()
        return dict(result)

    async def sign_up(self, name: str) -> "Client":
        """A new user's client."""
        result = await self.do("sign_up", name=name, email=f"{name}@example.org", password="a long password")
        assert result["__typename"] == "SignUpPayload", result
        self.http.cookies.clear()  # which all clients of a test share
        return Client(self.http, result["token"])

    @asynccontextmanager
    async def socket(self, headers: dict[str, str] | None = None, **init: Any) -> AsyncIterator["Socket"]:
        """A websocket, greeted: graphql-transport-ws as its protocol document says."""
        url = str(self.http.base_url).replace("http://", "ws://").rstrip("/") + "/graphql"
        async with websockets.connect(url, subprotocols=["graphql-transport-ws"], additional_headers=headers) as raw:  # type: ignore[list-item]
            socket = Socket(raw)
            payload = {"Authorization": f"Bearer {self.token}"} if self.token else {}
            await socket.send(type="connection_init", payload=payload | init)
            assert (await socket.receive())["type"] == "connection_ack"
            yield socket


class Socket:
    """A websocket that speaks JSON."""

    def __init__(self, raw: websockets.ClientConnection) -> None:
        self.raw = raw

    async def send(self, **message: Any) -> None:
        await self.raw.send(orjson.dumps(message).decode())

    async def receive(self) -> dict[str, Any]:
        """The next message; the test's own time limit ends the wait."""
        message: dict[str, Any] = orjson.loads(await self.raw.recv())
        return message

    async def subscribe(self, name: str, operation_id: str = "1", **variables: Any) -> None:
        """Subscribe with `tests/documents/NAME.graphql`."""
        payload = {"query": document(name), "variables": variables}
        await self.send(type="subscribe", id=operation_id, payload=payload)

    async def next(self) -> dict[str, Any]:
        """The data of the next event."""
        message = await self.receive()
        assert message["type"] == "next", message
        data: dict[str, Any] = message["payload"]["data"]
        return data
