"""Who is at the other end of a live connection, and what they listen to, for as long as they may."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import Scope

from schema.context import Context
from services import accounts, live
from services.actors import Actor, user
from services.live import News, Topic
from transports.listening import Listening, feeds
from transports.sessions import secret_of, who_asks


class SessionEnded(Exception):
    """Whoever was signed in is so no longer."""


class Caller:
    """Somebody on a socket or an event stream: a `services.live.Watcher` of their own rights.

    `listenings` are what they listen to, and `ended` is called when their session is over.
    """

    def __init__(self, scope: Scope, listenings: Callable[[], Iterable[Listening]], ended: Callable[[], None]) -> None:
        self.viewer: Actor = None
        self.token: str | None = None
        self._scope = scope
        self._listenings = listenings
        self._ended = ended
        self._watched: list[Topic] = []
        self._looks: set[asyncio.Task[None]] = set()

    @property
    def is_unknown(self) -> bool:
        """Whether it is a visitor of whom nothing is known, and never will be."""
        return self.viewer is None and self.token is None

    async def ask(self) -> None:
        """See whose handshake or request it is."""
        self.become(*await who_asks(self._scope, dict(self._scope["headers"])))

    def become(self, viewer: Actor, token: str | None) -> None:
        """Be somebody, and hear of it when their rights change."""
        self.viewer, self.token = viewer, token
        live.unwatch(self._watched, self)
        account = user(viewer)
        self._watched = [live.rights_topic(account.id)] if account is not None else []
        live.watch(self._watched, self)

    def leave(self) -> None:
        """Nothing is left of the caller."""
        live.unwatch(self._watched, self)
        for look in self._looks:
            look.cancel()
        self._listenings, self._ended = tuple, _nothing  # which would lead back to the connection

    async def as_now(self) -> Actor:
        """The caller as they are now. Raises SessionEnded."""
        if self.token is not None:
            self.viewer = await accounts.user_of(self.token)
            if self.viewer is None:
                raise SessionEnded
        return self.viewer

    def context(self, viewer: Actor) -> Context:
        """The context of an operation of theirs."""
        kept = secret_of(dict(self._scope["headers"]))
        return Context(request=HTTPConnection(self._scope), viewer=viewer, token=self.token, kept=kept)

    async def look_again(self) -> None:
        """See whether they are signed in still, and have all they listen to read by their eyes as they are now."""
        if self.token is None:
            return
        try:
            viewer = await self.as_now()
        except SessionEnded:
            self._ended()
            return
        for listening in tuple(self._listenings()):
            subscribed = listening.subscribed
            if subscribed is not None:
                eyes = await feeds.eyes(subscribed, viewer)
                listening.look_by(eyes, lambda: self.context(viewer))

    def hear(self, news: News) -> None:
        """Note that they may see something else now, or are signed in no longer."""
        self.missed(datetime.now(UTC))

    def missed(self, since: datetime) -> None:
        """Note that this may be so."""
        look: asyncio.Task[None] = asyncio.ensure_future(self._look())
        self._looks.add(look)
        look.add_done_callback(self._looks.discard)

    def close(self) -> None:
        """What they listen to ends by itself."""

    async def _look(self) -> Any:
        with suppress(Exception):  # the database is away, say: everybody is looked at again before long
            await self.look_again()


def _nothing() -> None:
    """Nobody is there any more."""
