"""Ranges of addresses: however they are written, and in force in every process."""

import asyncio
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from crowd import member

import models
from models import UserLevel
from services import addresses, blocking, clock, origin


@pytest.fixture(autouse=True)
def none_blocked_afterwards() -> Iterator[None]:
    yield
    origin.block([])


@pytest.mark.parametrize(
    ("written", "lowest", "highest"),
    [
        ("203.0.113.7", "203.0.113.7", "203.0.113.7"),
        (" 203.0.113.0/24 ", "203.0.113.0", "203.0.113.255"),
        ("203.0.113.9/24", "203.0.113.0", "203.0.113.255"),
        ("203.0.113.7 - 203.0.114.1", "203.0.113.7", "203.0.114.1"),
        ("203.0.113.*", "203.0.113.0", "203.0.113.255"),
        ("203.0.*", "203.0.0.0", "203.0.255.255"),
        ("203.*.*.*", "203.0.0.0", "203.255.255.255"),
        ("2001:db8::1", "2001:db8::1", "2001:db8::1"),
        ("2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::1-2001:db8::ff", "2001:db8::1", "2001:db8::ff"),
        ("2001:db8:*", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("::ffff:203.0.113.7", "203.0.113.7", "203.0.113.7"),
    ],
)
def test_a_range_has_two_ends(written: str, lowest: str, highest: str) -> None:
    ends = addresses.ends_of(written)
    assert ends == (origin.number(ip_address(lowest)), origin.number(ip_address(highest)))
    assert [int(addresses.as_kept(end), 16) for end in ends] == list(ends)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "nowhere",
        "203.0.113",
        "203.0.113.0/33",
        "203.0.113.9-203.0.113.7",
        "203.0.113.7-2001:db8::1",
        "203.*.113.7",
        "203.0.113.*.*",
        "203.0.1*",
        "2001:db8::*",
        "fe80::1%eth0",
        "203.0.113.7" + " " * 100,
    ],
)
def test_what_is_no_range_is_refused(written: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  whatever its words
        addresses.ends_of(written)


async def test_what_another_process_blocks_is_in_force_soon_and_until_the_server_stops(
    forum: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "SECONDS", 0.01)
    with origin.coming_from("203.0.113.7"):
        async with addresses.kept_up_to_date():
            assert not origin.is_blocked()
            end = addresses.as_kept(addresses.ends_of("203.0.113.7")[0])
            await models.AddressBlock.create(lowest=end, highest=end, range="203.0.113.7", created_at=clock.now())
            async with asyncio.timeout(5):
                while not origin.is_blocked():  # noqa: ASYNC110  another process tells nobody
                    await asyncio.sleep(0.005)
        assert not origin.is_blocked()


async def test_a_database_that_is_away_for_a_while_leaves_in_force_what_was(
    forum: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(addresses, "SECONDS", 0.001)
    tried = asyncio.Event()

    async def fails() -> None:
        tried.set()
        raise OSError("away")

    with origin.coming_from("203.0.113.7"):
        async with addresses.kept_up_to_date():
            origin.block([addresses.ends_of("203.0.113.7")])
            monkeypatch.setattr(addresses, "load", fails)
            await tried.wait()
            tried.clear()
            await tried.wait()
            assert origin.is_blocked()
    assert "The blocked addresses could not be read" in caplog.text


async def test_what_this_process_blocks_is_in_force_at_once(forum: str) -> None:
    max_ = await member("max")
    max_.level = UserLevel.MODERATOR
    await max_.save(update_fields=["level"])
    with origin.coming_from("198.51.100.1"):
        await blocking.block_addresses(max_, "203.0.113.*", None)
    with origin.coming_from("203.0.113.200"):
        assert origin.is_blocked()
    await models.AddressBlock.all().delete()
    await addresses.load()
    with origin.coming_from("203.0.113.200"):
        assert not origin.is_blocked()
