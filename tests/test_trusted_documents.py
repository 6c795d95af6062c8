"""Documents by their hash: remembered for clients that send it once, trusted where a manifest lists them."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from clients import Client, document

from planner.asked import MOST_TEXT, Asked, Remembered
from planner.trusted import NotAManifest, trusted
from transports.media_types import GRAPHQL, JSON

SITE = "{ site { name } }"
NAME = {"data": {"site": {"name": "Plainspoken"}}}
Setting = Callable[..., None]


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def persisted(text: str, **more: Any) -> dict[str, Any]:
    """The extensions that Apollo Client sends, with the document's hash."""
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)} | more}


async def sent(visitor: Client, **body: Any) -> httpx2.Response:
    return await visitor.http.post("/graphql", json=body, headers={"accept": JSON})


def code(response: httpx2.Response) -> str:
    """The code of an answer that has one error and nothing else."""
    answer = response.json()
    [error] = answer.pop("errors")
    assert answer == {}
    return str(error["extensions"]["code"])


async def test_a_document_is_remembered_by_its_hash(visitor: Client) -> None:
    unknown = await sent(visitor, extensions=persisted(SITE))
    assert (unknown.status_code, code(unknown)) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert (await sent(visitor, query=SITE, extensions=persisted(SITE))).json() == NAME
    assert (await sent(visitor, extensions=persisted(SITE))).json() == NAME
    for name in (hash_of(SITE), f"sha256:{hash_of(SITE)}"):
        assert (await sent(visitor, documentId=name)).json() == NAME


async def test_what_is_not_known_by_get_is_not_kept_by_anybody(visitor: Client) -> None:
    parameters = {"extensions": json.dumps(persisted("{ site { welcome } }"))}
    response = await visitor.http.get("/graphql", params=parameters)
    assert (code(response), response.headers["cache-control"]) == ("PERSISTED_QUERY_NOT_FOUND", "no-store")
    assert "etag" not in response.headers


async def test_a_hash_is_enough_in_a_get_that_a_browser_follows(visitor: Client) -> None:
    await sent(visitor, query=SITE, extensions=persisted(SITE))
    parameters = {"extensions": json.dumps(persisted(SITE))}
    response = await visitor.http.get("/graphql", params=parameters, headers={"accept": f"text/html, {JSON}"})
    assert (response.status_code, response.json()) == (200, NAME)
    assert "etag" in response.headers
    known = await visitor.http.get("/graphql", params={"documentId": hash_of(SITE)})
    assert known.json() == NAME


async def test_a_document_is_not_kept_under_another_ones_hash(visitor: Client) -> None:
    other = "{ site { welcome } }"
    refused = await visitor.http.post(
        "/graphql", json={"query": other, "extensions": persisted(SITE)}, headers={"accept": GRAPHQL}
    )
    assert (refused.status_code, code(refused)) == (400, "PERSISTED_QUERY_HASH_MISMATCH")
    assert code(await sent(visitor, query=other, documentId=hash_of(SITE))) == "PERSISTED_QUERY_HASH_MISMATCH"


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        ({"version": 2, "sha256Hash": "x"}, "PERSISTED_QUERY_NOT_SUPPORTED"),
        ({"version": True, "sha256Hash": "x"}, "PERSISTED_QUERY_NOT_SUPPORTED"),
        ("x", "PERSISTED_QUERY_NOT_SUPPORTED"),
        ({"version": 1}, "BAD_REQUEST"),
        ({"version": 1, "sha256Hash": 5}, "BAD_REQUEST"),
        ({"version": 1, "sha256Hash": ""}, "PERSISTED_QUERY_NOT_FOUND"),
    ],
)
async def test_what_is_no_hash_is_told_so(visitor: Client, extension: Any, expected: str) -> None:
    assert code(await sent(visitor, extensions={"persistedQuery": extension})) == expected


async def test_a_document_with_mistakes_is_not_remembered(visitor: Client) -> None:
    wrong = "{ site { nonsense } }"
    await sent(visitor, query=wrong, extensions=persisted(wrong))
    assert code(await sent(visitor, extensions=persisted(wrong))) == "PERSISTED_QUERY_NOT_FOUND"


