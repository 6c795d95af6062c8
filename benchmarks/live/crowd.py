"""The load client: thousands of listeners on one `epoll`, each a bare socket, so that the client is never what is slow.

A frame is told apart by its header, and searched for the version that is awaited; nothing is decoded but the last
state. Listeners come from many addresses of this machine, as a crowd's do: neither ports nor a server's limits for one
address come into it.
"""

import gc
import resource
import select
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import orjson

from benchmarks.live.frames import CLOSE, PING, PONG, TEXT, UPGRADE, Frames, accepts, frame
from benchmarks.load import WrongAnswer, body_of
from benchmarks.pages import OURS

#: So many handshakes, or first states, are awaited at once.
_WAVE = 64
_ADDRESSES = 250
_INIT = frame(b'{"type":"connection_init"}')
_PONG = frame(b'{"type":"pong"}')
_NOTHING = b"\0"
# While many listeners wait, the client naps between two looks, in seconds for each of them and at most: woken for every
# single delivery it would be twice as slow, and so would the server, which pays for waking it. Nobody who listens from
# elsewhere costs that. What is measured is out by a nap at most, a few in a hundred.
_MANY, _NAP, _LONGEST_NAP = 20, 2e-6, 1e-3
# Linux's number; Python has no name for it.
_BIND_ADDRESS_NO_PORT = 24


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
        self._socket.send(request)

    def read(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            if self._asks:
                raise TooLate("a voter was hung up on")
            self._crowd.forget(self._socket)
            self._is_open = False
            return
        self._received += data
        self.answer = body_of(self._received)
        if self.answer is not None:
            self.answered_at = time.perf_counter()
            self._asks = False


_T = TypeVar("_T")


class Crowd:
    """All listeners and voters of one server. All of it happens in `poll`, called while something is awaited."""

    def __init__(self, port: int, post_id: str, patience: float) -> None:
        self.listeners: list[Listener] = []
        #: Bytes that the awaited state has, how many listeners have not had it, and when the last of them had it.
        self.awaited = _NOTHING
        self.missing = 0
        self.told_at = 0.0
        self._server = ("127.0.0.1", port)
        self._patience = patience
        self._epoll = select.epoll()
        self._readers: dict[int, tuple[Callable[[], None], socket.socket]] = {}
        self._under_way = 0
        payload = {"query": OURS["votes_changed"], "variables": {"postIds": [post_id]}}
        self._subscribe = frame(orjson.dumps({"id": "1", "type": "subscribe", "payload": payload}))

    def voters(self, amount: int) -> list[Voter]:
        """So many connections to vote over."""
        return [Voter(self) for _ in range(amount)]

    def connect(self, amount: int) -> None:
        """Have so many listeners more that are acknowledged, and have asked for nothing. Raises TooLate."""
        self._in_waves(lambda place: self.listeners.append(Listener(self, place)), range(amount))

    def subscribe(self) -> None:
        """Have them all ask for the post, and get its present state. Raises TooLate."""
        self._in_waves(lambda listener: listener.socket.send(self._subscribe), tuple(self.listeners))

    def leave(self) -> None:
        """Close all listeners' sockets: every other one says so first, the rest are just gone."""
        for place, listener in enumerate(self.listeners):
            if place % 2:
                listener.socket.send(frame(b"", CLOSE))
            self.forget(listener.socket)
        self.listeners.clear()

    def close(self) -> None:
        """Let everybody go."""
        for _, opened in tuple(self._readers.values()):
            self.forget(opened)
        self.listeners.clear()
        self._epoll.close()

    def connected(self, read: Callable[[], None], place: int = 0) -> socket.socket:
        """A new socket to the server, where `read` takes what comes. Raises TooLate."""
        opened = socket.socket()
        opened.settimeout(self._patience)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Without this a port is taken from all addresses at once.
        opened.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        opened.bind((f"127.0.1.{1 + place % _ADDRESSES}", 0))
        try:
            opened.connect(self._server)
        except OSError as error:
            raise TooLate(f"a connection was not taken: {error}") from error
        opened.setblocking(False)
        self._readers[opened.fileno()] = read, opened
        self._epoll.register(opened, select.EPOLLIN)
        return opened

    def forget(self, opened: socket.socket) -> None:
        """Close a socket."""
        self._epoll.unregister(opened)
        del self._readers[opened.fileno()]
        opened.close()

    @property
    def states(self) -> int:
        """How many states all listeners have had."""
        return sum(listener.states for listener in self.listeners)

    def expect(self, awaited: bytes) -> None:
        """Await a state that has those bytes: `missing` says how many listeners have not had it."""
        self.awaited = awaited
        self.missing = 0
        for listener in self.listeners:
            listener.waits = awaited not in listener.last
            self.missing += listener.waits

    def arrived(self) -> None:
        """A listener has what its wave waits for."""
        self._under_way -= 1

    def told(self) -> None:
        """A listener has the awaited state."""
        self.missing -= 1
        if not self.missing:
            self.told_at = time.perf_counter()

    def poll(self, deadline: float) -> None:
        """Take what has come, or wait for it. Raises TooLate after `deadline`, by the clock of `perf_counter`."""
        if self.missing > _MANY:
            time.sleep(min(self.missing * _NAP, _LONGEST_NAP))
        readers = self._readers
        for fd, _ in self._epoll.poll(1.0):
            readers[fd][0]()
        if time.perf_counter() > deadline:
            waiting = f"{self._under_way or self.missing:,} of {len(self.listeners):,} listeners still waited"
            raise TooLate(f"{waiting} after {self._patience:g} s")

    def deadline(self) -> float:
        """When what begins now is late."""
        return time.perf_counter() + self._patience

    def idle(self, seconds: float) -> None:
        """Wait, and answer pings meanwhile."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            for fd, _ in self._epoll.poll(left):
                self._readers[fd][0]()

    def _in_waves(self, begin: Callable[[_T], object], each: Iterable[_T]) -> None:
        """Begin something for each, with a limit for what is under way, and wait until all of it has arrived."""
        waiting = iter(each)
        deadline = self.deadline()
        self._under_way = 0
        more = True
        while more or self._under_way:
            while more and self._under_way < _WAVE:
                try:
                    begin(next(waiting))
                    self._under_way += 1
                except StopIteration:
                    more = False
            if self._under_way:
                self.poll(deadline)


@contextmanager
def crowd(port: int, post_id: str, patience: float) -> Iterator[Crowd]:
    """A crowd that is gone after the block. Python looks for no cyclic garbage meanwhile, and may have many sockets."""
    open_files()
    gc.collect()
    gc.disable()
    gathered = Crowd(port, post_id, patience)
    try:
        yield gathered
    finally:
        gathered.close()
        gc.enable()


def open_files() -> None:
    """Let this process, and those that it starts, have as many sockets as the system allows them."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
