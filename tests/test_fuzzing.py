"""Whatever is asked, by whomever, the answer is one that was meant: no 5xx, nothing masked, nothing that should be.

The documents are made by hypothesis-graphql, and once more by schemathesis, from the schema as it is served. CASES says
how many, and RANDOM_SEED where they begin: a hunt takes more than a test.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
import structlog
from clients import Client
from command_line import copied, outcome, qa, started
from conftest import served
from crowd import answered_by, asked_by, member, offences, trusted
from fuzzing import Gibberish, asked, wrong
from life import Life
from streams import streamed

import models
from models import PostState, UserLevel, VoteValue
from services import voting
from services.errors import Refusal
from transports.wire import OPTIONS

FEW = 120
CASES = int(os.environ.get("CASES", str(FEW)))
SEED = int(os.environ.get("RANDOM_SEED", "0"))
LEVELS = (UserLevel.REGISTERED, UserLevel.EXPERT, UserLevel.MODERATOR, UserLevel.ADMIN)
#: Documents that are made at once, by people who are new each time: some of them block, or are blocked.
ROUND = 60
#: Requests that are on their way together.
TOGETHER = 8
#: Seconds in which nothing is heard of a subscription, and in which all else is answered.
QUIET, PATIENCE = 0.3, 60
_count = count(1)
ST = Path(sys.executable).with_name("st")


@pytest.fixture(scope="module")
def migrated_template(migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database to copy for each test: seeded."""
    with copied(migrated_template, "fuzzed", tmp_path_factory.mktemp("fuzzed")) as url:
        assert qa(url, "seed").status == 0
        yield url


@pytest.fixture
async def visitor(forum: str) -> AsyncIterator[Client]:
    """A visitor whose connections last: while documents are made, nothing is sent for long."""
    async with served(forum, {**OPTIONS, "timeout_keep_alive": 3_600}) as client:
        yield client


@pytest.fixture(autouse=True)
def usual_limits(setting: Callable[..., None]) -> None:
    """The limits of a site."""
    setting(limits={})


