"""Wires: how text goes out on a websocket, without a wait and without a task, to one of ten thousand like to one.

uvicorn's own way (an ASGI message, awaited, framed and joined for each socket) takes most of the time of telling
thousands the same. So our server's protocol class hands the application a wire in the scope's extensions: text is
written straight to the transport, and what the reader has not taken yet is known. Served by anything else, the ASGI way
does the same, slower.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from starlette.types import Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from transports.cork import Corked, CorkedProtocol
from transports.requests import MOST_BODY

EXTENSION = "plainspoken.wire"
#: So many bytes may wait in this process, and as many in the kernel, for a reader who does not read.
MOST_WAITING = 32 * 1024
# A close frame has no room for more (RFC 6455, section 5.5).
_MOST_REASON_BYTES = 123


class Wire(Protocol):
    """Sends text frames on one websocket. Its methods return at once; on a socket that is gone they do nothing."""

    #: Called when the reader has taken what waited.
    drained: Callable[[], None]

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing should be added."""

    def send(self, *parts: bytes) -> None:
        """Send a frame of text in UTF-8, given in parts."""

    def abort(self) -> None:
        """Break the connection off."""


def wire_of(scope: Scope, send: Send) -> Wire:
    """The wire of a websocket."""
    wire: Wire | None = (scope.get("extensions") or {}).get(EXTENSION)
    return wire or AsgiWire(send)


def transport_of(send: Send) -> asyncio.Transport | None:
    """The transport that a response of uvicorn's goes out by, to break it off; None where it is another server's."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    return transport if isinstance(transport, asyncio.Transport) else None


def short(reason: str) -> str:
    """A reason as it fits into a close frame."""
    return reason.encode()[:_MOST_REASON_BYTES].decode(errors="ignore")


class WiredProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which gives each websocket's application its wire."""

    wire: "TransportWire | None" = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, after a request for it over HTTP."""
        super().connection_made(transport.raw if isinstance(transport, Corked) else transport)

    def handle_connect(self, event: Request) -> None:
        """Begin to serve a socket."""
        super().handle_connect(event)
        if self.handshake_complete:
            return  # it was refused
        self.wire = TransportWire(self)
        scope: Any = self.scope
        scope["extensions"][EXTENSION] = self.wire
        self.transport.set_write_buffer_limits(high=MOST_WAITING)
        with suppress(OSError, AttributeError):  # where the system has no such thing, its own buffers are the limit
            self.transport.get_extra_info("socket").setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_WAITING
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """End; what knows each other lets go, so that no garbage is left for the collector, which looks rarely."""
        super().connection_lost(exc)
        if self.wire is not None:
            scope: Any = self.scope
            scope["extensions"].pop(EXTENSION, None)
            self.wire.drained = _nothing
            self.wire = None

    def pause_writing(self) -> None:
        """Note that the reader is behind."""
        super().pause_writing()
        if self.wire is not None:
            self.wire.is_full = True

    def resume_writing(self) -> None:
        """Note that the reader has taken what waited."""
        super().resume_writing()
        if self.wire is not None:
            self.wire.is_full = False
            self.wire.drained()


class TransportWire:
    """Writes frames to the transport itself."""

    __slots__ = ("_protocol", "drained", "is_full")

    def __init__(self, protocol: WiredProtocol) -> None:
        self._protocol = protocol
        self.is_full = False
        self.drained: Callable[[], None] = _nothing

    def send(self, *parts: bytes) -> None:
        protocol = self._protocol
        if not protocol.close_sent and not protocol.transport.is_closing():
            protocol.transport.write(b"".join((_header(sum(map(len, parts))), *parts)))

    def abort(self) -> None:
        self._protocol.transport.abort()


class AsgiWire:
    """Sends ASGI messages, one after the other, from a task that lasts while there are any."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._task: asyncio.Task[None] | None = None
        self.drained: Callable[[], None] = _nothing

    @property
    def is_full(self) -> bool:
        return self._size > MOST_WAITING

    def send(self, *parts: bytes) -> None:
        text = b"".join(parts)
        self._waiting.append(text)
        self._size += len(text)
        if self._task is None:
            self._task = asyncio.create_task(self._sent())

    def abort(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _sent(self) -> None:
        try:
            with suppress(OSError, RuntimeError):  # the socket is gone
                while self._waiting:
                    text = self._waiting.popleft()
                    await self._send({"type": "websocket.send", "text": text.decode()})
                    was_full, self._size = self.is_full, self._size - len(text)
                    if was_full and not self.is_full:
                        self.drained()
        finally:
            self._task = None


#: What uvicorn is to be told. Compression takes some 100 kB of each websocket, for messages of some hundred bytes.
OPTIONS: dict[str, Any] = {
    "http": CorkedProtocol,
    "ws": WiredProtocol,
    "ws_max_size": MOST_BODY,
    "ws_per_message_deflate": False,
    "server_header": False,
}


def _header(size: int) -> bytes:
    """The header of a frame of text from a server: whole, and not masked (RFC 6455, section 5.2)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


def _nothing() -> None:
    """Nobody waits for the reader."""