def test_a_stream_of_documents_to_remember_fills_no_memory() -> None:
    remembered = Remembered()
    filler = "#" * 10_000
    for number in range(MOST_TEXT // 10_000 + 50):
        text = f"{{ site {{ n{number}: name }} }} {filler}"
        remembered.remember(Asked(text, extensions=persisted(text)))
    assert len(remembered) < MOST_TEXT // 10_000


def codegen(text: str) -> Any:
    return {f"sha256:{hash_of(text)}": text}


def relay(text: str) -> Any:
    return {"0d41d8cd98f00b204e9800998ecf8427": text}


def apollo(text: str) -> Any:
    operation = {"id": hash_of(text), "name": "Site", "type": "query", "body": text}
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation]}


@pytest.fixture(params=[codegen, relay, apollo])
def manifest(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A manifest with one document, SITE, as each of the tools writes it."""
    path = tmp_path / "persisted.json"
    path.write_text(json.dumps(request.param(SITE)))
    return path


def trust(setting: Setting, manifest: Path, policy: str) -> None:
    setting(trusted_documents=[str(manifest)], documents_policy=policy)


async def test_a_trusted_document_is_known_by_each_of_its_names(
    visitor: Client, setting: Setting, manifest: Path
) -> None:
    trust(setting, manifest, "open")
    for name in trusted().by_id:
        assert (await sent(visitor, documentId=name)).json() == NAME
    assert (await sent(visitor, extensions=persisted(SITE))).json() == NAME
    assert (await visitor.http.get("/graphql", params={"documentId": f"sha256:{hash_of(SITE)}"})).json() == NAME


async def test_nothing_is_answered_but_what_the_manifest_holds(
    visitor: Client, setting: Setting, manifest: Path
) -> None:
    trust(setting, manifest, "only")
    other = document("site")
    assert (await sent(visitor, query=SITE)).json() == NAME
    assert (await sent(visitor, documentId=hash_of(SITE))).json() == NAME
    for body in (
        {"query": other},
        {"query": f"{SITE} "},
        {"query": "{ __typename }"},
        {"query": other, "extensions": persisted(other)},
        {"extensions": persisted(other)},
        {"documentId": "nonsense"},
    ):
        assert code(await sent(visitor, **body)) == "DOCUMENT_NOT_TRUSTED"
    assert code(await visitor.http.get("/graphql", params={"query": other})) == "DOCUMENT_NOT_TRUSTED"


async def test_nothing_but_the_manifests_documents_goes_over_a_socket(
    visitor: Client, setting: Setting, manifest: Path
) -> None:
    trust(setting, manifest, "only")
    async with visitor.socket() as socket:
        await socket.send(type="subscribe", id="1", payload={"query": document("site")})
        told = await socket.receive()
        assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "DOCUMENT_NOT_TRUSTED")


async def test_where_trusted_documents_are_preferred_others_have_half_the_limits(
    visitor: Client, setting: Setting, tmp_path: Path
) -> None:
    known, unknown = "{ a: site { name } b: site { name } c: site { name } }", "{ a: site { name } b: site { name } }"
    path = tmp_path / "persisted.json"
    path.write_text(json.dumps({"known": known}))
    trust(setting, path, "prefer")
    setting(limits={"aliases": 2})
    assert "errors" not in (await sent(visitor, query=known)).json()
    with structlog.testing.capture_logs() as logged:
        [error] = (await sent(visitor, query=unknown)).json()["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "aliases", "most": 1, "asked": 2}
    assert [(each["event"], each["hash"]) for each in logged] == [("a document is not trusted", hash_of(unknown))]
    setting(documents_policy="open")
    assert "errors" not in (await sent(visitor, query=unknown)).json()


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"a": 5}', '{"format": "apollo-persisted-query-manifest"}'])
def test_a_file_that_is_no_manifest_is_told_by_its_name(setting: Setting, tmp_path: Path, text: str) -> None:
    path = tmp_path / "persisted.json"
    path.write_text(text)
    setting(trusted_documents=[str(path)])
    with pytest.raises(NotAManifest, match=str(path)):
        trusted()
