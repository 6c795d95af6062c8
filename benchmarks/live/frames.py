"""WebSocket frames as the load client needs them: its own made once, the server's told apart by their headers alone."""

import base64
import hashlib

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
# A mask of zeros leaves the payload as it is: valid, and free for the client; the server unmasks it all the same.
_MASK = bytes(4)
_KEY = base64.b64encode(bytes(16))
_ACCEPT = base64.b64encode(hashlib.sha1(_KEY + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())  # noqa: S324  RFC 6455
#: What opens a socket, and what a server says to it at the least.
UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\nsec-websocket-key: %s\r\n\r\n" % _KEY
)
ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\nsec-websocket-accept: %s\r\n\r\n" % _ACCEPT
)


def frame(payload: bytes, opcode: int = TEXT, *, masked: bool = True) -> bytes:
    """A whole frame, as a client sends it (masked) or a server."""
    size, bit = len(payload), 0x80 if masked else 0
    if size < 126:
        head = bytes([0x80 | opcode, bit | size])
    elif size < 0x10000:
        head = bytes([0x80 | opcode, bit | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x80 | opcode, bit | 127]) + size.to_bytes(8, "big")
    return head + (_MASK if masked else b"") + payload


class Frames:
    """Cuts what a server sends into frames. A part of one waits for the rest of it."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def cut(self, data: bytes) -> list[tuple[int, bytes]]:
        """The frames that are whole now: opcode and payload. A message is one frame: none that is asked for is long."""
        if self._rest:
            data = self._rest + data
        found = []
        at, end = 0, len(data)
        while end - at >= 2:
            size = data[at + 1]
            start = at + 2
            if size >= 126:
                start += 2 if size == 126 else 8
                if start > end:
                    break
                size = int.from_bytes(data[at + 2 : start], "big")
            if start + size > end:
                break
            found.append((data[at] & 0x0F, data[start : start + size]))
            at = start + size
        self._rest = data[at:]
        return found


def accepts(head: bytes) -> bool:
    """Whether a server's first answer opens the socket as RFC 6455 wants it."""
    return head.startswith(b"HTTP/1.1 101 ") and _ACCEPT in head
