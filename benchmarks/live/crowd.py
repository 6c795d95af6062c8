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

from benchmarks.live.frames import CLOSE, frame
from benchmarks.live.sockets import Listener, TooLate, Voter
from benchmarks.pages import OURS

#: So many handshakes, or first states, are awaited at once.
_WAVE = 64
_ADDRESSES = 250
_NOTHING = b"\0"
# While many listeners wait, the client naps between two looks, in seconds for each of them and at most: woken for every
# single delivery it would be twice as slow, and so would the server, which pays for waking it. Nobody who listens from
# elsewhere costs that. What is measured is out by a nap at most, a few in a hundred.
_MANY, _NAP, _LONGEST_NAP = 20, 2e-6, 1e-3
# Linux's number; Python has no name for it.
_BIND_ADDRESS_NO_PORT = 24


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

    def quiet(self, seconds: float) -> None:
        """Wait until nothing has come for so long: what is still told of old votes is not a new one's time."""
        deadline, before = self.deadline(), -1
        while before != self.states and time.perf_counter() < deadline:
            before = self.states
            self.idle(seconds)

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