@pytest.fixture(autouse=True)
async def sound(visitor: Client, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """Afterwards the log tells of no failure, and `qa check` finds none."""
    with structlog.testing.capture_logs() as events:
        yield
    assert [event for event in events if event["log_level"] in ("error", "critical")] == []
    assert [record.getMessage() for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []
    assert await offences() == []


async def gibberish(visitor: Client) -> Gibberish:
    """What may be asked of the forum as it is now."""
    life = Life()
    await life.refresh()
    page = "pageInfo { startCursor endCursor }"
    lists = "newest: threads(first: 2, orderBy: NEWEST) {@} tags(first: 2) {@} users(first: 2) {@}".replace("@", page)
    found = (await visitor.post(f"{{ {lists} }}"))["data"]
    return Gibberish(life, [cursor for each in found.values() for cursor in each["pageInfo"].values()])


async def people(visitor: Client, number: int) -> list[Client]:
    """A visitor, who has most of the forum's posts, and one of each level, all new."""
    visitor.http.cookies.clear()
    demo = await visitor.do("sign_in", login="demo", password="demo-password")
    visitor.http.cookies.clear()
    new = [await trusted(visitor, f"{level.name.lower()}-{number}", level) for level in LEVELS]
    return [Client(visitor.http), Client(visitor.http, demo.get("token")), *new]


def rounds(amount: int) -> Iterator[tuple[int, int]]:
    """So many cases in rounds: the seed of each, and how many are in it."""
    for number, start in enumerate(range(0, amount, ROUND)):
        yield SEED * 1_000_000 + number, min(ROUND, amount - start)


class Tally:
    """What was answered."""

    def __init__(self) -> None:
        self.asked = self.answered = 0
        self.wrong: list[Any] = []

    def take(self, what: Any, answer: Any) -> None:
        """Look at an answer; whoever reads a failure wants to know what was asked."""
        errors = answer.get("errors", [])
        self.asked += 1
        self.answered += bool(answer.get("data")) and any(each is not None for each in answer["data"].values())
        self.wrong += [(found, what) for found in wrong(errors)]


async def send(client: Client, parameters: dict[str, Any], by: Random, tally: Tally) -> None:
    """Ask one thing over HTTP, by POST or, of queries, by GET."""
    accept = by.choice(("application/json", "application/graphql-response+json", "*/*"))
    headers = {"accept": accept, "content-type": "application/json", **client.headers}
    body = parameters["query"].lstrip()
    if not body.startswith("mutation") and len(body) < 2_000 and by.random() < 0.3:
        texts = {"query": parameters["query"], "variables": as_json(parameters["variables"])}
        params = {name: text.encode("utf-8", "surrogatepass") for name, text in texts.items()}
        response = await client.http.get("/graphql", params=params, headers=headers)
    else:
        response = await client.http.post("/graphql", content=as_json(parameters), headers=headers)
    client.http.cookies.clear()  # which all clients of a test share
    assert response.status_code in (200, 400), (response.status_code, response.text, parameters)
    tally.take(parameters, response.json())


def is_json(value: Any) -> bool:
    """Whether it is JSON for those who are careful, too."""
    try:
        orjson.loads(as_json(value))
    except orjson.JSONDecodeError:
        return False
    return True


def as_json(value: Any) -> str:
    """JSON as a careless client writes it: with numbers of any size, and halves of characters."""

    return json.dumps(value)


async def send_all(clients: Sequence[Client], documents: Sequence[str], by: Random, tally: Tally) -> None:
    """Ask all of them, several at a time, each as somebody."""
    for start in range(0, len(documents), TOGETHER):
        some = documents[start : start + TOGETHER]
        await asyncio.gather(*(send(by.choice(clients), asked(each, by), by, tally) for each in some))


async def test_every_answer_is_one_that_was_meant(visitor: Client) -> None:
    tally = Tally()
    for number, amount in rounds(CASES):
        by, made = Random(number), await gibberish(visitor)
        clients = await people(visitor, number)
        documents = [
            *made.queries(amount // 2, number),
            *made.mutations(amount - amount // 2 - amount // 10, number),
            *made.mistaken(amount // 10, number),
        ]
        by.shuffle(documents)
        await send_all(clients, documents, by, tally)
        assert tally.wrong == [], f"{len(tally.wrong)} of {tally.asked}"
    print(f"{tally.asked} answers, {tally.answered} with data")
    assert tally.answered > tally.asked / 3


async def test_every_answer_on_a_socket_or_a_stream_is_one_that_was_meant(visitor: Client) -> None:
    tally = Tally()
    for number, amount in rounds(CASES // 4):
        by, made = Random(number), await gibberish(visitor)
        clients = await people(visitor, number)
        documents = [*made.queries(amount // 3, number), *made.mutations(amount // 3, number)]
        documents += made.subscriptions(amount - len(documents), number)
        by.shuffle(documents)
        # Who signs out is let go, and a message that is no JSON ends a socket: as the protocol has it.
        spoken = [each for each in (asked(text, by) for text in documents if "signOut" not in text) if is_json(each)]
        parts = [spoken[start :: len(clients)] for start in range(len(clients))]
        await asyncio.gather(*(on_a_socket(client, part, tally) for client, part in zip(clients, parts, strict=True)))
        await asyncio.gather(*(on_a_stream(by.choice(clients), each, tally) for each in by.sample(spoken, TOGETHER)))
        assert tally.wrong == [], f"{len(tally.wrong)} of {tally.asked}"
    print(f"{tally.asked} answers, {tally.answered} with data")
    assert tally.answered > tally.asked / 4


async def on_a_socket(client: Client, requests: Sequence[dict[str, Any]], tally: Tally) -> None:
    """Ask all of them on one socket, which stays open; what is subscribed to hears of some news."""
    waiting = {str(number): each for number, each in enumerate(requests)}
    listening = {number for number, each in waiting.items() if each["query"].startswith("subscription")}
    running = waiting.keys() - listening
    async with client.socket() as socket:
        for number, parameters in waiting.items():
            await socket.raw.send(as_json({"type": "subscribe", "id": number, "payload": parameters}))
        async with asyncio.timeout(PATIENCE):
            while running:
                running -= take_next(await socket.receive(), waiting, tally)
        await something_happens()
        await socket.send(type="ping")
        with suppress(TimeoutError):
            while True:
                take_next(await asyncio.wait_for(socket.receive(), QUIET), waiting, tally)
        await socket.send(type="ping")
        while (await socket.receive())["type"] != "pong":
            pass


def take_next(message: dict[str, Any], waiting: dict[str, dict[str, Any]], tally: Tally) -> set[str]:
    """Look at a message; the operation that is over with it."""
    match message["type"]:
        case "next":
            tally.take(waiting[message["id"]], message["payload"])
            return set()
        case "error":
            tally.take(waiting[message["id"]], {"errors": message["payload"]})
        case "pong" | "ping":
            return set()
    return {message["id"]}


async def something_happens() -> None:
    """There are votes, answers and a question of somebody new."""
    somebody = await member(f"somebody {next(_count)}")
    for thread in await models.Thread.filter(state=PostState.VISIBLE, closed_at=None).limit(3):
        with suppress(Refusal):
            await answered_by(somebody, thread)
    for post in await models.Post.filter(state=PostState.VISIBLE).order_by("id").limit(3):
        with suppress(Refusal):
            await voting.cast_vote(somebody, post.id, VoteValue.UP)
    await asked_by(somebody, f"What did somebody ask, {somebody.id}?")


async def on_a_stream(client: Client, parameters: dict[str, Any], tally: Tally) -> None:
    """Ask one thing for events, and hear the first of them, if there is one."""
    async with streamed(client, parameters) as stream:
        assert stream.response.status_code == 200
        with suppress(TimeoutError, StopAsyncIteration):
            async with asyncio.timeout(QUIET):
                while True:
                    name, content = await stream.event()
                    if name == "next":
                        tally.take(parameters, content)


@pytest.mark.parametrize("level", (UserLevel.ADMIN, UserLevel.REGISTERED, None)[: 1 if CASES <= FEW else None])
async def test_schemathesis_finds_no_failure(level: UserLevel | None, visitor: Client, tmp_path: Path) -> None:
    examples = max(1, CASES // 600)
    client = visitor if level is None else await trusted(visitor, "tester", level)
    words = [
        "--max-examples",
        str(examples),
        "--seed",
        str(SEED),
        "--checks",
        "not_a_server_error,negative_data_rejection",
    ]
    words += [word for header in client.headers.items() for word in ("--header", ": ".join(header))]
    command: list[str | Path] = [
        ST,
        "--config-file",
        tmp_path / "schemathesis.toml",
        "run",
        f"{visitor.http.base_url}/graphql",
        *words,
    ]
    (tmp_path / "schemathesis.toml").write_text(f"[cache]\ndirectory = {json.dumps(str(tmp_path))}\n")
    async with started(*command) as process:
        ran = await outcome(process)
    assert ran.status == 0, ran.output + ran.errors
    cases = re.search(r"(\d+) generated", ran.output)
    assert cases is not None
    assert int(cases[1]) >= 60 * examples, ran.output


def test_what_would_be_wrong_is_seen() -> None:
    for error in (
        {"message": "Something went wrong here.", "extensions": {"code": "INTERNAL_ERROR", "id": "a"}},
        {"message": "The database is away.", "extensions": {"code": "SERVICE_UNAVAILABLE"}},
        {"message": "division by zero", "path": ["site"]},
        {"message": "'NoneType' object has no attribute 'id'"},
        {"message": "no such column: threads.colour", "extensions": {"code": "BAD_REQUEST"}},
    ):
        assert wrong([error]), error
    assert wrong([{"message": "Cannot query field 'colour' on type 'Site'."}]) == []
    assert wrong([{"message": "Too long.", "path": ["tags"], "extensions": {"code": "BAD_REQUEST"}}]) == []
