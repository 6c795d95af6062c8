"""PostGraphile's schema follows from the tables, so what is asked of it has other words: its documents and answers."""

import base64
from typing import Any

import orjson

from benchmarks.pages import DOCUMENTS, key_of, post_id

_THEIRS = {file.stem: file.read_text() for file in (DOCUMENTS / "postgraphile").glob("*.graphql")}


def ask(document: str, variables: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A document and its variables in PostGraphile's words."""
    if document == "vote":
        given = variables["input"]
        variables = {"postId": str(key_of(given["postId"])), "value": given["value"]}
    return _THEIRS[document], variables


def understand(body: bytes) -> Any:
    """What it answered, in our words: ids, moments and lists as they are here."""
    answer = orjson.loads(body)
    vote = answer["data"].get("castVote")
    if vote is not None:
        post = {"id": post_id(int(vote.pop("rowId"))), **vote}
        return {"data": {"castVote": {"__typename": "CastVotePayload", "post": post}}}
    return _ours("", answer)


def _ours(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ours(key, each) for key, each in value.items()}
    if isinstance(value, list):
        rows = [_ours("", each) for each in value]
        return rows if name == "tags" else {"nodes": rows}
    if name == "id":
        kind, key = orjson.loads(base64.b64decode(value))
        return base64.urlsafe_b64encode(f"{kind}:{key}".encode()).rstrip(b"=").decode()
    if name == "number":
        return int(value)
    return value.replace(".000000+00:00", "Z") if name.endswith("At") else value
