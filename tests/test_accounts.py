"""Accounts: signing up, in and out, and what nobody else may learn."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest
from clients import Client, document
from crowd import member, points_of

import models
from models import UserLevel
from models.database import dialect
from services import accounts, clock, passwords
from services.errors import Findings, InvalidInput, RateLimited

PASSWORD = "a long password"
INTROSPECTION = "{ __schema { types { name fields { name } } } }"


async def test_who_signs_up_is_signed_in_and_has_the_points_for_joining(visitor: Client) -> None:
    result = await visitor.do("sign_up", name="ann", email="Ann@Example.org", password=PASSWORD)
    user = result["viewer"].pop("user")
    assert result["viewer"] == {"email": "Ann@example.org", "emailConfirmed": False}
    assert (user["name"], user["level"], user["points"]) == ("ann", "REGISTERED", 100)
    visitor.http.cookies.clear()
    seen = await Client(visitor.http, result["token"]).run("viewer")
    assert seen["viewer"]["user"] == {"name": "ann", "points": 100}


async def test_without_a_session_there_is_no_viewer(visitor: Client) -> None:
    assert await visitor.run("viewer") == {"viewer": None}
    assert await Client(visitor.http, "no such token").run("viewer") == {"viewer": None}


async def test_a_user_signs_in_with_name_or_address_in_any_case(visitor: Client) -> None:
    await visitor.sign_up("ann")
    for login in ("ann", "ANN", "ann@example.org", " Ann@EXAMPLE.org "):
        result = await visitor.do("sign_in", login=login, password=PASSWORD)
        assert result["__typename"] == "SignInPayload"
        assert result["viewer"] == {"user": {"name": "ann"}}
        visitor.http.cookies.clear()
        seen = await Client(visitor.http, result["token"]).run("viewer")
        assert seen["viewer"]["email"] == "ann@example.org"


async def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(visitor: Client) -> None:
    await visitor.sign_up("ann")
    for login, password in (
        ("ann", "a wrong password"),
        ("ann", PASSWORD.upper()),
        ("nobody", PASSWORD),
        ("nobody@example.org", PASSWORD),
        ("", ""),
        ("a\x00b", "\x00"),
    ):
        assert await visitor.do("sign_in", login=login, password=password) == {
            "__typename": "NotPermitted",
            "message": "There is no account with this name and password.",
            "permission": {"allowed": False, "reason": "SIGN_IN"},
        }
    assert list(visitor.http.cookies) == []


async def test_an_imported_user_without_a_password_cannot_sign_in(visitor: Client) -> None:
    await member("ann")
    for password in ("", "nobody's password"):
        assert (await visitor.do("sign_in", login="ann", password=password))["__typename"] == "NotPermitted"


async def set_cookie(visitor: Client, name: str, variables: dict[str, Any]) -> SimpleCookie:
    """The cookies that the answer to a document sets."""
    response = await visitor.http.post("/graphql", json={"query": document(name), "variables": variables})
    return SimpleCookie(response.headers.get("set-cookie"))


async def test_browsers_get_the_session_as_a_cookie_that_scripts_and_other_sites_cannot_use(visitor: Client) -> None:
    await visitor.sign_up("ann")
    [cookie] = (await set_cookie(visitor, "sign_in", {"input": {"login": "ann", "password": PASSWORD}})).values()
    assert cookie.key == "session"
    assert {name: value for name, value in cookie.items() if value} == {
        "httponly": True,
        "samesite": "lax",
        "path": "/",
        "max-age": str(30 * 24 * 60 * 60),
    }
    assert (await visitor.run("viewer"))["viewer"]["user"]["name"] == "ann"


async def test_signing_out_ends_the_session_and_takes_the_cookie_away(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    token = (await set_cookie(visitor, "sign_in", {"input": {"login": "ann", "password": PASSWORD}}))["session"].value
    [cookie] = (await set_cookie(visitor, "sign_out", {})).values()
    assert (cookie.value, cookie["max-age"]) == ("", "0")
    assert list(visitor.http.cookies) == []
    assert await Client(visitor.http, token).run("viewer") == {"viewer": None}
    assert (await ann.run("viewer"))["viewer"]["user"]["name"] == "ann"  # another session of hers


async def test_signing_out_tells_whether_anybody_was_signed_in(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    assert await ann.run("sign_out") == {"signOut": {"signedOut": True}}
    assert await ann.run("sign_out") == {"signOut": {"signedOut": False}}
    assert await visitor.run("sign_out") == {"signOut": {"signedOut": False}}


@pytest.mark.usefixtures("dear_passwords")
async def test_the_database_holds_a_hash_of_the_token_and_one_of_the_password(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    assert ann.token is not None
    [session] = await models.Session.all()
    assert session.token_hash == hashlib.sha256(ann.token.encode()).hexdigest()
    user = await models.User.get(name="ann")
    assert user.password_hash is not None
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_a_session_lasts_thirty_days(visitor: Client) -> None:
    now = datetime.now(UTC)
    for name, age, viewer in (("old", timedelta(days=30), None), ("new", timedelta(days=30, minutes=-1), "new")):
        with clock.standing_at(now - age):
            _, token = await accounts.sign_up(name, f"{name}@example.org", PASSWORD)
        seen = (await Client(visitor.http, token).run("viewer"))["viewer"]
        assert (seen and seen["user"]["name"]) == viewer


async def test_sessions_of_requests_that_come_together_are_read_together(forum: str, statements: list[str]) -> None:
    tokens = [(await accounts.sign_up(name, f"{name}@example.org", "long enough"))[1] for name in ("ann", "bob")]
    statements.clear()
    users = await asyncio.gather(*(accounts.user_of(token) for token in [*tokens * 5, "nobody's"]))
    assert [user and user.name for user in users] == ["ann", "bob"] * 5 + [None]
    # The first does not wait; the others gather meanwhile.
    assert len(statements) == 11 if dialect() == "sqlite" else len(statements) <= 2
    await accounts.sign_out(tokens[0])
    users = await asyncio.gather(*(accounts.user_of(token) for token in tokens))
    assert [user and user.name for user in users] == [None, "bob"]


async def test_signing_in_clears_the_users_sessions_that_ran_out(forum: str) -> None:
    with clock.standing_at(datetime.now(UTC) - timedelta(days=31)):
        ann, _ = await accounts.sign_up("ann", "ann@example.org", PASSWORD)
        bob, _ = await accounts.sign_up("bob", "bob@example.org", PASSWORD)
    await accounts.sign_in("ann", PASSWORD)
    assert await models.Session.filter(user_id=ann.id).count() == 1
    assert await models.Session.filter(user_id=bob.id).count() == 1


async def test_a_new_password_ends_all_sessions(forum: str) -> None:
    ann, token = await accounts.sign_up("ann", "ann@example.org", PASSWORD)
    await accounts.set_password(ann, "another long password")
    assert await accounts.user_of(token) is None
    signed_in, _ = await accounts.sign_in("ann", "another long password")
    assert signed_in == ann
    with pytest.raises(InvalidInput, match=r"^password: Write at least 8 characters; these are 5\.$"):
        await accounts.set_password(ann, "short")


async def test_a_level_is_kept(forum: str) -> None:
    ann = await member("ann")
    await accounts.set_level(ann, UserLevel.EDITOR)
    assert (await models.User.get(id=ann.id)).level is UserLevel.EDITOR


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Zoë", "Zoë"),
        ("Zoe\N{COMBINING DIAERESIS}", "Zoë"),
        ("Иван Петров", "Иван Петров"),
        ("李明", "李明"),
        ("नेहा", "नेहा"),
        ("علي", "علي"),
        ("O'Neill-Smith", "O'Neill-Smith"),
        ("\N{BICYCLE}", "\N{BICYCLE}"),
        ("  ann   b ", "ann b"),
        ("x" * 20, "x" * 20),
    ],
)
def test_people_are_called_as_they_are_called(given: str, kept: str) -> None:
    findings = Findings()
    assert accounts.check_name(findings, given) == kept
    assert findings.wrong == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Write at least 1 characters; these are 0."),
        ("   ", "Write at least 1 characters; these are 0."),
        ("x" * 21, "Write at most 20 characters; these are 21."),
        ("a@b", "Leave out @: names cannot contain it."),
        ("a+b/c", "Leave out + and /: names cannot contain it."),
        ("a\x00b", "Remove the character U+0000: it is not text."),
        (".", "Use letters or digits that can be seen."),
        ("..", "Use letters or digits that can be seen."),
        ("ann\N{ZERO WIDTH SPACE}", "Use letters or digits that can be seen."),
        ("ann\N{RIGHT-TO-LEFT OVERRIDE}", "Use letters or digits that can be seen."),
        ("\N{HANGUL FILLER}", "Use letters or digits that can be seen."),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(name: str, message: str) -> None:
    findings = Findings()
    accounts.check_name(findings, name)
    assert [(wrong.path, wrong.message) for wrong in findings.wrong] == [(("name",), message)]


async def test_a_user_is_found_by_a_name_in_any_script_and_case(visitor: Client) -> None:
    result = await visitor.do("sign_up", name="Иван Петров", email="ivan@example.org", password=PASSWORD)
    assert result["viewer"]["user"]["name"] == "Иван Петров"
    assert (await visitor.run("user_page", name="иван ПЕТРОВ"))["user"]["name"] == "Иван Петров"


async def test_all_that_is_wrong_is_told_at_once(visitor: Client) -> None:
    result = await visitor.do("sign_up", name="a/b", email="not an address", password="short")
    assert result["__typename"] == "InvalidInput"
    assert [field["path"] for field in result["fields"]] == [["name"], ["email"], ["password"]]
    assert result["fields"][2]["message"] == "Write at least 8 characters; these are 5."
    assert all(field["message"] in result["message"] for field in result["fields"])


async def test_an_address_that_cannot_be_one_is_refused(forum: str) -> None:
    for email in ("", "ann", "ann@", "@example.org", "ann@localhost", "a b@example.org", "x" * 70 + "@example.org"):
        with pytest.raises(InvalidInput) as refused:
            await accounts.sign_up("ann", email, PASSWORD)
        assert {wrong.path for wrong in refused.value.fields} == {("email",)}, email


async def test_names_and_addresses_that_grow_when_folded_are_refused(visitor: Client) -> None:
    sallallahou = "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}"  # one character, which NFKC makes 18 of
    result = await visitor.do(
        "sign_up", name=sallallahou * 20, email=f"{sallallahou * 30}@example.org", password=PASSWORD
    )
    assert result["__typename"] == "InvalidInput"
    assert [field["path"] for field in result["fields"]] == [["name"], ["email"]]


async def test_a_name_that_looks_like_a_taken_one_is_taken(visitor: Client) -> None:
    for taken in ("ann", "mary", "Il", "willow"):
        await member(taken)
    for wanted in ("Ann", "аnn", "rnary", "l1", "vviIIow"):
        result = await visitor.do("sign_up", name=wanted, email="someone@example.org", password=PASSWORD)
        assert result == {
            "__typename": "Conflict",
            "message": f"The name {wanted} is taken, or looks like one that is. Choose another.",
        }


async def test_an_address_has_one_account(visitor: Client) -> None:
    await visitor.sign_up("ann")
    result = await visitor.do("sign_up", name="bob", email="ANN@example.ORG", password=PASSWORD)
    assert result == {
        "__typename": "Conflict",
        "message": "There is an account with this e-mail address already: sign in instead.",
    }
    assert await models.User.all().count() == 1


async def test_of_many_who_want_a_name_at_once_one_gets_it(visitor: Client) -> None:
    results = await asyncio.gather(
        *(visitor.do("sign_up", name="ann", email=f"{index}@example.org", password=PASSWORD) for index in range(5))
    )
    assert sorted(result["__typename"] for result in results) == ["Conflict"] * 4 + ["SignUpPayload"]
    assert await points_of(await models.User.get(name="ann")) == 100


async def test_where_too_many_passwords_wait_others_are_told_when_to_try_again(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MOST_WAITING", 0)
    message = "Too many people are signing in at this moment. Try again in a few seconds."
    assert await visitor.do("sign_in", login="ann", password=PASSWORD) == {
        "__typename": "RateLimited",
        "message": message,
    }
    with pytest.raises(RateLimited) as refused:
        await accounts.sign_in("ann", PASSWORD)
    assert timedelta() < refused.value.retry_at - datetime.now(UTC) <= timedelta(seconds=3)


async def test_an_address_is_shown_to_its_owner_alone(visitor: Client) -> None:
    ann, bob = await visitor.sign_up("ann"), await visitor.sign_up("bob")
    assert (await ann.run("viewer"))["viewer"]["email"] == "ann@example.org"
    assert (await bob.run("viewer"))["viewer"]["email"] == "bob@example.org"
    types = (await visitor.post(INTROSPECTION))["data"]["__schema"]["types"]
    tellers = {each["name"] for each in types for field in each["fields"] or () if "mail" in field["name"].lower()}
    assert tellers == {"Viewer", "Mutation"}  # the latter's are deeds: confirmEmail
    assert "@" not in str(await bob.run("user_page", name="ann"))
