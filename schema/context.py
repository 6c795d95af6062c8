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
from services.actors import Actor, user
from services.changes import Read
from services.permissions import writing_refusal

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
    #: The secret that the browser is known by without an account, whoever is signed in with it.
    kept: str | None = None
    #: The payload of `connection_init`, which Strawberry leaves here.
    connection_params: dict[str, Any] | None = None
    #: Set-Cookie headers for the answer. A websocket's answer began with its handshake and takes none.
    cookies: list[tuple[bytes, bytes]] = field(default_factory=list)
    #: The plans of the operation, by which the rows of a mutation or a subscription are read.
    plans: Plans | None = None
    #: Whether the answer shall say what it cost.
    wants_cost: bool = False
    #: What the operation costs, once it is admitted.
    cost: int | None = None
    #: Whether somebody will ask what a query's answer was made of; and what that was, None where it is not known.
    notes_reads: bool = False
    reads: list[Read] | None = None
    #: How many of the changes told before may be missing in it: the last ones. Only a replica lacks any.
    untold: int = 0
    loaders: Loaders = field(init=False)
    #: Who came with the request: the viewer, unless a deed is done as somebody else.
    _came: Actor = field(init=False)

    def __post_init__(self) -> None:
        self._came = self.viewer
        self.forget()

    @property
    def came(self) -> Actor:
        """Who came with the request, or has signed in by it."""
        return self._came

    @property
    def actor(self) -> Actor:
        """Who acts: who came. What was loaded before the deed is forgotten, since the deed may change it."""
        return self._acting_as(self._came)

    async def acting(self, claim_token: str | None) -> Actor:
        """Who acts in a deed that takes a claim token: with one, the writer that it proves. Raises InvalidInput."""
        return self.actor if claim_token is None else self._acting_as(await claims.writer_by(claim_token))

    def writing(self, *, anonymously: bool) -> Actor:
        """Who writes a post. Without an account they are known again by a cookie, good for a year from now on.

        A user who wishes to stays unnamed: the post is the browser's, and nothing kept of it names the account. Not
        one who may write nothing at all: they stay who they are, and are refused.
        """
        account = user(self._came)
        if account is not None and (not anonymously or writing_refusal(account)):
            return self.actor
        self.kept = self.kept or claims.new_secret()
        self._set_cookie(WRITER_COOKIE, self.kept, WRITER_LIFE)
        return self._acting_as(claims.writer_of(self.kept))

    def _acting_as(self, actor: Actor) -> Actor:
        """Do one deed, and show what it gives, as somebody: the next is done by who came."""
        self.viewer = actor
        self.forget()
        return actor

    def forget(self) -> None:
        """Begin with fresh loaders: what was loaded before may have changed."""
        self.loaders = Loaders(self.viewer)

    def read_anew(self) -> None:
        """Begin with fresh loaders in the middle of a query: its viewer is still as it was read."""
        knows_viewer = self.loaders.knows_viewer
        self.forget()
        self.loaders.knows_viewer = knows_viewer

    def become(self, viewer: Actor, token: str | None) -> None:
        """Go on as somebody else, after signing in or out; and let the browser do the same."""
        self.viewer = self._came = viewer
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
        return Context(self.request, viewer, self.token, self.kept, self.connection_params)


Info = strawberry.Info[Context, None]
