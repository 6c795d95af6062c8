"""Where a request really comes from: told by the proxies that are trusted, and by nobody else."""

from collections.abc import Callable
from typing import Any

import pytest
from clients import Client, document

from services import quotas
from transports import proxies

Setting = Callable[..., None]


def resolved(client: str, *headers: tuple[str, str], kind: str = "http") -> tuple[str, str]:
    """The address and the scheme of a request from `client` with these headers."""
    scope: dict[str, Any] = {
        "type": kind,
        "scheme": "ws" if kind == "websocket" else "http",
        "client": (client, 4711),
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }
    proxies.resolve(scope)
    return scope["client"][0], scope["scheme"]


def test_nobody_is_believed_who_is_not_named(setting: Setting) -> None:
    given = ("x-forwarded-for", "192.0.2.7")
    assert resolved("127.0.0.1", given) == ("127.0.0.1", "http")
    setting(trusted_proxies=["10.0.0.0/8", "::1"])
    assert resolved("127.0.0.1", given, ("x-forwarded-proto", "https")) == ("127.0.0.1", "http")
    assert resolved("11.0.0.1", given) == ("11.0.0.1", "http")
    assert resolved("10.9.8.7", given)[0] == resolved("::ffff:10.9.8.7", given)[0] == "192.0.2.7"
    assert resolved("::1", given)[0] == "192.0.2.7"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["192.0.2.7"], "192.0.2.7"),
        (["6.6.6.6, 192.0.2.7"], "192.0.2.7"),  # the client wrote the first one
        (["6.6.6.6, 192.0.2.7, 10.0.0.2"], "192.0.2.7"),
        (["6.6.6.6", "192.0.2.7"], "192.0.2.7"),
        (["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (["192.0.2.7:4711"], "192.0.2.7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["[2001:db8::7]:4711"], "2001:db8::7"),
        (["6.6.6.6, nonsense"], "10.0.0.1"),
        ([""], "10.0.0.1"),
        ([], "10.0.0.1"),
        ([", ".join(["6.6.6.6"] * 1000 + ["192.0.2.7"])], "192.0.2.7"),
    ],
)
def test_the_header_is_read_from_its_end(setting: Setting, given: list[str], expected: str) -> None:
    setting(trusted_proxies=["10.0.0.0/8"])
    # What no proxy of ours writes comes as the client made it up.
    made_up = ("forwarded", "for=6.6.6.6;proto=https")
    assert resolved("10.0.0.1", made_up, *(("x-forwarded-for", each) for each in given)) == (expected, "http")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("for=192.0.2.7", "192.0.2.7"),
        ('For="[2001:db8::7]:4711"; by=203.0.113.43', "2001:db8::7"),
        ("for=6.6.6.6, for=192.0.2.7;proto=https;by=10.0.0.2, for=10.0.0.2", "192.0.2.7"),
        ('for=6.6.6.6;host="a,b", for=192.0.2.7', "192.0.2.7"),
        ("for=unknown", "10.0.0.1"),
        ("for=_hidden, for=10.0.0.2", "10.0.0.2"),
        ("", "10.0.0.1"),
    ],
)
def test_so_is_the_standard_one_where_the_proxies_write_that(setting: Setting, given: str, expected: str) -> None:
    setting(trusted_proxies=["10.0.0.0/8"], proxy_header="Forwarded")
    made_up = (("x-forwarded-for", "6.6.6.6"), ("x-forwarded-proto", "https"))
    assert resolved("10.0.0.1", ("forwarded", given), *made_up)[0] == expected
    assert resolved("10.0.0.1", *made_up) == ("10.0.0.1", "http")


def test_the_scheme_is_what_the_outermost_trusted_proxy_says(setting: Setting) -> None:
    setting(trusted_proxies=["10.0.0.0/8"])
    over = ("x-forwarded-for", "192.0.2.7")
    assert resolved("10.0.0.1", over, ("x-forwarded-proto", "https")) == ("192.0.2.7", "https")
    assert resolved("10.0.0.1", over, ("x-forwarded-proto", "gopher")) == ("192.0.2.7", "http")
    assert resolved("10.0.0.1", over, ("x-forwarded-proto", "https"), kind="websocket") == ("192.0.2.7", "wss")
    setting(proxy_header="Forwarded")
    through_two = ("forwarded", "for=6.6.6.6;proto=http, for=192.0.2.7;proto=https, for=10.0.0.2;proto=http")
    assert resolved("10.0.0.1", through_two) == ("192.0.2.7", "https")


async def test_tries_to_sign_in_are_counted_by_who_sits_behind_the_proxy(visitor: Client, setting: Setting) -> None:
    setting(rate_limits=True, trusted_proxies=["127.0.0.1"])
    quotas.forget()
    query = document("sign_in")

    async def tried(address: str, login: str) -> str:
        response = await visitor.http.post(
            "/graphql",
            json={"query": query, "variables": {"input": {"login": login, "password": "a wrong password"}}},
            headers={"x-forwarded-for": address},
        )
        return str(response.json()["data"]["signIn"]["__typename"])

    assert [await tried("192.0.2.7", f"user {each}") for each in range(21)] == ["NotPermitted"] * 20 + ["RateLimited"]
    assert await tried("6.6.6.6, 192.0.2.7", "ann") == "RateLimited"
    assert await tried("192.0.2.8", "ann") == "NotPermitted"
    quotas.forget()


async def test_one_account_is_not_tried_from_everywhere(
    visitor: Client, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> bool:
        return False

    monkeypatch.setattr("services.passwords.is_right", never)
    setting(rate_limits=True, trusted_proxies=["127.0.0.1"])
    quotas.forget()
    query = document("sign_in")
    told = []
    for number in range(101):
        response = await visitor.http.post(
            "/graphql",
            json={"query": query, "variables": {"input": {"login": "Ann", "password": "a wrong password"}}},
            headers={"x-forwarded-for": f"2001:db8:0:{number:x}::1"},
        )
        told.append(response.json()["data"]["signIn"]["__typename"])
    assert told == ["NotPermitted"] * 100 + ["RateLimited"]
    quotas.forget()


async def test_aliases_do_not_get_past_a_limit_nor_do_addresses_of_one_household(
    visitor: Client, setting: Setting
) -> None:
    setting(rate_limits=True, trusted_proxies=["127.0.0.1"])
    quotas.forget()
    fields = " ".join(
        f'a{each}: signIn(input: {{login: "u{each}", password: "wrong password"}}) {{ __typename }}'
        for each in range(15)
    )
    told: list[str] = []
    for number in range(2):
        response = await visitor.http.post(
            "/graphql",
            json={"query": f"mutation {{ {fields} }}"},
            headers={"x-forwarded-for": f"2001:db8:1:1::{number}"},
        )
        told += [each["__typename"] for each in response.json()["data"].values()]
    assert told == ["NotPermitted"] * 20 + ["RateLimited"] * 10
    quotas.forget()


async def test_names_and_addresses_that_are_taken_are_not_tried_out(visitor: Client, setting: Setting) -> None:
    await visitor.sign_up("ann")
    setting(rate_limits=True)
    quotas.forget()
    told = [
        (await visitor.do("sign_up", name=f"bob {each}", email="ann@example.org", password="a long password"))[
            "__typename"
        ]
        for each in range(21)
    ]
    assert told == ["Conflict"] * 20 + ["RateLimited"]
    quotas.forget()
