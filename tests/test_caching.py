"""Who may keep an answer to GET: anybody where nothing of who asked is in it, else their browser, or nobody."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from clients import Client, document
from keeping import keeping

from transports.answers import Answers

Setting = Callable[..., None]
SITE = "{ site { name } }"
PUBLIC, PRIVATE, NOBODY = "public, no-cache", "private, no-cache", "no-store"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """What the endpoint keeps."""
    with keeping(monkeypatch) as kept:
        yield kept


async def got(who: Client, query: str, headers: dict[str, str] | None = None, **parameters: str) -> httpx2.Response:
    return await who.http.get("/graphql", params={"query": query} | parameters, headers=who.headers | (headers or {}))


def caching(response: httpx2.Response) -> str:
    return str(response.headers["cache-control"])


async def test_what_a_visitor_is_shown_anybody_may_keep(visitor: Client, answers: Answers, setting: Setting) -> None:
    ann = await visitor.sign_up("ann")
    await ann.do("ask_question", title="What is a vote worth here?", body="In points.")
    page = document("question_page")
    for seconds, expected in ((0, PUBLIC), (30, "public, max-age=30")):
        setting(public_cache_seconds=seconds)
        variables = json.dumps({"number": 1, "seconds": seconds})  # another request each time, to the same end
        first, kept = [await got(visitor, page, variables=variables) for _ in range(2)]
        assert first.json()["data"]["thread"]["title"] == "What is a vote worth here?"
        assert caching(first) == caching(kept) == expected
        known = {"if-none-match": first.headers["etag"]}
        again = await got(visitor, page, known, variables=variables)
        assert (again.status_code, again.content, caching(again)) == (304, b"", expected)
        assert again.headers["vary"] == "Accept, Authorization, Cookie, Origin"


async def test_what_a_user_is_shown_is_theirs(visitor: Client, answers: Answers) -> None:
    ann = await visitor.sign_up("ann")
    assert caching(await got(visitor, SITE)) == PUBLIC
    for headers in (ann.headers, {"cookie": "session=made-up"}, {"cookie": "writer=made-up"}):
        response = await got(visitor, SITE, headers)
        assert (response.json()["data"]["site"]["name"], caching(response)) == ("Plainspoken", PRIVATE)


async def test_what_is_of_one_request_is_kept_by_nobody_else(
    visitor: Client, answers: Answers, setting: Setting
) -> None:
    setting(rate_limits=True)
    used: list[Any] = []
    for _ in range(2):
        limit = await got(visitor, "{ rateLimit { used } site { name } }")
        assert caching(limit) == PRIVATE
        told = await got(visitor, SITE, extensions='{"cost": true}')
        assert caching(told) == PRIVATE
        used.append((limit.json()["data"]["rateLimit"]["used"], told.json()["extensions"]["cost"]["used"]))
    assert used[0] != used[1]
    assert len(answers) == 0


async def test_what_is_wrong_or_posted_is_kept_by_nobody(visitor: Client, answers: Answers) -> None:
    for query in ("{ nonsense }", "{", "{ tags(first: -1) { totalCount } }", "mutation { signOut { signedOut } }"):
        assert (query, caching(await got(visitor, query))) == (query, NOBODY)
    assert caching(await visitor.http.post("/graphql", json={"query": SITE})) == NOBODY
