"""The client: keep-alive connections that send ready-made requests and look at every answer."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import uvloop


class WrongAnswer(Exception):
    """A server answered something else than it should."""


@dataclass(frozen=True)
class Request:
    """A request, and what its answer must be: this body, or one without errors that contains some bytes."""

    sent: bytes
    expected: bytes | None = None
    containing: bytes = b""


@dataclass(frozen=True)
class Batch:
    """What became of some requests: seconds from the first to the last, and those of each of them, sorted."""

    seconds: float
    latencies: Sequence[float]

    def percentile(self, percent: float) -> float:
        return self.latencies[min(int(len(self.latencies) * percent / 100), len(self.latencies) - 1)]


def bodies(port: int, requests: Sequence[bytes]) -> list[bytes]:
    """What a server answers to each request, one after the other. Raises WrongAnswer."""
    found: list[bytes] = []
    uvloop.run(_send(port, (Request(sent) for sent in requests), 1, found))
    return found


def batch(port: int, requests: Sequence[Request], connections: int) -> Batch:
    """Send the requests over so many connections, each the next one when it has its answer. Raises WrongAnswer."""
    latencies: list[float] = []
    started = time.perf_counter()
    ended = uvloop.run(_send(port, iter(requests), connections, [], latencies))
    return Batch(ended - started, sorted(latencies))


async def _send(
    port: int,
    requests: Iterator[Request],
    connections: int,
    found: list[bytes],
    latencies: list[float] | None = None,
) -> float:
    loop = asyncio.get_running_loop()
    opened = [
        (await loop.create_connection(lambda: _Connection(requests, found, latencies), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    for connection in opened:
        connection.next()
    try:
        await asyncio.wait_for(asyncio.gather(*(connection.over for connection in opened)), 600)
    finally:
        for connection in opened:
            connection.transport.close()
    return time.perf_counter()


class _Connection(asyncio.Protocol):
    """One connection, which goes on with the shared `requests` until there are no more."""

    transport: asyncio.Transport

    def __init__(self, requests: Iterator[Request], found: list[bytes], latencies: list[float] | None) -> None:
        self._requests = requests
        self._found = found
        self._latencies = latencies
        self._received = bytearray()
        self._current: Request | None = None
        self._sent_at = 0.0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def next(self) -> None:
        """Send the next request, if there is one."""
        self._current = next(self._requests, None)
        if self._current is None:
            if not self.over.done():
                self.over.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self.transport.write(self._current.sent)

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            body = body_of(self._received)
            if body is None:
                return
            if self._latencies is not None:
                self._latencies.append(time.perf_counter() - self._sent_at)
            self._check(body)
        except WrongAnswer as error:
            if not self.over.done():
                self.over.set_exception(error)
            return
        self._received.clear()
        self.next()

    def _check(self, body: bytes) -> None:
        if self._current is None:
            raise WrongAnswer(f"nothing was asked, and this came: {body[:300]!r}")
        if self._latencies is None:
            self._found.append(body)
        if self._current.expected is not None:
            if body != self._current.expected:
                raise WrongAnswer(f"expected {self._current.expected[:300]!r}, got {body[:300]!r}")
        elif b'"errors"' in body or self._current.containing not in body:
            raise WrongAnswer(body[:1_000].decode())

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_exception(WrongAnswer(f"the server hung up: {error}"))


def body_of(received: bytearray) -> bytes | None:
    """The body of an HTTP answer with status 200; None while it is not all there. Raises WrongAnswer."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(received[:end]).lower()
    if not head.startswith(b"http/1.1 200"):
        raise WrongAnswer(bytes(received[:1_000]).decode(errors="replace"))
    start = end + 4
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        length = int(head[at + 17 :].split(b"\r\n", 1)[0])
        return bytes(received[start : start + length]) if len(received) >= start + length else None
    if b"\r\ntransfer-encoding: chunked" not in head:
        raise WrongAnswer(f"an answer without a length: {head.decode()}")
    return _unchunked(received, start) if received.endswith(b"\r\n0\r\n\r\n") else None


def _unchunked(received: bytearray, at: int) -> bytes:
    body = bytearray()
    while True:
        end = received.index(b"\r\n", at)
        size = int(received[at:end], 16)
        if size == 0:
            return bytes(body)
        body += received[end + 2 : end + 2 + size]
        at = end + 2 + size + 2
