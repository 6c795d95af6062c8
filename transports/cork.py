"""Responses that leave in one piece.

uvicorn writes the head of a response and then its body, and each write is a system call that wakes the client: on a
page of some kilobytes the first is a tenth of all CPU time. Here a head waits for its body, and both are one write; a
head whose body is not there yet goes out alone, in the same turn of the event loop.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Corked(asyncio.Transport):
    """A transport that holds back a response's head until the next write, or the next turn of the loop."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        #: The transport itself, for what comes after HTTP.
        self.raw = transport
        self._loop = asyncio.get_running_loop()
        self._held = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes, soon."""
        if self._held:
            data, self._held = b"".join((self._held, data)), b""
        elif data[:5] == b"HTTP/":
            self._held = bytes(data)
            self._loop.call_soon(self._let_out)
            return
        self.raw.write(data)

    def _let_out(self) -> None:
        if self._held:
            data, self._held = self._held, b""
            self.raw.write(data)

    def close(self) -> None:
        """Close, when all is sent."""
        self._let_out()
        self.raw.close()

    def abort(self) -> None:
        """Close at once."""
        self._held = b""
        self.raw.abort()

    def is_closing(self) -> bool:
        return self.raw.is_closing()

    def pause_reading(self) -> None:
        self.raw.pause_reading()

    def resume_reading(self) -> None:
        self.raw.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._let_out()
        self.raw.set_protocol(protocol)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.raw.get_extra_info(name, default)

    def get_write_buffer_size(self) -> int:
        return self.raw.get_write_buffer_size() + len(self._held)


class CorkedProtocol(HttpToolsProtocol):
    """uvicorn's protocol for HTTP, on a corked transport."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve a connection."""
        super().connection_made(Corked(cast(asyncio.Transport, transport)))

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection on; the parser knows this protocol, and both would wait for the garbage collector."""
        super().handle_websocket_upgrade()
        self.parser: Any = None
