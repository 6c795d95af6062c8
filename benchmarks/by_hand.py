"""The two pages written by hand, which this server is compared to: Starlette, SQL and orjson, no ORM, no GraphQL."""

import base64
import os
import sqlite3
from collections import defaultdict
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_database = sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite://"))
_POST = """post.id, post.body_html, post.score, post.version, users.name, users.points"""
_WITH_AUTHOR = "FROM post JOIN users ON users.id = post.author_id"


async def answer(request: Request) -> Response:
    """The page that the request names, as the GraphQL server answers it."""
    variables = orjson.loads(await request.body()).get("variables") or {}
    data = question_page(variables["number"]) if variables else home()
    return Response(orjson.dumps({"data": data}), media_type="application/json")


def question_page(number: int) -> dict[str, Any]:
    [(title,)] = _database.execute("SELECT title FROM thread WHERE id = ?", [number])
    question = _database.execute(
        f"SELECT {_POST} {_WITH_AUTHOR} WHERE thread_id = ? AND kind = 'question'", [number]
    ).fetchone()
    answers = _database.execute(
        f"SELECT {_POST}, post.is_best {_WITH_AUTHOR} WHERE thread_id = ? AND kind = 'answer' "
        "ORDER BY is_best DESC, score DESC, post.id LIMIT 10",
        [number],
    ).fetchall()
    parents = [question[0], *(row[0] for row in answers)]
    comments = defaultdict(list)
    for parent_id, *row in _database.execute(
        f"SELECT parent_id, {_POST} FROM (SELECT *, ROW_NUMBER() OVER "  # noqa: S608
        f"(PARTITION BY parent_id ORDER BY created_at, id) AS place FROM post WHERE parent_id IN "
        f"({','.join('?' * len(parents))})) AS post JOIN users ON users.id = post.author_id "
        "WHERE place <= 5 ORDER BY parent_id, place",
        parents,
    ):
        comments[parent_id].append(_shown(row))
    return {
        "thread": {
            "id": _id("Thread", number),
            "title": title,
            "tags": _tags([number])[number],
            "question": _shown(question) | {"comments": {"nodes": comments[question[0]]}},
            "answers": {
                "nodes": [
                    _shown(row) | {"isBest": bool(row[6]), "comments": {"nodes": comments[row[0]]}} for row in answers
                ]
            },
        }
    }


def home() -> dict[str, Any]:
    rows = _database.execute(
        "SELECT thread.id, thread.title, thread.answer_count, thread.view_count, post.score, users.name, users.points "
        "FROM (SELECT * FROM thread ORDER BY created_at DESC, id DESC LIMIT 30) AS thread "
        "JOIN post ON post.thread_id = thread.id AND post.kind = 'question' "
        "JOIN users ON users.id = post.author_id ORDER BY thread.created_at DESC, thread.id DESC"
    ).fetchall()
    tags = _tags([row[0] for row in rows])
    nodes = [
        {
            "id": _id("Thread", number),
            "title": title,
            "answerCount": answers,
            "viewCount": views,
            "tags": tags[number],
            "question": {"score": score, "author": {"name": name, "points": points}},
        }
        for number, title, answers, views, score, name, points in rows
    ]
    return {"threads": {"nodes": nodes}}


def _tags(numbers: list[int]) -> dict[int, list[dict[str, str]]]:
    found = defaultdict(list)
    for number, name in _database.execute(
        "SELECT thread_id, tag.name FROM thread_tag JOIN tag ON tag.id = tag_id "  # noqa: S608
        f"WHERE thread_id IN ({','.join('?' * len(numbers))}) ORDER BY position",
        numbers,
    ):
        found[number].append({"name": name})
    return found


def _shown(row: Any) -> dict[str, Any]:
    post_id, body_html, score, version, name, points = row[:6]
    author = {"name": name, "points": points}
    return {"id": _id("Post", post_id), "bodyHtml": body_html, "score": score, "version": version, "author": author}


def _id(kind: str, key: int) -> str:
    return base64.urlsafe_b64encode(f"{kind}:{key}".encode()).rstrip(b"=").decode()


app = Starlette(routes=[Route("/graphql", answer, methods=["POST"])])
