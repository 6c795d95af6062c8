"""GraphQL over HTTP, as its specification has it (2025-09 draft, https://graphql.github.io/graphql-over-http)."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote, urlsplit

import httpx2
import orjson
import pytest
import structlog
from clients import Client, document
from node_packages import node_packages

import models
from transports.media_types import GRAPHQL, JSON
from transports.requests import MOST_BODY

#: The specification's own checks, of the npm package graphql-http.
AUDIT = """
    import { serverAudits } from "graphql-http";
    for (const audit of serverAudits({ url: process.argv[1], fetchFn: fetch })) {
      const { status, reason } = await audit.fn();
      console.log(status, audit.id, audit.name, reason ?? "");
    }
"""
NAME = {"site": {"name": "Plainspoken"}}
NO_JSON = "is not valid JSON: "
NO_OBJECT = 'The request body must be a JSON object: {"query": "...", "variables": {...}}.'


async def sent(visitor: Client, body: bytes | str, **headers: str) -> httpx2.Response:
    """The answer to a POST of exactly this body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await visitor.http.post("/graphql", content=body, headers={"content-type": JSON} | named)


def only_message(response: httpx2.Response) -> str:
    """The message of an answer that has one error and nothing else; it must be JSON."""
    assert response.headers["content-type"] in (f"{JSON}; charset=utf-8", f"{GRAPHQL}; charset=utf-8")
    answer = response.json()
    [error] = answer.pop("errors")
    assert answer == {}
    return str(error["message"])


async def test_a_query_by_post_gives_its_data_as_json(visitor: Client) -> None:
    response = await sent(visitor, orjson.dumps({"query": document("site_name"), "variables": None}))
    assert (response.status_code, response.headers["content-type"]) == (200, f"{JSON}; charset=utf-8")
    assert response.json() == {"data": NAME}


async def test_the_media_type_is_the_one_that_is_accepted(visitor: Client) -> None:
    body = orjson.dumps({"query": document("site_name")})
    accepted = await sent(visitor, body, accept=f"{GRAPHQL}, {JSON};q=0.9")
    assert (accepted.status_code, accepted.json()) == (200, {"data": NAME})
    assert accepted.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    refused = await sent(visitor, body, accept="text/html")
    assert (refused.status_code, only_message(refused)) == (406, f"Accept {GRAPHQL} or {JSON}; or text/event-stream.")
    for response in (accepted, refused):
        assert "Accept" in response.headers["vary"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{", "Syntax Error: Expected Name, found <EOF>."),
        ("# nothing", "Syntax Error: Unexpected <EOF>."),
        ("{ nothing }", "Cannot query field 'nothing' on type 'Query'."),
        (
            "query ($id: ID!) { node(id: $id) { id } }",
            "Variable '$id' has invalid value: Expected a value of non-null type 'ID!' to be provided.",
        ),
        ("fragment A on Site { name }", "There is no operation in the document."),
    ],
)
async def test_a_document_that_cannot_run_is_a_bad_request_to_clients_that_know(
    visitor: Client, query: str, message: str
) -> None:
    body = orjson.dumps({"query": query})
    known = await sent(visitor, body, accept=GRAPHQL)
    assert known.status_code == 400
    assert known.json()["errors"][0]["message"] == message
    assert "data" not in known.json()
    legacy = await sent(visitor, body, accept=JSON)
    assert (legacy.status_code, legacy.json()) == (200, known.json())


async def test_an_error_in_a_field_is_a_200_with_the_data_beside_it(visitor: Client) -> None:
    body = {"query": "{ site { name } tags(first: -1) { nodes { name } } }"}
    response = await sent(visitor, orjson.dumps(body), accept=GRAPHQL)
    assert response.status_code == 200
    [error] = response.json()["errors"]
    assert error["message"] == "first must lie between 0 and 100; it is -1."
    assert error["path"] == ["tags"]


async def test_a_query_goes_by_get_too(visitor: Client) -> None:
    query = "query Named($id: ID!) { node(id: $id) { id } } query Site { site { name } }"
    response = await visitor.http.get("/graphql", params={"query": query, "operationName": "Site"})
    assert (response.status_code, response.json()) == (200, {"data": NAME})
    parameters = {"query": query, "operationName": "Named", "variables": '{"id": "nothing"}', "extensions": ""}
    response = await visitor.http.get("/graphql", params=parameters)
    assert (response.status_code, response.json()) == (200, {"data": {"node": None}})


async def test_an_answer_to_get_that_the_client_has_already_is_not_sent_again(visitor: Client) -> None:
    query = {"query": "{ site { name welcome } }"}
    first = await visitor.http.get("/graphql", params=query)
    etag = first.headers["etag"]
    assert etag.startswith('"')
    assert first.headers["cache-control"] == "private, no-cache"
    for known in (etag, f'"another", W/{etag}', "*"):
        again = await visitor.http.get("/graphql", params=query, headers={"if-none-match": known})
        assert (known, again.status_code, again.content) == (known, 304, b"")
        kept = ("etag", "cache-control", "vary")
        assert {name: again.headers[name] for name in kept} == {name: first.headers[name] for name in kept}
    other = await visitor.http.get("/graphql", params=query, headers={"if-none-match": etag, "accept": GRAPHQL})
    assert (other.status_code, other.json()) == (200, first.json())
    await models.Site.all().update(welcome="Come in.")
    changed = await visitor.http.get("/graphql", params=query, headers={"if-none-match": etag})
    assert (changed.status_code, changed.json()["data"]["site"]["welcome"]) == (200, "Come in.")


