"""What a scanner for GraphQL servers finds here: nothing but what docs/deploying.md names as chosen.

The requests, and what counts as found, are graphql-cop's (https://github.com/dolevf/graphql-cop, lib/tests), which asks
what most scanners ask.
"""

import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from clients import Client

from settings import ROOT

Response = httpx2.Response
#: What is found by default, and the setting with which it is not.
CHOSEN = {
    "introspection": {"introspection": "off"},
    "field suggestions": {"introspection": "off"},
    "an IDE": {"graphiql": "off"},
    "queries by GET": None,
}
_CIRCULAR = "fields { type { " * 4 + "name" + " } }" * 4
_FRAGMENTS = "fragment A on __Schema { __typename ...B } fragment B on __Schema { ...A }"


def told(response: Response) -> Any:
    """The answer as a scanner reads it: what is no JSON is nothing."""
    try:
        return response.json()
    except ValueError:
        return {}


def data(response: Response) -> dict[str, Any]:
    """What was answered."""
    answer = told(response)
    return (answer.get("data") or {}) if isinstance(answer, dict) else {}


def message(response: Response) -> str:
    """The first error."""
    return str(told(response)["errors"][0]["message"]) if "errors" in told(response) else ""


def posted(query: str, is_found: Callable[[Response], Any]) -> tuple[list[dict[str, Any]], Callable[[Response], Any]]:
    return [{"method": "POST", "url": "/graphql", "json": {"query": query}}], is_found


#: By name: the requests, and whether an answer to one of them is what is looked for.
CHECKS: dict[str, tuple[list[dict[str, Any]], Callable[[Response], Any]]] = {
    "introspection": posted("query { __schema { types { name fields { name } } } }", lambda found: data(found)),
    "field suggestions": posted("query { __schema { directive } }", lambda found: "Did you mean" in message(found)),
    "an IDE": (
        [{"method": "GET", "url": each} for each in ("/graphiql", "/playground", "/console", "/graphql")],
        lambda found: re.search("graphiql.min.css|GraphQL Playground|GraphiQL|graphql-playground", found.text),
    ),
    "queries by GET": ([{"method": "GET", "url": "/graphql", "params": {"query": "{__typename}"}}], data),
    "mutations by GET": ([{"method": "GET", "url": "/graphql", "params": {"query": "mutation {__typename}"}}], data),
    "forms by POST": ([{"method": "POST", "url": "/graphql", "data": {"query": "query {__typename}"}}], data),
    "parameters of the address by POST": (
        [{"method": "POST", "url": "/graphql", "params": {"query": "query {__typename}"}}],
        data,
    ),
    "alias overloading": posted("query { " + " ".join(f"alias{each}:__typename" for each in range(101)) + " }", data),
    "batches": (
        [{"method": "POST", "url": "/graphql", "json": [{"query": "query { __typename }"}] * 11}],
        lambda found: isinstance(told(found), list) or data(found),
    ),
    "field duplication": posted("query { " + "__typename \n" * 500 + "} ", data),
    "directive overloading": posted(
        "query { __typename @aa@aa@aa@aa@aa@aa@aa@aa@aa@aa }", lambda found: len(told(found)["errors"]) == 10
    ),
    "circular introspection": posted(f"query {{ __schema {{ types {{ {_CIRCULAR} }} }} }}", data),
    "circular fragments": posted(
        f"query {{ __schema {{ ...A }} }} {_FRAGMENTS}", lambda found: "errors" not in told(found)
    ),
    "tracing": posted(
        "query { __typename }", lambda found: re.search("tracing|exception|stacktrace", found.text, re.I)
    ),
    "unhandled errors": posted(
        "qwerty cop { abc }", lambda found: "errors" not in told(found) or re.search("exception|Traceback", found.text)
    ),
}


@pytest.fixture(autouse=True)
def usual_limits(setting: Callable[..., None]) -> None:
    """The limits of a site."""
    setting(limits={})


async def is_found(visitor: Client, name: str) -> bool:
    """Whether a scanner finds it; every answer is one of ours, be it that there is no such page."""
    requests, is_it = CHECKS[name]
    responses = [await visitor.http.request(**each, follow_redirects=True) for each in requests]
    assert all(each.status_code < 500 for each in responses)
    return any(bool(is_it(each)) for each in responses)


@pytest.mark.parametrize("name", CHECKS)
async def test_a_scanner_finds_only_what_was_chosen(name: str, visitor: Client) -> None:
    assert await is_found(visitor, name) == (name in CHOSEN)


@pytest.mark.parametrize("name", [name for name, off in CHOSEN.items() if off])
async def test_what_was_chosen_can_be_switched_off(name: str, visitor: Client, setting: Callable[..., None]) -> None:
    setting(**(CHOSEN[name] or {}))
    assert not await is_found(visitor, name)


def test_what_was_chosen_is_documented() -> None:
    text = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    [section] = re.findall(r"^## What a scanner finds\n(.*?)(?=^## )", text, re.M | re.S)
    rows = re.findall(r"^\| (.+?) \| .+ \| (.+?) \|$", section, re.M)[1:]
    assert {name.lower(): switch for name, switch in rows} == {
        name.lower(): f"`{next(iter(off)).upper()}=off`" if off else "none" for name, off in CHOSEN.items()
    }
