"""What a resolver knows of the operation it serves: who is looking, and the loaders."""

from dataclasses import dataclass, field
from typing import Any

import strawberry
from starlette.requests import HTTPConnection
from starlette.responses import Response

import models
from planner.plans import Plans
from schema.loaders import Loaders
from services.accounts import SESSION_LIFE
from services.changes import Read

SESSION_COOKIE = "session"


@dataclass
class Context:
    """One operation's context. On a websocket every operation gets a `fork` of the connection's."""

    request: HTTPConnection
    viewer: models.User | None = None
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
    def actor(self) -> models.User | None:
        """Who acts: the viewer. What was loaded before the deed is forgotten, since the deed may change it."""
        self.forget()
        return self.viewer

    def forget(self) -> None:
        """Begin with fresh loaders: what was loaded before may have changed."""
        self.loaders = Loaders(self.viewer)

    def become(self, viewer: models.User | None, token: str | None) -> None:
        """Go on as somebody else, after signing in or out; and let the browser do the same."""
        self.viewer = viewer
        self.token = token
        self.forget()
        response = Response()
        response.set_cookie(
            SESSION_COOKIE,
            token or "",
            max_age=int(SESSION_LIFE.total_seconds()) if token else 0,
            httponly=True,
            samesite="lax",
            secure=self.request.url.scheme in ("https", "wss"),
        )
        self.cookies = [header for header in response.raw_headers if header[0] == b"set-cookie"]

    def fork(self, viewer: models.User | None) -> "Context":
        """The context of another operation on the same connection, for `viewer` as they are now."""
        return Context(self.request, viewer, self.token, self.connection_params)


Info = strawberry.Info[Context, None]
