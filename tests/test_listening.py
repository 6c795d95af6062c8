"""What waits for a slow reader: the newest of each thing, and nothing that they may see no longer."""

from collections.abc import Sequence
from typing import Any

import pytest
from graphql import GraphQLError

from transports.listening import MOST_WAITING, Listening, Reader


class Way:
    """A way out that is full or not, and what went out by it."""

    def __init__(self) -> None:
        self.is_full = True
        self.out: list[bytes] = []

    def answer(self, answer: bytes) -> None:
        self.out.append(answer)

    def error(self, errors: Sequence[GraphQLError]) -> None:
        raise AssertionError(errors)

    def close(self) -> None:
        raise AssertionError("nobody ends it")


@pytest.fixture
async def way() -> Way:
    return Way()


@pytest.fixture
async def reader(way: Way) -> Any:
    made = Reader(way, lambda: None)
    yield made
    made.forget()


@pytest.fixture
def listening(way: Way, reader: Reader) -> Listening:
    return Listening(way, reader)


async def test_the_newest_of_each_thing_waits(way: Way, reader: Reader, listening: Listening) -> None:
    for place, answer in ((1, b"one"), (2, b"two"), (1, b"one again")):
        listening.show(place, answer)
    assert way.out == []
    way.is_full = False
    reader.drained()
    assert way.out == [b"two", b"one again"]
    listening.show(1, b"at once")
    assert way.out[-1] == b"at once"


async def test_what_can_be_seen_no_longer_is_taken_back(way: Way, reader: Reader, listening: Listening) -> None:
    listening.show(1, b"a secret by now")
    listening.show(2, b"for all")
    listening.show(1, None)
    way.is_full = False
    reader.drained()
    assert way.out == [b"for all"]


async def test_of_too_many_things_the_oldest_go(way: Way, reader: Reader, listening: Listening) -> None:
    for place in range(MOST_WAITING + 5):
        listening.show(place, b"%d" % place)
    way.is_full = False
    reader.drained()
    assert way.out == [b"%d" % place for place in range(5, MOST_WAITING + 5)]
