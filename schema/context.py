"""What a resolver knows of the operation it serves: who is looking, and the loaders."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import strawberry
from starlette.requests import HTTPConnection
from starlette.responses import Response

from planner.plans import Plans
from schema.loaders import Loaders
from services import claims
from services.accounts import SESSION_LIFE
from services.actors import Actor
from services.changes import Read

SESSION_COOKIE = "session"
#: What a browser without an account is known by: see `services.claims`.
WRITER_COOKIE = "writer"
WRITER_LIFE = timedelta(days=365)


@dataclass
class Context:
    """One operation's context. On a websocket every operation gets a `fork` of the connection's."""

    request: HTTPConnection
    viewer: Actor = None
    #: The session token that the viewer came with.
    token: str | None = None
    #: The payload of `connection_init`, which Strawberry leaves here.
    connection_params: dict[str, Any] | None = None
    #: Set-Cookie headers for the answer. A websocket's answer began with its handshake and takes none.
    cookies: list[tuple[bytes, bytes]] = field(default_factory=list)
    #: The plans of the operation, by which the rows of a mutation or a subscription are read.
    plans: Plans | None = None
    #: Whether somebody will ask what a query's answer was made of; and what that was, None where it is not known.
    notes_reads: bool = False
    reads: list[Read] | None = None
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    @property
    def actor(self) -> Actor:
        """Who acts: the viewer. What was loaded before the deed is forgotten, since the deed may change it."""
        self.forget()
        return self.viewer

    async def acting(self, claim_token: str | None) -> Actor:
        """Who acts in a deed that takes a claim token: with one, the writer that it proves. Raises InvalidInput."""
        if claim_token is not None:
            self.viewer = await claims.writer_by(claim_token)
        return self.actor

    def writing(self) -> Actor:
        """Who acts in a deed that somebody without an account may do: they are known again by a new cookie."""
        if self.viewer is None:
            kept = claims.new_secret()
            self.viewer = claims.writer_of(kept)
            self._set_cookie(WRITER_COOKIE, kept, WRITER_LIFE)
        return self.actor

    def forget(self) -> None:
        """Begin with fresh loaders: what was loaded before may have changed."""
        self.loaders = Loaders(self.viewer)

    def become(self, viewer: Actor, token: str | None) -> None:
        """Go on as somebody else, after signing in or out; and let the browser do the same."""
        self.viewer = viewer
        self.token = token
        self.forget()
        self._set_cookie(SESSION_COOKIE, token or "", SESSION_LIFE if token else timedelta())

    def _set_cookie(self, name: str, value: str, life: timedelta) -> None:
        response = Response()
        response.set_cookie(
            name,
            value,
            max_age=int(life.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self.request.url.scheme in ("https", "wss"),
        )
        self.cookies += [header for header in response.raw_headers if header[0] == b"set-cookie"]

    def fork(self, viewer: Actor) -> "Context":
        """The context of another operation on the same connection, for `viewer` as they are now."""
        return Context(self.request, viewer, self.token, self.connection_params)


Info = strawberry.Info[Context, None]
