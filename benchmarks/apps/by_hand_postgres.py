"""The pages by hand on PostgreSQL: asyncpg, one connection of the pool for all statements of a page."""

import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from starlette.applications import Starlette
from starlette.routing import Route

from benchmarks.apps import by_hand
from benchmarks.apps.by_hand import ANSWERS, COMMENTS, LISTED, POST, THREAD, VALUES, Answer, Data

_SESSION = "SELECT user_id FROM session WHERE token_hash = $1 AND expires_at > now()"
_THREAD = f"""
    SELECT {THREAD} FROM thread JOIN category ON category.id = category_id
    WHERE thread.id = $1 AND thread.state = 'visible'
"""  # noqa: S608
_TAGS = "SELECT tag.id, name FROM thread_tag JOIN tag ON tag.id = tag_id WHERE thread_id = $1 ORDER BY position"
_JOINED = """
    JOIN users ON users.id = post.author_id LEFT JOIN vote ON vote.post_id = post.id AND vote.user_id = $2
"""
# A page's size is a literal: with a parameter the generic plan reckons with a tenth of the table.
_POSTS = {
    answers: f"""
    (SELECT {POST}, vote.value, false FROM post {_JOINED}
     WHERE thread_id = $1 AND kind = 'question' AND is_buried = FALSE AND state = 'visible')
    UNION ALL
    (SELECT {POST}, vote.value, is_best FROM post {_JOINED}
     WHERE thread_id = $1 AND kind = 'answer' AND is_buried = FALSE AND state = 'visible'
     ORDER BY is_best DESC, score DESC, post.id LIMIT {answers})
    """  # noqa: S608
    for answers in ANSWERS.values()
}
_COMMENTS = f"""
    SELECT {POST}, vote.value, post.parent_id
    FROM unnest($1::bigint[]) AS parent(id), LATERAL (
        SELECT * FROM post WHERE parent_id = parent.id AND is_buried = FALSE AND state = 'visible'
        ORDER BY created_at, id LIMIT {COMMENTS}
    ) AS post {_JOINED} ORDER BY post.created_at, post.id
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
    SELECT thread_id, tag.id, name FROM thread_tag JOIN tag ON tag.id = tag_id
    WHERE thread_id = ANY($1) ORDER BY position
"""
_VOTE = "SELECT * FROM bench_cast_vote($1, $2, $3)"

_pool: asyncpg.Pool


def question_page(answers: int) -> Answer:
    """What answers the page of a thread that shows so many answers."""

    async def page(variables: Data, token_hash: str | None) -> Data:
        number = variables["number"]
        async with _pool.acquire() as connection:
            viewer = await connection.fetchval(_SESSION, token_hash) if token_hash else None
            thread = await connection.fetchrow(_THREAD, number)
            if thread is None:
                return {"thread": None}
            tags = await connection.fetch(_TAGS, number)
            posts = await connection.fetch(_POSTS[answers], number, viewer)
            under: dict[int, list[Data]] = defaultdict(list)
            for row in await connection.fetch(_COMMENTS, [row[0] for row in posts], viewer):
                under[row[8]].append(by_hand.post(*row))
        shown = [by_hand.post(*row) for row in posts]
        for row, each in zip(posts[1:], shown[1:], strict=True):
            each["isBest"] = row[8]
        for row, each in zip(posts, shown, strict=True):
            each["comments"] = {"nodes": under[row[0]]}
        return by_hand.thread(thread, tags, shown[0], shown[1:])

    return page


async def home(variables: Data, token_hash: str | None) -> Data:
    """The newest threads."""
    async with _pool.acquire() as connection:
        rows = await connection.fetch(_HOME)
        tags: dict[int, list[Data]] = defaultdict(list)
        for number, tag_id, name in await connection.fetch(_TAGS_OF_EACH, [row[0] for row in rows]):
            tags[number].append({"id": by_hand.global_id(b"Tag:%d", tag_id), "name": name})
    return {"threads": {"nodes": [by_hand.listed(row, tags[row[0]]) for row in rows]}}


async def cast_vote(variables: Data, token_hash: str | None) -> Data:
    """Set the viewer's vote: one call of the function in `benchmarks/sql/2_cast_vote.sql`."""
    given = variables["input"]
    value = VALUES[given["value"]]
    row = await _pool.fetchrow(_VOTE, token_hash, by_hand.key_of(given["postId"]), value)
    return by_hand.voted(row, value)


async def _keep_session(connection: Any) -> None:
    """Nothing here changes the state of a session, so nothing is reset."""


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """The pool, for as long as the server runs."""
    global _pool
    size = int(os.environ["POOL_SIZE"])
    url = os.environ["DATABASE_URL"]
    async with asyncpg.create_pool(url, min_size=size, max_size=size, reset=_keep_session) as _pool:
        yield


_answers = {operation: question_page(answers) for operation, answers in ANSWERS.items()}
app = Starlette(
    routes=[
        Route("/graphql", by_hand.endpoint(_answers | {"Home": home, "CastVote": cast_vote}), methods=["POST"]),
    ],
    lifespan=lifespan,
)
