"""Votes: many users change their votes on many posts, each server in its turn, all in one stream of changes."""

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

from rich.progress import Progress

from benchmarks import load
from benchmarks.databases import Kind
from benchmarks.forum import READERS, VIEWERS, Shape
from benchmarks.load import Request, WrongAnswer
from benchmarks.measure import Turns, in_turns
from benchmarks.pages import Asked, post_id, request
from benchmarks.running import Line, Run
from benchmarks.serving import Served
from benchmarks.variants import Variant
from models import database as db
from services import invariants

#: So many users' votes on so many posts are changed again and again.
PAIRS = 3_000
#: Over so many connections they vote.
CONNECTIONS = (16, 64)
_VALUES = ("UP", "DOWN", "NONE")
#: What an answer to a vote that was counted contains, whoever gives it.
_COUNTED = b'"version":'
# The invariants that a miscounted vote would break.
_KEPT = [
    each for each in invariants.INVARIANTS if {"vote", "votes", "score", "points", "ledger"} & set(each.name.split())
]


class Stream:
    """The changes: each pair of a user and a post in turn is set to UP, then all to DOWN, then all to NONE, and again.

    All servers draw from the one stream, so that every request is a change, whoever gets it.
    """

    def __init__(self, pairs: Sequence[tuple[int, int]]) -> None:
        self._asked = [
            Asked("vote", {"input": {"postId": post_id(post), "value": value}}, user)
            for value in _VALUES
            for user, post in pairs
        ]
        self._places = itertools.cycle(range(len(self._asked)))

    def to(self, variant: Variant) -> Iterator[Request]:
        """The stream's next requests, in the words of a variant."""
        ready = [request(asked, variant.ask) for asked in self._asked]
        return (Request(ready[place], containing=_COUNTED) for place in self._places)


async def pairs(url: str, shape: Shape, amount: int = PAIRS) -> list[tuple[int, int]]:
    """So many users that are signed in, each with a post of somebody else."""
    chance = random.Random(4)  # noqa: S311  a figure of chance, not a secret
    async with db.connected(url):
        posts = await db.fetch("SELECT id, author_id FROM post WHERE kind <> 'comment' ORDER BY id")
    users = range(READERS + 1, min(VIEWERS, shape.users) + 1)
    found: dict[tuple[int, int], None] = {}
    while len(found) < amount:
        user, post = chance.choice(users), chance.choice(posts)
        if post["author_id"] != user:
            found[user, post["id"]] = None
    return list(found)


def vote(
    run: Run,
    database: Kind,
    variants: Sequence[Variant],
    url: str,
    who: Sequence[tuple[int, int]],
    connections: Sequence[int],
) -> list[Line]:
    """Measure votes on every variant that counts them. Raises WrongAnswer where one counts differently."""
    lines: list[Line] = []
    # The first pair is for comparing.
    stream = Stream(who[1:])
    with run.servers([each for each in variants if "vote" in each.documents], url) as running:
        sizes = [_compared(variant, served, who[0]) for variant, served in running]
        with Progress(console=run.console, transient=True) as progress:
            total = len(connections) * len(running) * (1 + run.effort.rounds)
            task = progress.add_task(f"{database}: votes", total=total)
            for amount in connections:
                turns = []
                for variant, served in running:
                    postgres = url if database == "postgres" else None
                    turns.append(Turns(served, stream.to(variant), amount, run.effort.seconds, postgres))
                    progress.advance(task)
                figures = in_turns(turns, run.effort.rounds, lambda: progress.advance(task))
                for (variant, _), each, size in zip(running, figures, sizes, strict=True):
                    lines.append(Line(database, "vote", amount, variant.name, each, size))
    return lines


async def audit(url: str) -> None:
    """Look that after all the votes everything still adds up. Raises WrongAnswer."""
    async with db.connected(url):
        for invariant in _KEPT:
            if wrong := await db.fetch(f"SELECT * FROM ({invariant.offenders}) AS wrong LIMIT 3"):  # noqa: S608
                raise WrongAnswer(f"After the votes, {invariant.name} does not hold: {wrong}")


def _compared(variant: Variant, served: Served, pair: tuple[int, int]) -> int:
    """Vote up, down and take it back; the length of an answer. Raises WrongAnswer where the counts are not right."""
    user, post = pair
    sent = [
        request(Asked("vote", {"input": {"postId": post_id(post), "value": value}}, user), variant.ask)
        for value in ("NONE", *_VALUES)
    ]
    try:
        bodies = load.bodies(served.port, sent)
        shown: list[dict[str, Any]] = [variant.understand(body)["data"]["castVote"]["post"] for body in bodies]
    except (WrongAnswer, KeyError) as error:
        raise WrongAnswer(f"{variant.name}, vote: {error}\n{served.said}") from error
    score, up, down, version = (shown[0][name] for name in ("score", "upVotes", "downVotes", "version"))
    right = [
        {"score": score + more, "upVotes": up + (more > 0), "downVotes": down + (more < 0), "version": version + step}
        | {"id": post_id(post), "viewerVote": value}
        for step, (value, more) in enumerate((("NONE", 0), ("UP", 1), ("DOWN", -1), ("NONE", 0)))
    ]
    if shown != right:
        raise WrongAnswer(f"{variant.name} counts votes differently: expected {right}, got {shown}")
    return len(bodies[0])
