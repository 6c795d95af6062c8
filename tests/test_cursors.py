"""Cursors that nobody was given: each is refused, and says which argument it was."""

import base64
from typing import Any

import orjson
from clients import Client, document
from crowd import member


def forged(*place: Any) -> str:
    """A cursor as nobody was given it."""
    return base64.urlsafe_b64encode(orjson.dumps(list(place))).rstrip(b"=").decode()


NOT_CURSORS = (
    "",
    "!",
    "nonsense",
    "\N{PILE OF POO}",
    "====",
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    base64.urlsafe_b64encode(b'["-created_at,-id", ').decode(),
    base64.urlsafe_b64encode(b"[" * 500).decode(),
    base64.urlsafe_b64encode(b'{"a": 1}').decode(),
    base64.urlsafe_b64encode(b'["-score,id", 1, NaN]').decode(),
    base64.urlsafe_b64encode(b'["-score,id", 1, 1e400]').decode(),
    base64.urlsafe_b64encode(b'["-score,id", 1, ' + b"9" * 40 + b"]").decode(),
    base64.urlsafe_b64encode(b'["-hotness,id", ' + b"9" * 400 + b", 1]").decode(),
    base64.urlsafe_b64encode(b'["-hotness,id", 1e400, 1]').decode(),
    forged(),
    forged("-score,id"),
    forged("-score,id", 1),
    forged("-score,id", 1, 1, 1),
    forged("id", 1),
    forged("-password_hash,id", 1, 1),
    forged("-score,id", "1", 1),
    forged("-score,id", 1.5, 1),
    forged("-score,id", True, 1),
    forged("-score,id", None, 1),
    forged("-score,id", [1], 1),
    forged("-score,id", {"a": 1}, 1),
    forged("-score,id", 2**31, 1),
    forged("-score,id", 2**63, 1),
    forged("-score,id", -(2**63), 1),
    forged("-score,id", 1, 2**64 - 1),
    forged("-created_at,-id", "2026-03-01T12:00:00", 1),
    forged("-created_at,-id", "yesterday", 1),
    forged("-created_at,-id", 0, 1),
    forged("-created_at,-id", "0001-01-01T00:00:00+23:59", 1),
    forged("-created_at,-id", "9999-12-31T23:59:59-23:59", 1),
    forged("-hotness,id", "1", 1),
    forged("-hotness,id", True, 1),
)


async def test_what_is_no_cursor_of_the_list_in_this_order_is_refused(visitor: Client) -> None:
    for order in ("NEWEST", "VOTES", "HOT"):
        for argument in ("after", "before"):
            for cursor in NOT_CURSORS:
                answer = await visitor.post(document("threads"), {argument: cursor, "orderBy": order})
                [error] = answer["errors"]
                assert error["extensions"] == {"code": "BAD_REQUEST", "arguments": [argument]}, (order, cursor)
                assert error["message"] == (
                    f"{argument} is not a cursor of this list in this order: "
                    "take endCursor or startCursor of its pageInfo."
                )


async def test_a_forged_text_in_a_cursor_is_refused_or_stands_somewhere(visitor: Client) -> None:
    await member("ann")
    for text in ("\x00", "a\x00", "\uffff", "'; DROP TABLE users; --", "x" * 5_000):
        answer = await visitor.post(document("users"), {"after": forged("name_folded,id", text, 1), "orderBy": "NAME"})
        for error in answer.get("errors", ()):
            assert error["extensions"]["code"] == "BAD_REQUEST", (text[:10], error)
