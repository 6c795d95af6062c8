"""Where a request comes from: the address that limits and blocks look at. None of it is ever kept or logged."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_address: ContextVar[str | None] = ContextVar("address of the request", default=None)
#: Whether an answer is this place's alone: limits or blocks were looked at for it.
_counted: ContextVar[bool] = ContextVar("whether the address was looked at", default=False)
#: The ends of the ranges from which nobody may write: what `address_block` holds, for a look without a wait.
_blocked: list[tuple[int, int]] = []

#: Where IPv4 lies among IPv6's addresses (RFC 4291, 2.5.5.2).
_MAPPED = 0xFFFF << 32
#: Bits of an IPv6 address that one subscriber does not choose (RFC 6177: a site gets a /64 at least).
_HOUSEHOLD = 64


def address() -> str | None:
    """The client's IP address; None for what comes from within: a command, a test."""
    return _address.get()


def neighbourhood() -> str | None:
    """What counts as one place in limits: an address of IPv4, and of IPv6 the /64 that one household has all of."""
    given = _address.get()
    return given if given is None or ":" not in given else _network(given)


def look() -> None:
    """Note that what this request is told depends on where it comes from."""
    _counted.set(True)


def was_looked_at() -> bool:
    """Whether what this request is told depends on where it comes from: then nobody else may be told the same."""
    return _counted.get()


def serve(address: str | None) -> None:
    """From here on this task serves a request from that address."""
    _address.set(address)
    _counted.set(False)


@contextmanager
def coming_from(address: str | None) -> Iterator[None]:
    """Do what is inside for a request from that address."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


@lru_cache(maxsize=10_000)
def _network(given: str) -> str:
    try:
        address = ip_address(given.partition("%")[0])
    except ValueError:
        return given  # a name, as of a Unix socket
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, _HOUSEHOLD), strict=False))


def number(address: IPv4Address | IPv6Address) -> int:
    """An address as a number, in one order for both kinds."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return int(address) + (_MAPPED if address.version == 4 else 0)


def block(ranges: Sequence[tuple[int, int]]) -> None:
    """Let these ranges of numbers be all that are blocked."""
    _blocked[:] = ranges


def is_blocked() -> bool:
    """Whether nobody may write from where this request comes."""
    if _blocked:
        look()
    return bool(_blocked) and any(lies_within(lowest, highest) for lowest, highest in _blocked)


def lies_within(lowest: int, highest: int) -> bool:
    """Whether this request comes from that range of numbers."""
    given = _address.get()
    if given is None:
        return False
    try:
        return lowest <= number(ip_address(given.partition("%")[0])) <= highest
    except ValueError:
        return False  # a name, as of a Unix socket