async def test_what_is_wrong_or_posted_has_no_etag(visitor: Client) -> None:
    wrong = await visitor.http.get("/graphql", params={"query": "{ tags(first: -1) { totalCount } }"})
    body = orjson.dumps({"query": document("site_name")})
    for response in (wrong, await sent(visitor, body, if_none_match="*")):
        assert (response.status_code, "etag" in response.headers) == (200, False)


async def test_who_keeps_an_answer_is_told_what_it_depends_on(visitor: Client) -> None:
    response = await sent(visitor, orjson.dumps({"query": document("site_name")}))
    assert response.headers["vary"] == "Accept, Authorization, Cookie, Origin"


async def test_an_empty_operation_name_is_none(visitor: Client) -> None:
    response = await visitor.http.get("/graphql", params={"query": document("site_name"), "operationName": ""})
    assert (response.status_code, response.json()) == (200, {"data": NAME})


async def test_a_get_that_asks_nothing_sensible_is_told_why(visitor: Client) -> None:
    told = {
        "": "There is no query in the request.",
        "variables={}": "There is no query in the request.",
        "query={site{name}}&variables=[1]": "variables must be an object, or left out.",
        "query={site{name}}&variables={": f"variables {NO_JSON}unexpected end of data: line 1 column 2 (char 1).",
        "query={site{name}}&extensions=5": "extensions must be an object, or left out.",
    }
    for parameters, message in told.items():
        response = await visitor.http.get("/graphql?" + quote(parameters, safe="&="))
        assert (parameters, response.status_code, only_message(response)) == (parameters, 400, message)


async def test_a_mutation_by_get_is_refused_and_changes_nothing(visitor: Client) -> None:
    given = {"name": "ann", "email": "ann@example.org", "password": "a long password"}
    parameters = {"query": document("sign_up"), "variables": orjson.dumps({"input": given}).decode()}
    response = await visitor.http.get("/graphql", params=parameters)
    assert (response.status_code, only_message(response)) == (405, "Mutations go by POST.")
    assert response.headers["allow"] == "POST"
    assert await visitor.post("{ users { totalCount } }") == {"data": {"users": {"totalCount": 0}}}


async def test_other_methods_are_told_which_ones_there_are(visitor: Client) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        response = await visitor.http.request(method, "/graphql")
        assert (method, response.status_code, only_message(response)) == (method, 405, "GraphQL goes by GET or POST.")
        assert response.headers["allow"] == "GET, POST"


async def test_what_a_form_on_any_page_could_send_is_refused(visitor: Client) -> None:
    body = orjson.dumps({"query": document("site_name")})
    for content_type in (
        "",
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
    ):
        response = await sent(visitor, body, content_type=content_type)
        assert (content_type, response.status_code) == (content_type, 415)
        assert only_message(response) == f"Send {JSON}, in UTF-8."
        assert response.headers["accept-post"] == JSON


BODIES = [
    (b"", f"The request body {NO_JSON}Input is a zero-length, empty document: line 1 column 1 (char 0)."),
    (b"{", f"The request body {NO_JSON}unexpected end of data: line 1 column 2 (char 1)."),
    (b'\xef\xbb\xbf{"query": "{ site { name } }"}', f"The request body {NO_JSON}UTF-8 byte order mark (BOM) is not"),
    (
        b'{"query": "{ x }", "variables": {"x": NaN}}',
        f"The request body {NO_JSON}unexpected character, expected a JSON",
    ),
    (b'{"query": "{ x }", "variables": {"x": Infinity}}', f"The request body {NO_JSON}unexpected character, expected"),
    (b'{"query": "{ x }", "variables": {"x": 1e400}}', f"The request body {NO_JSON}number is infinity when parsed as"),
    (b'{"query": "\xff"}', f"The request body {NO_JSON}str is not valid UTF-8: "),
    (b'{"query": "\xed\xa0\x80"}', f"The request body {NO_JSON}str is not valid UTF-8: "),
    (rb'{"query": "\ud800"}', f"The request body {NO_JSON}no low surrogate in string: "),
    (b"[" * 100_000 + b"]" * 100_000, f"The request body {NO_JSON}depth limit exceeded: "),
    (b'{"variables":' * 50_000 + b"1" + b"}" * 50_000, f"The request body {NO_JSON}depth limit exceeded: "),
    (b"5", NO_OBJECT),
    (b"null", NO_OBJECT),
    (b'"{ site { name } }"', NO_OBJECT),
    (b'[{"query": "{ site { name } }"}]', NO_OBJECT),
    (b"{}", "There is no query in the request."),
    (b'{"query": null}', "There is no query in the request."),
    (b'{"query": ""}', "There is no query in the request."),
    (b'{"query": 5}', "query must be a string, or left out."),
    (b'{"query": "{ site { name } }", "operationName": 5}', "operationName must be a string, or left out."),
    (b'{"query": "{ site { name } }", "variables": [1]}', "variables must be an object, or left out."),
    (b'{"query": "{ site { name } }", "variables": "{}"}', "variables must be an object, or left out."),
    (b'{"query": "{ site { name } }", "extensions": 5}', "extensions must be an object, or left out."),
]


