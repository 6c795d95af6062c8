"""No statement reads through a big table, however much is there: EXPLAIN of all that is sent at a million posts."""

import asyncio
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from clients import Client
from command_line import tell
from million import BEGINNING, BUSIEST_POST, BUSIEST_THREAD, END, fill
from query_plans import complaints

import models
from schema.enums import AnswerOrder, ThreadOrder, UserOrder
from schema.nodes import ids_of


def at(seconds: int) -> str:
    """A moment as clients write it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


DAY = int(timedelta(days=1).total_seconds())
#: Each criterion, where it finds much and where it finds little, and what people ask together.
FILTERS: list[dict[str, Any]] = [
    {},
    {"category": "c1"},
    {"category": "c8/c82/c823"},
    {"allTags": ["tag-1"]},
    {"allTags": ["tag-4999"]},
    {"allTags": ["tag-1", "other-10"]},
    {"anyTag": ["tag-1000", "tag-2000", "other-3000"]},
    {"noTag": ["tag-1", "tag-4999"]},
    {"author": "User 1"},
    {"author": "User 5000"},
    {"answered": True},
    {"answered": False},
    {"hasBestAnswer": True},
    {"hasBestAnswer": False},
    {"hasUpvotedAnswer": True},
    {"hasUpvotedAnswer": False},
    {"closed": True},
    {"closed": False},
    {"minScore": 1},
    {"minScore": 10_000},
    {"since": at(END - DAY)},
    {"until": at(BEGINNING + DAY)},
    {"category": "c8", "allTags": ["tag-1"], "answered": False, "since": at(END - 30 * DAY)},
    {"author": "User 1", "allTags": ["tag-1"], "anyTag": ["tag-2", "tag-3"], "closed": False},
]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def million_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A forum of a million posts in a database of either kind; nothing is written to it."""
    if request.param == "sqlite":
        url = f"sqlite://{tmp_path_factory.mktemp('million') / 'million.db'}"
        asyncio.run(fill(url))
        yield url
        return
    server = request.getfixturevalue("scratch_postgres")
    name = f"plainspoken_test_{os.getpid()}_million"
    asyncio.run(tell(server, f"CREATE DATABASE {name}"))
    url = urlsplit(server)._replace(path=f"/{name}").geturl()
    asyncio.run(fill(url))
    yield url
    asyncio.run(tell(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def forum_url(million_url: str) -> str:
    """For `visitor`: the forum that it visits."""
    return million_url


@pytest.fixture
def sent() -> Iterator[dict[str, Any]]:
    """The statements sent to the database, each once, with the values of its first time."""
    heard: dict[str, Any] = {}

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            assert isinstance(record.args, tuple)
            sql, values = record.args
            heard.setdefault(str(sql), values)

    logger, handler = logging.getLogger("tortoise.db_client"), Listening()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield heard
    logger.removeHandler(handler)
    logger.setLevel(level)


async def explained(sent: dict[str, Any]) -> list[str]:
    """What is wrong with the statements that were sent."""
    statements = dict(sent)
    assert statements
    return [f"{each}: {sql}" for sql, values in statements.items() for each in await complaints(sql, values or ())]


async def turn_pages(visitor: Client, document: str, list_of: Any, **variables: Any) -> None:
    """Read a list's first page and the one after it, its last page and the one before it."""
    for size, cursor, end in (("first", "after", "endCursor"), ("last", "before", "startCursor")):
        page = list_of(await visitor.run(document, **variables, **{size: 5}))
        if page["edges"]:
            await visitor.run(document, **variables, **{size: 5, cursor: page["pageInfo"][end]})


@pytest.mark.parametrize("order", ThreadOrder, ids=lambda order: order.name)
async def test_threads_are_found_without_a_scan_by_every_criterion_in_every_order(
    visitor: Client, sent: dict[str, Any], order: ThreadOrder
) -> None:
    for criteria in FILTERS:
        await turn_pages(visitor, "threads", lambda data: data["threads"], filter=criteria, orderBy=order.name)
    assert await explained(sent) == []


@pytest.mark.parametrize("order", ThreadOrder, ids=lambda order: order.name)
async def test_the_threads_of_a_category_and_of_a_tag_are_read_without_a_scan_in_every_order(
    visitor: Client, sent: dict[str, Any], order: ThreadOrder
) -> None:
    for path in ("c1", "c8/c82/c823"):
        await turn_pages(
            visitor, "category_page", lambda data: data["category"]["threads"], path=path, orderBy=order.name
        )
    for name in ("tag-1", "tag-4999", "other-10"):
        await turn_pages(visitor, "tag_page", lambda data: data["tag"]["threads"], name=name, orderBy=order.name)
    assert await explained(sent) == []


async def test_answers_and_comments_are_read_without_a_scan(visitor: Client, sent: dict[str, Any]) -> None:
    for order in AnswerOrder:
        await turn_pages(
            visitor, "thread_answers", lambda data: data["thread"]["answers"], number=BUSIEST_THREAD, orderBy=order.name
        )
    busiest = ids_of(models.Post)[BUSIEST_POST]
    await turn_pages(visitor, "post_comments", lambda data: data["node"]["comments"], id=busiest)
    assert await explained(sent) == []


async def test_users_tags_and_points_are_read_without_a_scan(visitor: Client, sent: dict[str, Any]) -> None:
    for query in (None, "User 1", "nobody"):
        for order in UserOrder:
            await turn_pages(visitor, "users", lambda data: data["users"], query=query, orderBy=order.name)
    for query in (None, "tag-1", "nothing"):
        await turn_pages(visitor, "tags", lambda data: data["tags"], query=query)
    await turn_pages(visitor, "points_history", lambda data: data["user"]["pointsHistory"], name="User 1")
    assert await explained(sent) == []


async def test_whole_pages_are_read_without_a_scan(visitor: Client, sent: dict[str, Any]) -> None:
    ids = [ids_of(model)[1] for model in (models.Thread, models.Post, models.User, models.Tag, models.Category)]
    await visitor.run("home")
    await visitor.run("question_page", number=BUSIEST_THREAD)
    await visitor.run("user_page", name="User 1")
    await visitor.run("categories")
    await visitor.run("nodes", ids=ids)
    await visitor.run("post", id=ids_of(models.Post)[10])
    assert await explained(sent) == []


async def test_lists_within_lists_are_read_without_a_scan(visitor: Client, sent: dict[str, Any]) -> None:
    for order in ("NEWEST", "HOT"):
        threads = f"threads(first: 3, orderBy: {order}) {{ nodes {{ id }} }}"
        for query in (
            f"{{ categories {{ children {{ children {{ {threads} }} }} }} }}",
            f"{{ tags {{ nodes {{ {threads} }} }} }}",
            f"{{ users {{ nodes {{ {threads} answers(first: 3) {{ nodes {{ id }} }} }} }} }}",
            f"{{ {threads.replace('id', 'answers(first: 3) { nodes { comments(first: 3) { nodes { id } } } }')} }}",
        ):
            assert "errors" not in await visitor.post(query)
    assert await explained(sent) == []


@pytest.mark.usefixtures("forum")
async def test_what_reads_through_a_table_is_complained_of() -> None:
    for sql in (
        "SELECT id FROM post WHERE body = 'x'",
        'SELECT "t0".id FROM "thread" "t0" ORDER BY title LIMIT 5',
        "SELECT COUNT(*) FROM thread WHERE slug <> 'x'",
        "SELECT post.id FROM post JOIN thread ON thread.title = post.body LIMIT 5",
    ):
        assert await complaints(sql, ()), sql


async def test_counts_of_the_site_read_indexes_alone(visitor: Client, sent: dict[str, Any]) -> None:
    counts = (await visitor.run("site"))["site"]
    assert counts["userCount"] == 20_000
    assert await explained(sent) == []
