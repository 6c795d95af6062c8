"""Whatever is asked, by whomever, the answer is one that was meant: no 5xx, nothing masked, nothing that should be.

The documents are made by hypothesis-graphql, and once more by schemathesis, from the schema as it is served. CASES says
how many, and RANDOM_SEED where they begin: a hunt takes more than a test.
"""

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
import structlog
from clients import Client, document
from command_line import copied, outcome, qa, started
from crowd import offences, trusted
from fuzzing import Gibberish, asked, wrong
from life import Life
from streams import streamed

import models
from models import UserLevel
from schema import schema

CASES = int(os.environ.get("CASES", "240"))
SEED = int(os.environ.get("RANDOM_SEED", "0"))
LEVELS = (UserLevel.REGISTERED, UserLevel.EXPERT, UserLevel.MODERATOR, UserLevel.ADMIN)
#: Documents that are made at once, by people who are new each time: some of them block, or are blocked.
ROUND = 60
#: Requests that are on their way together.
TOGETHER = 8
ST = Path(sys.executable).with_name("st")


@pytest.fixture(scope="module")
def migrated_template(migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database to copy for each test: seeded."""
    with copied(migrated_template, "fuzzed", tmp_path_factory.mktemp("fuzzed")) as url:
        assert qa(url, "seed").status == 0
        yield url


@pytest.fixture(autouse=True)
def usual_limits(setting: Callable[..., None]) -> None:
    """The limits of a site."""
    setting(limits={})


@pytest.fixture(autouse=True)
async def sound(visitor: Client, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """Afterwards the log tells of no failure, and the books add up."""
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
    client.http.cookies.clear()
    assert response.status_code in (200, 400), (response.status_code, response.text, parameters)
    tally.take(parameters, response.json())


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
    print(f"{tally.asked} asked, {tally.answered} answered")
    assert tally.answered > tally.asked / 3
