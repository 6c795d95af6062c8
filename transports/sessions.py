"""Whose request it is: by a bearer token, or by the session cookie where the request came from our own pages."""

from collections.abc import Mapping

from starlette.requests import cookie_parser

from schema.context import SESSION_COOKIE

#: A request's headers as ASGI gives them: names in lower case.
Headers = Mapping[bytes, bytes]

_BEARER = "bearer "
_COOKIE = SESSION_COOKIE.encode()


def token_of(headers: Headers) -> str | None:
    """The session token that a request or a handshake brings along, if it brings one that counts.

    A browser attaches the cookie to requests that any page makes; so it counts only without an Origin, which
    browsers send with every such request, or with our own.
    """
    if bearer := bearer_of(headers.get(b"authorization", b"").decode("latin-1")):
        return bearer
    if b"cookie" not in headers or not is_same_origin(headers):
        return None
    return cookie_parser(headers[b"cookie"].decode("latin-1")).get(SESSION_COOKIE)


def may_have_token(headers: Headers) -> bool:
    """Whether `token_of` might find one: where not, a visitor asks. It costs next to nothing to know."""
    return b"authorization" in headers or _COOKIE in headers.get(b"cookie", b"")


def bearer_of(authorization: object) -> str | None:
    """The token in the value of an Authorization header."""
    if not isinstance(authorization, str) or not authorization.lower().startswith(_BEARER):
        return None
    return authorization[len(_BEARER) :].strip() or None


def is_same_origin(headers: Headers) -> bool:
    """Whether the request was made by one of our own pages, or by something that is not a browser."""
    origin = headers.get(b"origin")
    return origin is None or origin.partition(b"://")[2] == headers.get(b"host")
