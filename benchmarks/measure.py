"""Measures: the servers take turns, round after round, so that a slow minute of the machine is slow for all of them."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import orjson

from benchmarks import load
from benchmarks.load import Batch, Request, WrongAnswer
from benchmarks.pages import Page, request
from benchmarks.serving import Served, postgres_cpu
from benchmarks.variants import Variant

#: Before a page is measured on a server, it is asked for at least this long, in seconds, until compilers are done.
WARM_UP = 4.0


@dataclass(frozen=True)
class Effort:
    """How much is measured: rounds of batches of so many seconds, on which core the servers run."""

    rounds: int
    seconds: float
    server_core: int


@dataclass(frozen=True)
class Sample:
    """One batch: CPU seconds a request of the server and of PostgreSQL, and what the client saw."""

    cpu: float
    postgres: float
    batch: Batch


@dataclass(frozen=True)
class Figures:
    """Medians over the rounds: milliseconds of CPU a request and of latency, requests a second, bytes of memory."""

    cpu: float
    postgres: float
    requests_per_second: float
    p50: float
    p99: float
    memory: int


def answers(served: Served, variant: Variant, page: Page) -> list[Request]:
    """The page's requests to a server, each with the answer that it gives and has to give again."""
    sent = [request(asked, variant.ask) for asked in page.asked]
    return [Request(each, body) for each, body in zip(sent, load.bodies(served.port, sent), strict=True)]


def compare(page: Page, right: Sequence[Request], given: Sequence[Request], variant: Variant) -> None:
    """Raises WrongAnswer where a variant does not say what is right."""
    for asked, one, other in zip(page.asked, right, given, strict=True):
        if one.expected != other.expected:
            expected, found = orjson.loads(one.expected or b""), variant.understand(other.expected or b"")
            if expected != found:
                difference = _difference(expected, found)
                raise WrongAnswer(f"{variant.name} answers {page.name} {asked.variables} differently:\n{difference}")


def _difference(expected: Any, found: Any) -> str:
    left, right = (orjson.dumps(each, option=orjson.OPT_SORT_KEYS).decode() for each in (expected, found))
    at = next((place for place, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), 0)
    return f"  {left[max(at - 80, 0) : at + 80]}\n  {right[max(at - 80, 0) : at + 80]}"


class Turns:
    """One server's turns over so many connections: how many requests make a batch of so many seconds is tried out."""

    def __init__(
        self, served: Served, requests: Iterator[Request], connections: int, seconds: float, postgres: str | None
    ) -> None:
        self._served = served
        self._requests = requests
        self._connections = connections
        self._postgres = postgres
        self._samples: list[Sample] = []
        self._amount = connections
        spent = 0.0
        while spent < WARM_UP:
            took = self._batch().batch.seconds
            spent += took
            self._amount = max(int(self._amount * min(seconds / took, 4)), connections)

    def turn(self) -> None:
        """Measure one batch."""
        self._samples.append(self._batch())

    def _batch(self) -> Sample:
        requests = list(itertools.islice(self._requests, self._amount))
        theirs = postgres_cpu(self._postgres) if self._postgres else {}
        before = self._served.cpu
        batch = load.batch(self._served.port, requests, self._connections)
        cpu = self._served.cpu - before
        spent = postgres_cpu(self._postgres).items() if self._postgres else ()
        postgres = sum(used - theirs.get(pid, 0) for pid, used in spent)
        return Sample(cpu / len(requests), postgres / len(requests), batch)

    def figures(self) -> Figures:
        """The medians of all turns."""
        return Figures(
            cpu=1000 * median(each.cpu for each in self._samples),
            postgres=1000 * median(each.postgres for each in self._samples),
            requests_per_second=median(len(each.batch.latencies) / each.batch.seconds for each in self._samples),
            p50=1000 * median(each.batch.percentile(50) for each in self._samples),
            p99=1000 * median(each.batch.percentile(99) for each in self._samples),
            memory=self._served.memory,
        )


def in_turns(turns: Sequence[Turns], rounds: int, on_turn: Callable[[], object]) -> list[Figures]:
    """So many rounds, each in an order of its own; each server's figures."""
    chance = random.Random(3)  # noqa: S311  a figure of chance, not a secret
    for _ in range(rounds):
        for turn in chance.sample(turns, len(turns)):
            turn.turn()
            on_turn()
    return [each.figures() for each in turns]
