"""What a resolver knows of the operation it serves: who is looking, and the loaders."""

from dataclasses import dataclass, field
from typing import Any

import strawberry
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

import models
from schema.loaders import Loaders


@dataclass
class Context:
    """One operation's context. On a websocket every operation gets a `fork` of the connection's."""

    request: Request | WebSocket
    #: Where headers for the answer go; None on a websocket, whose answer has begun already.
    response: Response | None = None
    viewer: models.User | None = None
    #: The session token that the viewer came with.
    token: str | None = None
    #: The payload of `connection_init`, which Strawberry leaves here.
    connection_params: dict[str, Any] | None = None
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin with fresh loaders: what was loaded before may have changed."""
        self.loaders = Loaders(self.viewer)

    def become(self, viewer: models.User | None, token: str | None) -> None:
        """Go on as somebody else: after signing in or out."""
        self.viewer = viewer
        self.token = token
        self.forget()

    def fork(self) -> "Context":
        """The same viewer's context for another operation."""
        return Context(self.request, self.response, self.viewer, self.token, self.connection_params)


Info = strawberry.Info[Context, None]
