"""The floor of live news: after a vote the same bytes are written to every socket, one write each, and nothing else is
done. It speaks as much HTTP and WebSocket as the load client needs: `python -m benchmarks.apps.raw_writer PORT`."""

import asyncio
import gc
import os
import select
import sys
from typing import Any, cast

import orjson
import uvloop

from benchmarks.live.frames import ACCEPTED, frame

_counts = {"score": 0, "upVotes": 0, "downVotes": 0, "version": 1}
_listeners: dict[int, None] = {}


class _Connection(asyncio.Protocol):
    """A voter, or a listener. The load client masks with zeros, so what it says can be read as it stands."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._fd: int = transport.get_extra_info("socket").fileno()
        self._post = ""

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET "):
            self._transport.write(ACCEPTED)
        elif data.startswith(b"POST "):
            self._vote(orjson.loads(data.partition(b"\r\n\r\n")[2])["variables"]["input"])
        elif b'"connection_init"' in data:
            self._transport.write(frame(orjson.dumps({"type": "connection_ack"}), masked=False))
        elif b'"subscribe"' in data:
            message = orjson.loads(data[data.index(b"{") :])
            _listeners[self._fd] = None
            self._transport.write(_news(message["payload"]["variables"]["postIds"][0]))

    def connection_lost(self, error: Exception | None) -> None:
        _listeners.pop(self._fd, None)

    def _vote(self, given: dict[str, Any]) -> None:
        _counts["version"] += 1
        post = {"id": given["postId"], **_counts, "viewerVote": given["value"]}
        body = orjson.dumps({"data": {"castVote": {"__typename": "CastVotePayload", "post": post}}})
        _write(self._fd, b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        news = _news(given["postId"])
        for fd in _listeners:
            _write(fd, news)


def _news(post_id: str) -> bytes:
    payload = {"data": {"votesChanged": {"id": post_id, **_counts}}}
    return frame(orjson.dumps({"id": "1", "type": "next", "payload": payload}), masked=False)


def _write(fd: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(fd, data) :]
        except BlockingIOError:
            waiting = select.poll()
            waiting.register(fd, select.POLLOUT)
            waiting.poll()


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    gc.disable()
    uvloop.run(_serve(int(sys.argv[1])))
