"""A line to Redis and, by its publish and subscribe, to other processes: kept up, and what is to be said waits for it.

One connection does both (RESP3: https://redis.io/docs/latest/develop/reference/protocol-spec/): what others publish
comes as pushes among the replies to what this process says. Replies come in order, so that to a PING tells that all
that was said before is in force; and what has no reply when the connection breaks is said again on the next one.
"""

import asyncio
import math
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import orjson
import structlog
from redis.asyncio.connection import Connection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

log = structlog.get_logger()

#: How long to wait before another try to connect, in seconds: at first, and at most.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
#: How often Redis is asked whether it is there, and after how long a silence it is not, in seconds.
PULSE, SILENCE = 1.0, 3.0
#: The most messages that wait to be sent.
MOST_WAITING = 10_000
#: Channels that one command names.
_MOST_NAMED = 1_000

#: Where something is published, and what: whatever JSON can say.
Item = tuple[str, Any]
#: What a reply answers: what was published, or that all before it is in force.
_Asked = dict[Hashable, Item] | asyncio.Future[None]


class Line:
    """A line by the Redis at `url`: redis://, rediss:// or unix://. It tells, at once and in this order:

    regained()              what others say on the channels of `wanted` comes from now on
    heard(channel, what)    they said that; raises ValueError for what cannot be meant
    lost()                  nothing comes any more, until it is regained
    """

    def __init__(
        self,
        url: str,
        name: str,
        *,
        regained: Callable[[], None],
        heard: Callable[[str, Any], None],
        lost: Callable[[], None],
    ) -> None:
        options: dict[str, Any] = {**parse_url(url)}
        self._kind = options.pop("connection_class", Connection)
        if issubclass(self._kind, Connection):  # and no file's socket
            options.setdefault("socket_keepalive", True)
        # What takes too long is ended here: its own way to do that may swallow a cancellation.
        options |= {"socket_timeout": None, "socket_connect_timeout": None, "retry": Retry(NoBackoff(), 0)}
        self._options = options | {"protocol": 3, "client_name": name}
        self._tell_regained, self._tell_heard, self._tell_lost = regained, heard, lost
        #: By which this process knows its own messages.
        self._name = secrets.token_hex(8)
        self._wanted: set[str] = set()
        #: Channels that were joined or left since Redis was told last, and those that it was told to have come.
        self._turned: dict[str, None] = {}
        self._subscribed: set[str] = set()
        self._outbox: dict[Hashable, Item] = {}
        self._unanswered: deque[_Asked] = deque()
        #: Done when Redis has answered all that it is told next.
        self._next: asyncio.Future[None] | None = None
        self._woken = asyncio.Event()
        self._heard_at = 0.0
        #: Whether what others say comes now.
        self.is_whole = False
        self._is_over = False
        self._is_loss_logged = False
        self._is_junk_logged = False

    def join(self, channel: str) -> asyncio.Future[None]:
        """Have what is said on that channel come: as soon as the future is done, or the line is regained."""
        self._wanted.add(channel)
        self._turned[channel] = None
        return self.answer()

    def leave(self, channel: str) -> None:
        """Have it come no longer."""
        self._wanted.discard(channel)
        self._turned[channel] = None
        self._woken.set()

    def say(self, key: Hashable, channel: str, what: Any) -> bool:
        """Say it to the other processes, unless the same, by its key, waits already; whether there was room for it."""
        if key not in self._outbox:
            if len(self._outbox) >= MOST_WAITING:
                return False
            self._outbox[key] = channel, what
            self._woken.set()
        return True

    def say_only(self, key: Hashable, channel: str, what: Any) -> None:
        """Say this instead of all that waits."""
        self._outbox = {key: (channel, what)}
        self._woken.set()

    def answer(self) -> asyncio.Future[None]:
        """Done when Redis has answered all that it was and is to be told by now, or the connection breaks."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
            self._woken.set()
        return self._next

    @asynccontextmanager
    async def kept_up(self, patience: float) -> AsyncIterator[None]:
        """Keep the line up while the block lasts; wait so many seconds at most for it to be, and for the last word."""
        begun = self.answer()
        keeping = asyncio.create_task(self._keep_up())
        try:
            await asyncio.wait([begun], timeout=patience)
            yield
            if self.is_whole:
                await asyncio.wait([self.answer()], timeout=patience)
        finally:
            self._is_over = True  # since errors that a cancellation meets go before it
            keeping.cancel()
            await asyncio.wait([keeping])

    async def _keep_up(self) -> None:
        pause = FIRST_PAUSE
        while not self._is_over:
            began_at = monotonic()
            try:
                await self._connect_and_talk()
            except* Exception as failures:  # whatever it is: the site goes on without
                self._break(failures.exceptions[0])
            if monotonic() - began_at > LONGEST_PAUSE:
                pause = FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _connect_and_talk(self) -> None:
        """Raises what broke the connection."""
        connection = self._kind(**self._options)
        try:
            async with asyncio.timeout(SILENCE):
                await connection.connect()
            self._heard_at = monotonic()
            self._subscribed.clear()
            self._turned = dict.fromkeys(self._wanted)
            self.answer()
            async with asyncio.TaskGroup() as both:
                both.create_task(self._write(connection))
                both.create_task(self._read(connection))
        finally:
            await connection.disconnect(nowait=True)

    def _break(self, failure: Exception) -> None:
        """Note that there is no connection: what has no reply waits again, and nobody waits for a reply."""
        for asked in self._unanswered:
            if isinstance(asked, dict):
                self._outbox.update(asked)
            else:
                asked.set_result(None)
        self._unanswered.clear()
        if self._next is not None:
            self._next.set_result(None)
            self._next = None
        if not self._is_loss_logged:
            self._is_loss_logged = True
            log.warning("other processes are not heard", error=f"{type(failure).__name__}: {failure}")
        if self.is_whole:
            self.is_whole = False
            self._tell_lost()

    async def _write(self, connection: Any) -> None:
        while True:
            self._woken.clear()
            commands = [*self._subscriptions(), *self._messages()]
            if self._next is not None:
                commands.append(("PING",))
                self._unanswered.append(self._next)
                self._next = None
            if not connection.is_connected:  # which sending would be again, and tell nobody
                raise ConnectionError("the connection was closed")
            if commands:
                async with asyncio.timeout(SILENCE):
                    await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
            try:
                async with asyncio.timeout(PULSE):
                    await self._woken.wait()
            except TimeoutError:
                self.answer()
            if self._unanswered and monotonic() - self._heard_at > SILENCE:
                raise ConnectionError(f"no answer for {SILENCE:.0f} seconds")

    def _subscriptions(self) -> Iterable[tuple[str, ...]]:
        turned, self._turned = self._turned, {}
        changed = [channel for channel in turned if (channel in self._wanted) != (channel in self._subscribed)]
        self._subscribed.symmetric_difference_update(changed)
        for command, channels in (
            ("UNSUBSCRIBE", [channel for channel in changed if channel not in self._wanted]),
            ("SUBSCRIBE", [channel for channel in changed if channel in self._wanted]),
        ):
            for start in range(0, len(channels), _MOST_NAMED):
                yield command, *channels[start : start + _MOST_NAMED]

    def _messages(self) -> Iterable[tuple[str | bytes, ...]]:
        outbox, self._outbox = self._outbox, {}
        by_channel: dict[str, dict[Hashable, Item]] = {}
        for key, item in outbox.items():
            by_channel.setdefault(item[0], {})[key] = item
        for channel, items in by_channel.items():
            self._unanswered.append(items)
            yield "PUBLISH", channel, orjson.dumps([self._name, *(what for _, what in items.values())])

    async def _read(self, connection: Any) -> None:
        while True:
            reply = await connection.read_response(timeout=math.inf, push_request=True)
            self._heard_at = monotonic()
            if isinstance(reply, list):
                if reply[0] == b"message":
                    self._hear(reply[1].decode(), reply[2])
                continue
            asked = self._unanswered.popleft()
            if isinstance(asked, asyncio.Future):
                asked.set_result(None)
            if not self.is_whole:  # the first reply comes after that to all subscriptions
                self._regain()

    def _regain(self) -> None:
        self.is_whole = True
        if self._is_loss_logged:
            self._is_loss_logged = False
            log.info("other processes are heard again")
        self._tell_regained()

    def _hear(self, channel: str, message: bytes) -> None:
        try:
            speaker, *said = orjson.loads(message)
            if speaker != self._name:
                for what in said:
                    self._tell_heard(channel, what)
        except (ValueError, TypeError) as error:
            if not self._is_junk_logged:
                self._is_junk_logged = True
                log.warning("another program speaks on a channel of ours", channel=channel, error=str(error))
