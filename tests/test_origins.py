"""Pages of other origins: those that are allowed may send requests, and read the answers; no others."""

from collections.abc import Callable

import pytest
from clients import Client, document

from settings import Settings

Setting = Callable[..., None]
APP = "https://app.example.org"
ASKED = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}


@pytest.fixture
def allowed(setting: Setting) -> None:
    """A site that allows one page beside its own."""
    setting(allowed_origins=[APP])


async def signed_up(visitor: Client) -> str:
    """A new user's cookie."""
    given = {"name": "ann", "email": "ann@example.org", "password": "a long password"}
    body = {"query": document("sign_up"), "variables": {"input": given}}
    response = await visitor.http.post("/graphql", json=body)
    visitor.http.cookies.clear()
    return response.headers["set-cookie"].partition(";")[0]


async def whoami(visitor: Client, **headers: str) -> str | None:
    response = await visitor.http.post("/graphql", json={"query": document("who_am_i")}, headers=headers)
    viewer = response.json()["data"]["viewer"]
    return viewer["user"]["name"] if viewer else None


async def test_a_browser_is_told_what_an_allowed_page_may_send(visitor: Client, allowed: None) -> None:
    response = await visitor.http.request("OPTIONS", "/graphql", headers=ASKED | {"origin": APP})
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == APP
    assert response.headers["access-control-allow-credentials"] == "true"
    assert response.headers["access-control-allow-methods"] == "GET, POST"
    assert "Content-Type" in response.headers["access-control-allow-headers"]
    assert response.headers["access-control-max-age"] == "7200"
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", f"{APP}.evil.example", "http://app.example.org", ""]
)
async def test_no_other_page_is_told_anything(visitor: Client, allowed: None, origin: str) -> None:
    asked = await visitor.http.request("OPTIONS", "/graphql", headers=ASKED | {"origin": origin})
    assert asked.status_code == 405
    sent = await visitor.http.post("/graphql", json={"query": "{ site { name } }"}, headers={"origin": origin})
    for response in (asked, sent):
        assert [name for name in response.headers if name.startswith("access-control-")] == []
    assert await whoami(visitor, cookie=await signed_up(visitor), origin=origin) is None


async def test_an_allowed_page_reads_its_users_answers(visitor: Client, allowed: None) -> None:
    own = await signed_up(visitor)
    assert await whoami(visitor, cookie=own, origin=APP) == "ann"
    assert await whoami(visitor, cookie=own, origin=APP.upper().replace("HTTPS", "https")) == "ann"
    for query in ("{ site { name } }", "{ nonsense }", "{ site { name } }"):  # an answer that is kept, too
        response = await visitor.http.post("/graphql", json={"query": query}, headers={"origin": APP})
        assert response.headers["access-control-allow-origin"] == APP
        assert response.headers["access-control-allow-credentials"] == "true"
    plain = await visitor.http.post("/graphql", json={"query": "{ site { name } }"})
    assert "access-control-allow-origin" not in plain.headers


@pytest.mark.parametrize("origin", ["*", "app.example.org", f"{APP}/", "null"])
def test_what_is_no_origin_is_no_setting(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", f'["{origin}"]')
    with pytest.raises(ValueError, match="https://HOST"):
        Settings()


async def test_every_answer_forbids_what_it_does_not_need(visitor: Client) -> None:
    for path in (
        "/graphql?query={site{name}}",
        "/graphql",
        "/",
        "/graphiql",
        "/nowhere",
        "/static/graphiql/index.html",
    ):
        headers = (await visitor.http.get(path)).headers
        assert (path, headers["x-content-type-options"]) == (path, "nosniff")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
    assert "script-src 'self'" in (await visitor.http.get("/graphiql")).headers["content-security-policy"]


async def test_graphiql_can_be_switched_off(visitor: Client, setting: Setting) -> None:
    setting(graphiql=False)
    for path in ("/", "/graphiql"):
        assert (await visitor.http.get(path)).status_code == 404
    typed = await visitor.http.get("/graphql", headers={"accept": "text/html"})
    assert typed.status_code == 406


async def test_introspection_can_be_switched_off_and_suggestions_go_with_it(visitor: Client, setting: Setting) -> None:
    told = [(await visitor.post(query))["errors"][0]["message"] for query in ("{ sit { name } }", "{ site { nam } }")]
    assert all("Did you mean" in message for message in told)
    setting(introspection=False)
    for query in (
        "{ __schema { queryType { name } } }",
        '{ site { name } ...A } fragment A on Query { __type(name: "Site") { name } }',
    ):
        [error] = (await visitor.post(query))["errors"]
        assert error["extensions"]["code"] == "INTROSPECTION_OFF"
    assert await visitor.post("{ __typename }") == {"data": {"__typename": "Query"}}
    mistakes = [
        "{ sit { name } }",
        "{ site { nam } }",
        "{ thread(numbr: 1) { id } }",
        "{ threads(orderBy: NEWES) { totalCount } }",
        "query ($x: Strin) { tag(name: $x) { id } }",
        "{ node(id: 1) { ... on Threa { id } } }",
        "{ site { name @skp(if: true) } }",
        "{ threads(filter: {sinc: 1}) { totalCount } }",
    ]
    for query in mistakes:
        [error, *_] = (await visitor.post(query))["errors"]
        assert "Did you mean" not in error["message"]
    wrong = "query ($o: ThreadOrder!, $f: ThreadFilter) { threads(orderBy: $o, filter: $f) { totalCount } }"
    answer = await visitor.post(wrong, {"o": "NEWES", "f": {"sinc": 1}})
    assert "Did you mean" not in str(answer["errors"])
