"""Whose pages may send requests: our own, and those of ALLOWED_ORIGINS (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).

A browser attaches cookies to what any page makes it send, and names that page's origin. Cookies of requests from other
origins do not count (`transports.sessions`), and their pages cannot read the answer.
"""

from collections.abc import Mapping

from settings import settings

Header = tuple[bytes, bytes]
_METHODS = b"GET, POST"
_REQUEST_HEADERS = b"Accept, Authorization, Content-Type, If-None-Match"
#: How long a browser need not ask again, in seconds: as long as the common ones remember.
_REMEMBERED = b"7200"


def is_ours(headers: Mapping[bytes, bytes]) -> bool:
    """Whether one of our own pages made the request, one that we allow, or something that is not a browser."""
    origin = headers.get(b"origin")
    return origin is None or origin.partition(b"://")[2] == headers.get(b"host") or is_allowed(origin)


def is_allowed(origin: bytes) -> bool:
    """Whether ALLOWED_ORIGINS has that origin."""
    allowed = settings().allowed_origins
    return bool(allowed) and origin.decode("latin-1").lower() in allowed


def sharing(headers: Mapping[bytes, bytes]) -> list[Header]:
    """What tells a browser that the page which sent a request may read the answer; nothing for pages that may not."""
    origin = headers.get(b"origin")
    if origin is None or not is_allowed(origin):
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"ETag, Retry-After"),
    ]


def preflight(headers: Mapping[bytes, bytes]) -> list[Header] | None:
    """What a browser is told beside it that asks whether a page may send a request.

    None where nobody asks, or it may not.
    """
    if b"access-control-request-method" not in headers or not sharing(headers):
        return None
    return [
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", _REQUEST_HEADERS),
        (b"access-control-max-age", _REMEMBERED),
    ]
