"""Whose request it is: by a bearer token, or by the session cookie where the request came from our own pages."""

from starlette.requests import HTTPConnection

from schema.context import SESSION_COOKIE

_BEARER = "bearer "


def token_of(connection: HTTPConnection) -> str | None:
    """The session token that a request or a handshake brings along, if it brings one that counts.

    A browser attaches the cookie to requests that any page makes; so it counts only without an Origin, which
    browsers send with every such request, or with our own.
    """
    if bearer := bearer_of(connection.headers.get("authorization")):
        return bearer
    return connection.cookies.get(SESSION_COOKIE) if is_same_origin(connection) else None


def bearer_of(authorization: object) -> str | None:
    """The token in the value of an Authorization header."""
    if not isinstance(authorization, str) or not authorization.lower().startswith(_BEARER):
        return None
    return authorization[len(_BEARER) :].strip() or None


def is_same_origin(connection: HTTPConnection) -> bool:
    """Whether the request was made by one of our own pages, or by something that is not a browser."""
    origin = connection.headers.get("origin")
    return origin is None or origin.partition("://")[2] == connection.headers.get("host")
