"""Who really sends a request that comes through proxies: told by those that are trusted (TRUSTED_PROXIES), by no other.

Each proxy writes down, at the end of a header, where it got the request from. So the header is read from its end: past
each address that is a trusted proxy's, to the first that is not; what stands before it anybody may have written.
Only the header that our proxies write is looked at (PROXY_HEADER): the other one they hand on as a client made it up.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

from settings import settings

_PART = re.compile(r"""\s*;?\s*([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))""")
#: Hops that are looked at; a longer header is somebody's play.
_MOST_HOPS = 20


def resolve(scope: Scope) -> None:
    """Have a request or a handshake come from where it really does: its `client` and its `scheme`."""
    if not _proxies() or scope.get("client") is None or not is_proxy(scope["client"][0]):
        return
    headers = scope["headers"]
    hops = list(_hops(headers))[-_MOST_HOPS:]
    for address, scheme in reversed(hops):
        if scheme in ("http", "https"):
            # A socket's scheme says the same with other letters.
            scope["scheme"] = scheme.replace("http", "ws") if scope["type"] == "websocket" else scheme
        if address is None:
            return  # a proxy that hides its client: so far we know
        scope["client"] = (address, 0)
        if not is_proxy(address):
            return


@lru_cache(maxsize=1_000)
def is_proxy(address: str) -> bool:
    """Whether that is the address of a trusted proxy."""
    try:
        given = ip_address(address)
    except ValueError:
        return False
    if isinstance(given, IPv6Address) and given.ipv4_mapped is not None:
        given = given.ipv4_mapped
    return any(given in network for network in _proxies())


@cache
def _proxies() -> list[IPv4Network | IPv6Network]:
    return list(settings().trusted_proxies)


def _hops(headers: list[tuple[bytes, bytes]]) -> Iterator[tuple[str | None, str | None]]:
    """The address and the scheme that each proxy has written down, the first one first."""
    if settings().proxy_header == "Forwarded":
        forwarded = _joined(headers, b"forwarded")
        for hop in re.split(r""",(?=(?:[^"]*"[^"]*")*[^"]*$)""", forwarded):
            parts = {name.lower(): quoted or plain for name, quoted, plain in _PART.findall(hop)}
            yield _address(parts.get("for", "")), parts.get("proto", "").lower() or None
        return
    schemes = [each.strip().lower() for each in _joined(headers, b"x-forwarded-proto").split(",")]
    addresses = _joined(headers, b"x-forwarded-for")
    listed = addresses.split(",") if addresses else []
    for number, each in enumerate(listed):
        # One scheme for all, or one for each.
        yield _address(each), schemes[number if len(schemes) == len(listed) else -1]


def _joined(headers: list[tuple[bytes, bytes]], wanted: bytes) -> str:
    """A header that may be there several times, as one."""
    return ",".join(value.decode("latin-1") for name, value in headers if name == wanted)


def _address(text: str) -> str | None:
    """An address, out of `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1` or `[2001:db8::1]:4711`; None for others."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return None
