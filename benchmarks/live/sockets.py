"""Who is at the other end of a server's sockets: listeners and voters, each as lean as it can be."""

import time
from typing import TYPE_CHECKING

import orjson

from benchmarks.live.frames import CLOSE, PING, PONG, TEXT, UPGRADE, Frames, accepts, frame
from benchmarks.load import WrongAnswer, body_of

if TYPE_CHECKING:
    from benchmarks.live.crowd import Crowd

_INIT = frame(b'{"type":"connection_init"}')
_PONG = frame(b'{"type":"pong"}')


class TooLate(Exception):
    """A server did not do in time what it was asked for, or hung up; the message says what."""


class Listener:
    """One socket. It becomes idle when it is acknowledged, and listens when it has its first state."""

    __slots__ = ("_crowd", "_frames", "_head", "last", "socket", "states", "waits")

    def __init__(self, crowd: "Crowd", place: int) -> None:
        self._crowd = crowd
        self._frames = Frames()
        #: The answer to the handshake, while it is not all there; None when it was.
        self._head: bytes | None = b""
        self.socket = crowd.connected(self.read, place)
        #: The newest state's message, and how many there were.
        self.last = b""
        self.states = 0
        #: Whether the version that is awaited has not come yet.
        self.waits = False
        self.socket.send(UPGRADE)

    def read(self) -> None:
        try:
            data = self.socket.recv(8192)
        except ConnectionError as error:
            raise TooLate(f"a listener was hung up on: {error}") from error
        if not data:
            raise TooLate("a listener was hung up on")
        if self._head is not None:
            data = self._shake(data)
        for opcode, payload in self._frames.cut(data):
            if opcode == TEXT and b'"next"' in payload:
                self.states += 1
                if not self.last:
                    self._crowd.arrived()
                self.last = payload
                if self.waits and self._crowd.awaited in payload:
                    self.waits = False
                    self._crowd.told()
            else:
                self._other(opcode, payload)

    def _shake(self, data: bytes) -> bytes:
        """Take the answer to the handshake; what came after it."""
        head, end, rest = ((self._head or b"") + data).partition(b"\r\n\r\n")
        if not end:
            self._head = head
            return b""
        if not accepts(head):
            raise TooLate(f"a listener was not let in: {head[:300].decode(errors='replace')}")
        self._head = None
        self.socket.send(_INIT)
        return rest

    def _other(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.socket.send(frame(payload, PONG))
        elif opcode == CLOSE:
            raise TooLate(f"a listener was closed: {int.from_bytes(payload[:2], 'big')} {payload[2:].decode()}")
        elif opcode == TEXT:
            kind = orjson.loads(payload)["type"]
            if kind == "connection_ack":
                self._crowd.arrived()
            elif kind == "ping":
                self.socket.send(_PONG)
            elif kind != "pong":
                raise WrongAnswer(f"a listener was told: {payload[:500].decode()}")


class Voter:
    """A connection that votes are sent over, one after the other."""

    def __init__(self, crowd: "Crowd") -> None:
        self._crowd = crowd
        self._received = bytearray()
        self._socket = crowd.connected(self.read)
        self._is_open = True
        self._asks = False
        #: The last answer's body, once it is there, and when that was.
        self.answer: bytes | None = None
        self.answered_at = 0.0

    def open(self) -> "Voter":
        """Be connected: servers let a connection go that is idle for some seconds."""
        if not self._is_open:
            self._socket = self._crowd.connected(self.read)
            self._is_open = True
        return self

    def send(self, request: bytes) -> None:
        """Send a request over the open connection; `answer` has what came back, in time."""
        self.answer = None
        self._received.clear()
        self._asks = True
        self._request = request
        self._socket.send(request)

    def read(self) -> None:
        try:
            data = self._socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            self._crowd.forget(self._socket)
            self._is_open = False
            if self._asks:  # the server let go of the idle connection just then: the same vote once more
                self.open().send(self._request)
            return
        self._received += data
        self.answer = body_of(self._received)
        if self.answer is not None:
            self.answered_at = time.perf_counter()
            self._asks = False
