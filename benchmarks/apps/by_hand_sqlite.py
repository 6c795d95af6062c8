"""The pages by hand on SQLite, read in the event loop: a short read costs less than a hop to a thread."""

import os
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from json import dumps
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from benchmarks.apps import by_hand, sqlite_vote
from benchmarks.apps.by_hand import ANSWERS, COMMENTS, LISTED, POST, THREAD, VALUES, Answer, Data

_SESSION = "SELECT user_id FROM session WHERE token_hash = ? AND expires_at > datetime()"
_THREAD = f"""
    SELECT {THREAD} FROM thread JOIN category ON category.id = category_id
    WHERE thread.id = ? AND thread.state = 'visible'
"""  # noqa: S608
_TAGS = "SELECT tag.id, name FROM thread_tag JOIN tag ON tag.id = tag_id WHERE thread_id = ? ORDER BY position"
_JOINED = """
    JOIN users ON users.id = post.author_id LEFT JOIN vote ON vote.post_id = post.id AND vote.user_id = ?
"""
_QUESTION = f"""
    SELECT {POST}, vote.value FROM post {_JOINED}
    WHERE thread_id = ? AND kind = 'question' AND is_buried = FALSE AND state = 'visible'
"""  # noqa: S608
_ANSWERS = f"""
    SELECT {POST}, vote.value, is_best FROM post {_JOINED}
    WHERE thread_id = ? AND kind = 'answer' AND is_buried = FALSE AND state = 'visible'
    ORDER BY is_best DESC, score DESC, post.id LIMIT ?
"""  # noqa: S608
_COMMENTS = f"""
    SELECT {POST}, vote.value FROM post {_JOINED}
    WHERE parent_id = ? AND is_buried = FALSE AND state = 'visible' ORDER BY post.created_at, post.id LIMIT {COMMENTS}
"""  # noqa: S608
_HOME = f"""
    SELECT {LISTED} FROM (
        SELECT * FROM thread WHERE state = 'visible' ORDER BY created_at DESC, id DESC LIMIT 30
    ) AS thread
    JOIN category ON category.id = category_id
    JOIN post ON post.thread_id = thread.id AND post.kind = 'question'
        AND post.is_buried = FALSE AND post.state = 'visible'
    JOIN users ON users.id = post.author_id
    ORDER BY thread.created_at DESC, thread.id DESC
"""  # noqa: S608
_TAGS_OF_EACH = """
    SELECT thread_id, tag.id, name FROM json_each(?) AS wanted
    JOIN thread_tag ON thread_id = wanted.value JOIN tag ON tag.id = tag_id ORDER BY position
"""

_database: sqlite3.Connection


def _rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    return _database.execute(statement, values).fetchall()


def _moment(text: str) -> str:
    """A moment as the graph writes it; in the database it is like `2026-11-23 09:30:00+00:00`."""
    return f"{text[:10]}T{text[11:-6]}Z"


def _post(row: tuple[Any, ...]) -> Data:
    shown = by_hand.post(*row)
    shown["createdAt"] = _moment(row[2])
    return shown


def _with_comments(row: tuple[Any, ...], viewer: int | None) -> Data:
    # In-process a statement for each parent costs less than one that ranks the comments of all.
    return {"comments": {"nodes": [_post(comment) for comment in _rows(_COMMENTS, viewer, row[0])]}}


def question_page(answers: int) -> Answer:
    """What answers the page of a thread that shows so many answers."""

    async def page(variables: Data, token_hash: str | None) -> Data:
        number = variables["number"]
        viewer = _viewer(token_hash)
        thread = _database.execute(_THREAD, (number,)).fetchone()
        if thread is None:
            return {"thread": None}
        tags = _rows(_TAGS, number)
        [question] = _rows(_QUESTION, viewer, number)
        shown = by_hand.thread(
            thread,
            tags,
            _post(question) | _with_comments(question, viewer),
            [
                _post(row) | {"isBest": bool(row[8])} | _with_comments(row, viewer)
                for row in _rows(_ANSWERS, viewer, number, answers)
            ],
        )
        shown["thread"]["createdAt"] = _moment(thread[2])
        return shown

    return page


async def home(variables: Data, token_hash: str | None) -> Data:
    """The newest threads."""
    rows = _rows(_HOME)
    tags: dict[int, list[Data]] = defaultdict(list)
    for number, tag_id, name in _rows(_TAGS_OF_EACH, dumps([row[0] for row in rows])):
        tags[number].append({"id": by_hand.global_id(b"Tag:%d", tag_id), "name": name})
    nodes = []
    for row in rows:
        shown = by_hand.listed(row, tags[row[0]])
        shown["lastActivityAt"] = _moment(row[4])
        nodes.append(shown)
    return {"threads": {"nodes": nodes}}


async def cast_vote(variables: Data, token_hash: str | None) -> Data:
    """Set the viewer's vote, in a transaction of its own that is on the disk when it is answered."""
    given = variables["input"]
    value = VALUES[given["value"]]
    viewer = _viewer(token_hash)
    if viewer is None:
        raise PermissionError("Sign in to vote.")
    return by_hand.voted(sqlite_vote.cast_vote(_database, viewer, by_hand.key_of(given["postId"]), value), value)


def _viewer(token_hash: str | None) -> int | None:
    found = _database.execute(_SESSION, (token_hash,)).fetchone() if token_hash else None
    return found[0] if found else None


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """The connection, for as long as the server runs."""
    global _database
    _database = sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite://"), isolation_level=None)
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "busy_timeout = 10000",
        "cache_size = -16000",
    ):
        _database.execute(f"PRAGMA {pragma}")
    yield
    _database.close()


_answers = {operation: question_page(answers) for operation, answers in ANSWERS.items()}
app = Starlette(
    routes=[
        Route("/graphql", by_hand.endpoint(_answers | {"Home": home, "CastVote": cast_vote}), methods=["POST"]),
    ],
    lifespan=lifespan,
)
