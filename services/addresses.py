"""Ranges of IP addresses from which nobody may write: how they are written, and which are in force in this process.

What is blocked is looked up without waiting (`services.origin`). So each process keeps all ranges in memory: it loads
them when it starts, after each change of its own, and every few seconds for those of others.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import models
from services import origin

log = logging.getLogger(__name__)

#: How soon this process knows what another one has blocked, in seconds.
SECONDS = 5.0
#: What the database has room for; two addresses of IPv6 take less.
MOST_LENGTH = 100
#: Both ends of a range, as numbers (see `services.origin.number`).
Ends = tuple[int, int]


def ends_of(range: str) -> Ends:
    """The ends of a range, both in it: an address, a CIDR block, two addresses with a hyphen, or one that ends in `*`.

    203.0.113.7, 203.0.113.0/24, 203.0.113.7-203.0.113.90, 203.0.*, 2001:db8::/32, 2001:db8:*. Raises ValueError.
    """
    if len(range) > MOST_LENGTH or "%" in range:
        raise ValueError("too long, or of one interface")
    if "*" in range:
        return _with_stars(range)
    if "-" in range:
        lowest, _, highest = range.partition("-")
        return _in_order(_address(lowest), _address(highest))
    if "/" in range:
        block = ip_network(range.strip(), strict=False)
        return _in_order(block[0], block[-1])
    address = _address(range)
    return _in_order(address, address)


def as_kept(number: int) -> str:
    """An end as the database keeps it: 32 hexadecimal digits, which sort as addresses do."""
    return f"{number:032x}"


async def load() -> None:
    """Have the ranges that are blocked now in force in this process."""
    found = await models.AddressBlock.all().values_list("lowest", "highest")
    origin.block([(int(lowest, 16), int(highest, 16)) for lowest, highest in found])


@asynccontextmanager
async def kept_up_to_date() -> AsyncIterator[None]:
    """Have the ranges that were loaded stay those that are blocked while the block lasts, whoever changes them."""
    following = asyncio.create_task(_follow())
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        origin.block([])


async def _follow() -> None:
    while True:
        await asyncio.sleep(SECONDS)
        try:
            await load()
        except Exception:  # the database may be away for a while: what was loaded last stays in force
            log.exception("The blocked addresses could not be read")


def _with_stars(range: str) -> Ends:
    """The ends of `203.0.*`: one star, or several, for all that follows."""
    separator, parts, least, most = (":", 8, "0", "ffff") if ":" in range else (".", 4, "0", "255")
    given = range.strip().split(separator)
    fixed = [part for part in given if part != "*"]
    if given[: len(fixed)] != fixed or len(given) > parts or "" in given:
        raise ValueError("stars stand at the end, after whole parts")
    ends = (separator.join([*fixed, *[part] * (parts - len(fixed))]) for part in (least, most))
    lowest, highest = map(_address, ends)
    return _in_order(lowest, highest)


def _address(text: str) -> IPv4Address | IPv6Address:
    return ip_address(text.strip())


def _in_order(lowest: IPv4Address | IPv6Address, highest: IPv4Address | IPv6Address) -> Ends:
    if lowest.version != highest.version:
        raise ValueError("one end is of IPv4, the other of IPv6")
    ends = origin.number(lowest), origin.number(highest)
    if ends[0] > ends[1]:
        raise ValueError("the first end is beyond the second")
    return ends
