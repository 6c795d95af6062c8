"""Where a request comes from, and ranges of addresses from which nobody may write."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

import pytest

import models
from services import origin
from services.errors import RefusalReason
from services.origin import address, coming_from, is_blocked, number
from services.permissions import writing_refusal


@pytest.fixture(autouse=True)
def blocked() -> Iterator[None]:
    """Two ranges are blocked, of either kind."""
    ranges = [ip_network("203.0.113.0/25"), ip_network("2001:db8::/32")]
    origin.block([(number(each[0]), number(each[-1])) for each in ranges])
    yield
    origin.block([])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("203.0.113.0", True),
        ("203.0.113.127", True),
        ("203.0.113.128", False),
        ("203.0.112.255", False),
        ("::ffff:203.0.113.5", True),
        ("2001:db8::", True),
        ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", True),
        ("2001:db9::", False),
        ("2001:db8::1%eth0", True),
        ("::cb00:7105", False),  # not an IPv4 address, though it has the same digits
        ("localhost", False),
        ("", False),
    ],
)
def test_both_ends_of_a_range_are_in_it(given: str, expected: bool) -> None:
    with coming_from(given):
        assert is_blocked() is expected


def test_an_address_counts_inside_its_block_alone() -> None:
    assert address() is None
    with coming_from("203.0.113.1"):
        with coming_from(None):
            assert address() is None
            assert not is_blocked()
        assert address() == "203.0.113.1"
    assert address() is None


def test_ipv4_sorts_among_ipv6_where_it_is_mapped() -> None:
    assert number(ip_address("1.2.3.4")) == number(ip_address("::ffff:1.2.3.4")) == 0xFFFF_0102_0304
    assert number(ip_address("255.255.255.255")) < number(ip_address("1::"))


def test_from_a_blocked_address_nobody_writes_not_even_the_owner() -> None:
    owner = models.User(id=1, level=models.UserLevel.OWNER)
    with coming_from("203.0.113.1"):
        for actor in (None, owner):
            refusal = writing_refusal(actor)
            assert refusal is not None
            assert refusal.reason is RefusalReason.BLOCKED
    assert writing_refusal(owner) is None
