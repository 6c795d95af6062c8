"""What a request over HTTP asks to be executed, or why it asks nothing that we serve."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive

from planner.asked import Asked
from transports.media_types import JSON, is_utf8_json
from transports.sessions import Headers

#: The longest body that is read, in bytes: a post of 30,000 characters in the longest encoding, eight times over.
MOST_BODY = 1024 * 1024
#: How much of a longer one is read and thrown away: many clients hear the answer only when they have sent all of it.
MOST_DISCARDED = 64 * MOST_BODY


class Refused(Exception):
    """A request that is not a GraphQL request that we serve: the answer's status, message and further headers."""

    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


class HungUp(Exception):
    """A client that went before it had sent all of its request."""


@dataclass(slots=True)
class Parameters:
    """What a request asks to be executed."""

    asked: Asked
    operation_name: str | None
    variables: dict[str, Any] | None
    extensions: dict[str, Any] | None


async def body_of(receive: Receive) -> bytes | None:
    """The body of a request; None where it is too long. Raises HungUp."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body") and len(body) <= MOST_BODY:
        return body  # as most come: in one piece
    chunks, size = [body], len(body)
    while message.get("more_body") and size <= MOST_DISCARDED:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= MOST_BODY:
            chunks.append(chunk)
    if message["type"] == "http.disconnect":
        raise HungUp
    return b"".join(chunks) if size <= MOST_BODY else None


def asks_something(query_string: bytes | None) -> bool:
    """Whether the query string of a GET names a document in some way."""
    return any(name in (query_string or b"") for name in (b"query=", b"documentId=", b"extensions="))


def parameters_of(method: str, headers: Headers, asked: bytes | None) -> Parameters:
    """The parameters in the query string of a GET or the body of a POST. Raises Refused."""
    if method == "GET":
        given: Any = dict(parse_qsl((asked or b"").decode("latin-1"), keep_blank_values=True))
        for name in ("variables", "extensions"):
            if name in given:
                given[name] = _json(name, given[name] or "null")
    elif method == "POST":
        if not is_utf8_json(headers.get(b"content-type", b"").decode("latin-1")):
            raise Refused(415, f"Send {JSON}, in UTF-8.", (b"accept-post", JSON.encode()))
        if asked is None:
            raise Refused(413, f"The request body may have at most {MOST_BODY:,} bytes.")
        given = _json("The request body", asked)
        if not isinstance(given, dict):
            raise Refused(400, 'The request body must be a JSON object: {"query": "...", "variables": {...}}.')
    else:
        raise Refused(405, "GraphQL goes by GET or POST.", (b"allow", b"GET, POST"))
    extensions = _checked(given, "extensions", dict, "an object")
    # Empty, they are as good as left out.
    query, document_id = (_checked(given, name, str, "a string") or None for name in ("query", "documentId"))
    if query is None and document_id is None and "persistedQuery" not in (extensions or {}):
        raise Refused(400, "There is no query in the request.")
    return Parameters(
        Asked(query, document_id, extensions),
        _checked(given, "operationName", str, "a string") or None,
        _checked(given, "variables", dict, "an object"),
        extensions,
    )


def _checked(given: dict[str, Any], name: str, kind: type, what: str) -> Any:
    value = given.get(name)
    if value is not None and not isinstance(value, kind):
        raise Refused(400, f"{name} must be {what}, or left out.")
    return value


def _json(what: str, text: bytes | str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"{what} is not valid JSON: {error}.") from error
