"""The same pages written by hand, which all others are compared to: Starlette, SQL and orjson, no ORM, no GraphQL.

What both databases share: reading the request, and the shapes of the answer. The rows' columns are in the order of
`POST`, `THREAD` and so on, so that a shape is one literal.
"""

from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

Data = dict[str, Any]
#: What answers an operation: it takes the variables and the hash of the viewer's token.
Answer = Callable[[Data, str | None], Awaitable[Data]]

POST = "post.id, post.body_html, post.created_at, post.score, users.id, users.name, users.points"
THREAD = "thread.id, title, thread.created_at, view_count, answer_count, category.id, category.name, category.path"
LISTED = (
    "thread.id, title, answer_count, view_count, last_activity_at, category.id, category.name, category.path, "
    "post.id, post.score, users.id, users.name, users.points"
)
#: How many answers a page shows, by its operation.
ANSWERS = {"QuestionPage": 10, "DeepPage": 100}
COMMENTS = 5
_VOTES = {1: "UP", -1: "DOWN", 0: "NONE", None: "NONE"}
VALUES = {"UP": 1, "DOWN": -1, "NONE": 0}
#: For orjson: UTC as Z.
AS_Z = orjson.OPT_UTC_Z


def endpoint(answers: dict[str, Answer]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint that answers the operations by their names."""

    async def answer(request: Request) -> Response:
        given = orjson.loads(await request.body())
        authorization = request.headers.get("authorization")
        token_hash = sha256(authorization[7:].encode()).hexdigest() if authorization else None
        data = await answers[given["operationName"]](given["variables"], token_hash)
        return Response(orjson.dumps({"data": data}, option=AS_Z), media_type="application/json")

    return answer


def global_id(kind: bytes, key: int) -> str:
    """An id in the graph, of a kind like `Post:%d`. Of such ASCII, base64 makes neither + nor /."""
    return b2a_base64(kind % key, newline=False).rstrip(b"=").decode()


def key_of(id: str) -> int:
    """The number in an id."""
    return int(urlsafe_b64decode(id + "==").partition(b":")[2])


@lru_cache(maxsize=10_000)
def compact(points: int) -> str:
    """Points in short: 6.7k."""
    if points < 1000:
        return f"{points:,}"
    unit, sign = (1000, "k") if points < 1_000_000 else (1_000_000, "m")
    if points < 100 * unit:
        tenths = (points + unit // 20) // (unit // 10)
        return f"{tenths // 10:,}.{tenths % 10}{sign}"
    return f"{(points + unit // 2) // unit:,}{sign}"


def post(
    post_id: int,
    body_html: str,
    created_at: Any,
    score: int,
    author_id: int,
    name: str,
    points: int,
    vote: int | None,
    more: object = None,
) -> Data:
    """A post from the columns of POST and the viewer's vote; a row's next column may follow."""
    return {
        "id": global_id(b"Post:%d", post_id),
        "bodyHtml": body_html,
        "createdAt": created_at,
        "score": score,
        "viewerVote": _VOTES[vote],
        "author": {
            "id": global_id(b"User:%d", author_id),
            "name": name,
            "points": points,
            "pointsCompact": compact(points),
        },
    }


def thread(row: Sequence[Any], tags: Iterable[Sequence[Any]], question: Data, answers: list[Data]) -> Data:
    """The page of a thread."""
    number, title, created_at, views, count, category_id, category, path = row
    return {
        "thread": {
            "id": global_id(b"Thread:%d", number),
            "title": title,
            "createdAt": created_at,
            "viewCount": views,
            "answerCount": count,
            "category": {"id": global_id(b"Category:%d", category_id), "name": category, "path": path},
            "tags": [{"id": global_id(b"Tag:%d", tag_id), "name": name} for tag_id, name in tags],
            "question": question,
            "answers": {"nodes": answers},
        }
    }


def listed(row: Sequence[Any], tags: Iterable[Data]) -> Data:
    """A thread in a list, from a row with the columns of LISTED."""
    number, title, answers, views, active_at, category_id, category, path, question_id, score, user_id, name, points = (
        row
    )
    return {
        "id": global_id(b"Thread:%d", number),
        "number": number,
        "title": title,
        "answerCount": answers,
        "viewCount": views,
        "lastActivityAt": active_at,
        "category": {"id": global_id(b"Category:%d", category_id), "name": category, "path": path},
        "tags": list(tags),
        "question": {
            "id": global_id(b"Post:%d", question_id),
            "score": score,
            "author": {
                "id": global_id(b"User:%d", user_id),
                "name": name,
                "points": points,
                "pointsCompact": compact(points),
            },
        },
    }


def voted(row: Sequence[Any], value: int) -> Data:
    """The answer to a vote, from a row of id, score, up_votes, down_votes and version."""
    post_id, score, up, down, version = row
    shown = {
        "id": global_id(b"Post:%d", post_id),
        "score": score,
        "upVotes": up,
        "downVotes": down,
        "version": version,
        "viewerVote": _VOTES[value],
    }
    return {"castVote": {"__typename": "CastVotePayload", "post": shown}}
