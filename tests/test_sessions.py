"""Whose request it is: bearer tokens, and cookies that only our own pages can use."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from clients import Client, document

import models
from transports.sessions import bearer_of


async def whoami(visitor: Client, **headers: str) -> str | None:
    """The name that the server knows a request with these headers by."""
    response = await visitor.http.post("/graphql", json={"query": document("who_am_i")}, headers=headers)
    viewer = response.json()["data"]["viewer"]
    return viewer["user"]["name"] if viewer else None


async def signed_up(visitor: Client, **headers: str) -> httpx2.Response:
    """The whole answer to signing up as ann. What it sets as a cookie stays with nobody."""
    given = {"name": "ann", "email": "ann@example.org", "password": "a long password"}
    body = {"query": document("sign_up"), "variables": {"input": given}}
    response = await visitor.http.post("/graphql", json=body, headers=headers)
    visitor.http.cookies.clear()
    return response


def cookie(response: httpx2.Response) -> str:
    """The cookie that an answer sets, as a browser would send it back."""
    return response.headers["set-cookie"].partition(";")[0]


def origin(visitor: Client) -> str:
    return str(visitor.http.base_url).rstrip("/")


async def test_a_bearer_token_says_who_asks(visitor: Client) -> None:
    token = (await signed_up(visitor)).json()["data"]["signUp"]["token"]
    assert await whoami(visitor) is None
    assert await whoami(visitor, authorization=f"Bearer {token}") == "ann"
    assert await whoami(visitor, authorization=f"bearer  {token}") == "ann"
    assert await whoami(visitor, authorization=f"Bearer {token}", origin="https://evil.example") == "ann"
    assert await whoami(visitor, authorization=f"Bearer {token[:-1]}") is None
    assert await whoami(visitor, authorization=f"Basic {token}") is None


async def test_signing_up_sets_a_cookie_that_scripts_and_other_sites_do_not_get(visitor: Client) -> None:
    response = await signed_up(visitor)
    token = response.json()["data"]["signUp"]["token"]
    attributes = response.headers["set-cookie"].split("; ")
    assert set(attributes) == {f"session={token}", "HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=lax"}


async def test_the_cookie_stays_off_plain_http_where_the_site_has_https(
    visitor: Client, setting: Callable[..., None]
) -> None:
    setting(trusted_proxies=["127.0.0.1"])
    response = await signed_up(visitor, **{"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7"})
    assert "Secure" in response.headers["set-cookie"].split("; ")


async def test_a_cookie_counts_from_our_own_pages_and_from_programs(visitor: Client) -> None:
    own = cookie(await signed_up(visitor))
    assert await whoami(visitor, cookie=own) == "ann"
    assert await whoami(visitor, cookie=own, origin=origin(visitor)) == "ann"
    assert await whoami(visitor, cookie=f"other=1; {own}; another=2") == "ann"
    assert await whoami(visitor, cookie="session=made-up") is None


async def test_a_cookie_does_not_count_from_foreign_pages(visitor: Client) -> None:
    own = cookie(await signed_up(visitor))
    for foreign in ("https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", "nonsense", ""):
        assert (foreign, await whoami(visitor, cookie=own, origin=foreign)) == (foreign, None)
    asked = {"title": "Who asks this question?", "body": "Not ann."}
    response = await visitor.http.post(
        "/graphql",
        json={"query": document("ask_question"), "variables": {"input": asked}},
        headers={"cookie": own, "origin": "https://evil.example"},
    )
    assert response.json()["data"]["askQuestion"]["__typename"] == "AskQuestionPayload"
    assert (await models.Post.get()).author_id is None  # it is a visitor's


async def test_an_origin_that_is_no_address_is_foreign(visitor: Client) -> None:
    assert await whoami(visitor, cookie=cookie(await signed_up(visitor)), origin="http://[") is None


async def test_a_bearer_token_goes_before_a_cookie(visitor: Client) -> None:
    own = cookie(await signed_up(visitor))
    bob = await visitor.sign_up("bob")
    visitor.http.cookies.clear()
    assert await whoami(visitor, cookie=own, **bob.headers) == "bob"


async def test_signing_in_and_out_changes_the_cookie_and_ends_the_session(visitor: Client) -> None:
    await signed_up(visitor)
    signed_in = await visitor.do("sign_in", login="ANN@example.org", password="a long password")
    assert signed_in["viewer"] == {"user": {"name": "ann"}}
    assert await whoami(visitor) == "ann"  # by the cookie that the browser has got
    response = await visitor.http.post("/graphql", json={"query": document("sign_out")})
    assert response.json() == {"data": {"signOut": {"signedOut": True}}}
    assert response.headers["set-cookie"].startswith('session=""; HttpOnly; Max-Age=0;')
    assert await whoami(visitor, authorization=f"Bearer {signed_in['token']}") is None
    assert await visitor.run("sign_out") == {"signOut": {"signedOut": False}}


async def test_a_wrong_password_and_no_account_have_one_answer(visitor: Client) -> None:
    await signed_up(visitor)
    refused = {
        "__typename": "NotPermitted",
        "message": "There is no account with this name and password.",
        "permission": {"allowed": False, "reason": "SIGN_IN"},
    }
    assert await visitor.do("sign_in", login="ann", password="a wrong password") == refused
    assert await visitor.do("sign_in", login="nobody", password="a long password") == refused
    assert await whoami(visitor) is None


async def test_a_session_runs_out(visitor: Client) -> None:
    token = (await signed_up(visitor)).json()["data"]["signUp"]["token"]
    await models.Session.filter(user__name="ann").update(expires_at=datetime.now(UTC) + timedelta(minutes=1))
    assert await whoami(visitor, authorization=f"Bearer {token}") == "ann"
    await models.Session.filter(user__name="ann").update(expires_at=datetime.now(UTC) - timedelta(minutes=1))
    assert await whoami(visitor, authorization=f"Bearer {token}") is None


async def test_the_database_does_not_know_the_token(visitor: Client) -> None:
    token = (await signed_up(visitor)).json()["data"]["signUp"]["token"]
    assert token not in str(await models.Session.all().values())


@pytest.mark.parametrize("header", [None, 5, "", "Bearer", "Bearer ", "Basic abc", ["Bearer abc"]])
def test_what_is_not_a_bearer_has_no_token(header: object) -> None:
    assert bearer_of(header) is None
