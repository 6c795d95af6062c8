"""The server as a browser first meets it: pages, files, and what they may do."""

import pytest
from clients import Client
from hearing import hearing

from models import database
from server import app, lifespan
from services import live
from settings import settings


async def test_the_front_door_leads_to_graphiql(visitor: Client) -> None:
    door = await visitor.http.get("/")
    assert (door.status_code, door.headers["location"]) == (307, "/graphiql")
    page = await visitor.http.get("/graphiql")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_graphiql_has_nothing_but_its_own_files(visitor: Client) -> None:
    page = await visitor.http.get("/graphiql")
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["worker-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert (page.headers["referrer-policy"], page.headers["x-content-type-options"]) == ("no-referrer", "nosniff")
    script = await visitor.http.get("/static/graphiql/graphiql.js")
    assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")


async def test_a_file_that_has_not_changed_is_not_sent_again(visitor: Client) -> None:
    style = await visitor.http.get("/static/graphiql/graphiql.css")
    assert style.headers["cache-control"] == "no-cache"
    again = await visitor.http.get("/static/graphiql/graphiql.css", headers={"if-none-match": style.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/static/graphiql/../../server.py",
        "/static/graphiql/%2e%2e/%2e%2e/server.py",
        "/static/graphiql/..%2f..%2fserver.py",
        "/static/graphiql/%00",
        "/static/graphiql/",
        "/graphql/",
    ],
)
async def test_nothing_else_is_served(visitor: Client, path: str) -> None:
    response = await visitor.http.get(path, follow_redirects=True)
    assert response.status_code in (404, 400)


async def test_the_database_opens_and_closes_with_the_server(forum_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", forum_url)
    settings.cache_clear()
    async with lifespan(app):
        assert await database.fetch("SELECT name FROM site") == [{"name": "Plainspoken"}]
        with hearing([live.post_topic(1)]) as hearer:
            live.close()
            assert hearer.is_closed
    settings.cache_clear()
    await database.connect(forum_url)  # which is refused while it is open
    await database.disconnect()
