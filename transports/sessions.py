"""Whose request it is: by a bearer token, or by the cookies where the request came from our own pages."""

from collections.abc import Mapping

from starlette.requests import cookie_parser
from starlette.types import Scope

from schema.context import SESSION_COOKIE, WRITER_COOKIE
from services import accounts, claims, origin
from services.actors import Actor
from transports import proxies
from transports.origins import is_ours

#: A request's headers as ASGI gives them: names in lower case.
Headers = Mapping[bytes, bytes]

_BEARER = "bearer "
_COOKIES = SESSION_COOKIE.encode(), WRITER_COOKIE.encode()


async def who_asks(scope: Scope, headers: Headers) -> tuple[Actor, str | None]:
    """Whose request or handshake it is, and by which session token; deeds know from here on where it comes from."""
    proxies.resolve(scope)
    client = scope.get("client")
    origin.serve(client[0] if client else None)
    token = token_of(headers)
    if token is not None and (user := await accounts.user_of(token)) is not None:
        return user, token
    kept = secret_of(headers)
    return claims.writer_of(kept) if kept else None, token


def token_of(headers: Headers) -> str | None:
    """The session token that a request or a handshake brings along, if it brings one that counts.

    A browser attaches the cookie to requests that any page makes; so it counts only without an Origin, which
    browsers send with every such request, with our own, or with one that we allow.
    """
    if bearer := bearer_of(headers.get(b"authorization", b"").decode("latin-1")):
        return bearer
    return _cookie(headers, SESSION_COOKIE)


def secret_of(headers: Headers) -> str | None:
    """The secret by which a browser is known without an account; by the same rule as the session's cookie."""
    return _cookie(headers, WRITER_COOKIE)


def may_be_known(headers: Headers) -> bool:
    """Whether `who_asks` might find somebody: where not, a visitor asks. It costs next to nothing to know."""
    cookies = headers.get(b"cookie", b"")
    return b"authorization" in headers or any(name in cookies for name in _COOKIES)


def _cookie(headers: Headers, name: str) -> str | None:
    if b"cookie" not in headers or not is_ours(headers):
        return None
    return cookie_parser(headers[b"cookie"].decode("latin-1")).get(name) or None


def bearer_of(authorization: object) -> str | None:
    """The token in the value of an Authorization header."""
    if not isinstance(authorization, str) or not authorization.lower().startswith(_BEARER):
        return None
    return authorization[len(_BEARER) :].strip() or None