async def test_a_body_that_is_no_request_is_told_why(visitor: Client) -> None:
    for body, message in BODIES:
        response = await sent(visitor, body)
        told = only_message(response)[: len(message)]
        assert (body[:60], response.status_code, told) == (body[:60], 400, message)
    assert await visitor.run("site_name") == NAME


async def chunks() -> AsyncIterator[bytes]:
    """Ten megabytes whose length is not told beforehand."""
    for _ in range(160):
        yield b" " * 65_536


async def test_a_body_of_ten_megabytes_is_not_read(visitor: Client) -> None:
    for body in (b" " * (10 * MOST_BODY), chunks()):
        response = await visitor.http.post("/graphql", content=body, headers={"content-type": JSON})
        assert response.status_code == 413
        assert only_message(response) == "The request body may have at most 1,048,576 bytes."
    assert await visitor.run("site_name") == NAME


async def test_a_body_of_the_greatest_length_is_read(visitor: Client) -> None:
    body = orjson.dumps({"query": document("site_name")})
    response = await sent(visitor, body + b" " * (MOST_BODY - len(body)))
    assert (response.status_code, response.json()) == (200, {"data": NAME})


async def test_one_of_several_operations_must_be_named(visitor: Client) -> None:
    query = "query A { site { name } } query B { site { welcome } }"
    unnamed = await sent(visitor, orjson.dumps({"query": query}), accept=GRAPHQL)
    assert unnamed.status_code == 400
    assert only_message(unnamed) == "Give operationName: the document has several operations."
    named = await sent(visitor, orjson.dumps({"query": query, "operationName": "A"}), accept=GRAPHQL)
    assert (named.status_code, named.json()) == (200, {"data": NAME})
    unknown = await sent(visitor, orjson.dumps({"query": query, "operationName": "C"}), accept=GRAPHQL)
    assert (unknown.status_code, only_message(unknown)) == (400, "There is no operation 'C' in the document.")


async def test_somebody_who_types_the_address_gets_a_page(visitor: Client) -> None:
    response = await visitor.http.get("/graphql", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (response.status_code, response.headers["location"]) == (307, "/graphiql")


async def test_an_address_with_a_slash_too_many_leads_to_the_right_one(visitor: Client) -> None:
    response = await visitor.http.post("/graphql/", json={"query": document("site_name")}, follow_redirects=True)
    assert (response.status_code, response.json()) == (200, {"data": NAME})


async def test_a_subscription_is_told_where_to_go(visitor: Client) -> None:
    parameters = {"query": document("watch_votes"), "variables": {"postIds": ["x"]}}
    by_get = {"query": document("watch_votes"), "variables": '{"postIds": ["x"]}'}
    for response in (await visitor.http.get("/graphql", params=by_get), await sent(visitor, orjson.dumps(parameters))):
        assert response.status_code == 400
        told = "Subscriptions go over a WebSocket, with the protocol graphql-transport-ws; or accept text/event-stream."
        assert only_message(response) == told


async def test_a_client_that_hangs_up_while_it_sends_is_no_error(
    visitor: Client, caplog: pytest.LogCaptureFixture
) -> None:
    address = urlsplit(str(visitor.http.base_url))
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert await visitor.run("site_name") == NAME
    assert [record.getMessage() for record in caplog.records if record.levelname in ("ERROR", "WARNING")] == []


async def test_a_bug_before_the_operation_begins_is_masked_too(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("the secret inner life of sessions")

    monkeypatch.setattr("services.accounts.user_of", broken)
    with structlog.testing.capture_logs() as events:
        response = await sent(visitor, orjson.dumps({"query": document("site_name")}), authorization="Bearer x")
    assert (response.status_code, "secret" in response.text) == (500, False)
    [event] = events
    assert only_message(response) == f"Something went wrong here. The server's log has it under {event['error_id']}."
    assert "the secret inner life of sessions" in event["traceback"]


async def test_the_specifications_own_audits_pass(visitor: Client) -> None:
    auditing = await asyncio.create_subprocess_exec(
        *("node", "--input-type=module", "--eval", AUDIT, str(visitor.http.base_url.join("/graphql"))),
        cwd=node_packages().parent,
        stdout=asyncio.subprocess.PIPE,
    )
    found = (await auditing.communicate())[0].decode().splitlines()
    assert [line for line in found if not line.startswith("ok ")] == []
    assert len(found) == 61
