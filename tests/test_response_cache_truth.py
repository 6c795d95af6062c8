"""Whatever is done, by chance or by many at once, a kept answer is the one that would be made anew."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import orjson
import pytest
from clients import Client, document
from crowd import answered_by, asked_by, members
from graphql import OperationType
from keeping import FEW, body_of, deed_by_chance, is_kept, keeping, posted
from random_documents import Asked, random_document
from random_forum import random_forum
from random_values import random_variables

import models
from models import PostState
from models.database import transaction
from schema import schema
from schema.enums import ThreadOrder
from schema.nodes import global_id, ids_of
from services import accounts
from transports.answers import Answers

QUERIES = [
    name
    for name in sorted(file.stem for file in (Path(__file__).parent / "documents").glob("*.graphql"))
    if schema.documents.read(document(name)).operations[0].operation is OperationType.QUERY
]
SEED = 0
#: Of the test that goes by chance: how many deeds, with how many sets of variables each client's document is asked,
#: and how many documents are made by chance.
DEEDS, TIMES, DOCUMENTS = 70, 2, 30
#: Of the storm: how many vote, each on every post, and how many look at what they do meanwhile.
VOTERS, READERS = 12, 6


# Where one field fails, graphql-core leaves others that it had begun.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """What the endpoint keeps, as long as nothing changes."""
    with keeping(monkeypatch) as kept:
        yield kept


@pytest.fixture
def forum_url(any_forum_url: str) -> str:
    """It goes over both kinds of database."""
    return any_forum_url


@pytest.mark.usefixtures("forum")
async def test_after_each_deed_a_kept_answer_is_the_one_that_would_be_made_anew(answers: Answers) -> None:
    forum, chance = await random_forum(SEED), Random(SEED)
    asked = [Asked(document(name), random_variables(chance, forum, document(name))) for name in QUERIES * TIMES]
    for _ in range(DOCUMENTS):
        asked += random_document(chance, forum)
    for order in ThreadOrder:
        asked += [Asked(document("home"), {"orderBy": order.name, "first": size}) for size in (1, 5, 30)]
    seen_threads = [thread for thread in forum.threads if thread.state is PostState.VISIBLE][:FEW]
    asked += [Asked(document("question_page"), {"number": thread.id}) for thread in seen_threads]
    seen_posts = [post for post in forum.posts if post.thread_id in {thread.id for thread in seen_threads}]
    asked += [Asked(document("post_score"), {"id": global_id(post)}) for post in seen_posts]
    for rows in (forum.threads, forum.posts, forum.entries, forum.users, forum.tags):  # those that are not there yet
        coming = range(rows[-1].id + 1, rows[-1].id + 15)
        asked += [Asked(document("refetch"), {"id": ids_of(type(rows[0]))[key]}) for key in coming]
    pages = [body_of(each) for each in asked]
    right = [body for body in pages if b'"errors"' not in await posted(body)]
    # A cursor of another order is an error, but not where nothing is listed: no plan answers that, nor introspection,
    # and it is not kept.
    unplanned = (b"after:", b"before:", b"__type(")
    assert [body for body in right if not is_kept(answers, body) and not any(each in body for each in unplanned)] == []
    done, seen = Counter[str](), 0
    for _ in range(DEEDS):
        for body in pages:
            if not is_kept(answers, body):
                await posted(body)
        begun = len(answers)
        done[deed := await deed_by_chance(chance)] += 1
        for body in pages:
            if is_kept(answers, body):
                seen += 1
                assert await posted(body) == await posted(body, anew=True), (deed, body.decode())
    assert seen > DEEDS * begun / 2 > DEEDS * len(right) / 3
    assert done.keys() >= {"vote", "ask", "answer", "comment", "choose", "join", "trust"}


async def signed_in(user: models.User) -> str:
    """The token of a new session."""
    async with transaction():
        return await accounts._open_session(user)


async def test_who_asks_after_a_vote_was_answered_sees_it(visitor: Client, answers: Answers) -> None:
    ann, bob, *voters = await members(2 + VOTERS)
    thread, question = await asked_by(ann)
    posts = [global_id(question), *[global_id(await answered_by(bob, thread)) for _ in range(3)]]
    clients = [Client(visitor.http, await signed_in(user)) for user in voters]
    counted = dict.fromkeys(posts, 0)
    looks, is_over = 0, False

    async def shown(turn: int) -> dict[str, int]:
        page = Asked(document("question_page"), {"number": thread.id, "turn": turn})  # of which nobody has asked
        found = orjson.loads(await posted(body_of(page)))["data"]["thread"]
        return {post["id"]: post["score"] for post in (found["question"], *found["answers"]["nodes"])}

    async def vote(client: Client, post: str) -> None:
        result = await client.do("cast_vote", postId=post, value="UP")
        assert result["__typename"] == "CastVotePayload"
        counted[post] += 1

    async def look() -> None:
        nonlocal looks
        while not is_over:
            looks += 1
            turn = looks
            for _ in range(3):  # made anew while something may change, and then perhaps a kept one
                least = counted.copy()
                found = await shown(turn)
                assert all(found[post] >= least[post] for post in posts), (found, least)
                await asyncio.sleep(0)

    async with asyncio.TaskGroup() as readers:
        for _ in range(READERS):
            readers.create_task(look())
        for first in range(0, VOTERS, 2):
            for turn in range(len(posts)):
                two = clients[first : first + 2]
                await asyncio.gather(*(vote(client, posts[turn - place]) for place, client in enumerate(two)))
                assert await shown(0) == counted
        is_over = True
    assert counted == dict.fromkeys(posts, VOTERS)
    assert looks > VOTERS
