"""The servers' turns: each is started anew, gets its listeners, is looked at for being right, and then timed."""

import asyncio
import math
import random
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import orjson
from rich.progress import Progress

from benchmarks.forum import VIEWERS, Shape
from benchmarks.live.crowd import Crowd, crowd, open_files
from benchmarks.live.figures import Burst, Change, Turn
from benchmarks.live.sockets import TooLate, Voter
from benchmarks.load import WrongAnswer
from benchmarks.pages import Asked, post_id, request
from benchmarks.running import Run
from benchmarks.serving import Served
from benchmarks.variants import OURS, Variant
from models import database as db

#: A small forum: one post is all that is watched, another one in each turn.
SHAPE = Shape(users=VIEWERS, threads=200, pages=((1, 200),))
#: So many listeners, if nothing else is said.
LISTENERS = (100, 1_000, 5_000, 10_000)
#: A round takes minutes where a server is slow, so that not all rounds of the pages are for this.
MOST_ROUNDS = 2
#: Votes of the burst after which every listener must be right. A server that would take much longer than
#: `_BURST_SECONDS` for it gets a shorter one.
BURST = 1_000
_BURST_SECONDS = 10
_BURST_VOTERS = 16
#: For how many changes a second all can follow, votes are cast for at least about so long, in seconds.
_SUSTAINED_SECONDS = 3
#: So many changes are timed in a turn, or what fits in so many seconds; at least three.
CHANGES = 25
_CHANGES_SECONDS = 20
#: Between two of them, in seconds: a server may send one post's news ten times a second and no more.
_PAUSE = 0.15
#: So long a server is left alone before its memory is looked at, in seconds.
_REST = 0.5
#: How long anything may take, in seconds.
_PATIENCE = 150
#: Before memory is looked at for the first time, so many listeners and votes come and go.
_WARM_LISTENERS, _WARM_VOTES = 50, 100


@dataclass(frozen=True)
class Watched:
    """A post that is watched in one turn, and users who have not voted on it yet."""

    id: str
    voters: Sequence[int]

    def votes(self) -> Iterator[bytes]:
        """Requests, each of which is a change: all vote up, then all down, and so on."""
        for value in cycle(("UP", "DOWN")):
            for voter in self.voters:
                yield request(Asked("vote", {"input": {"postId": self.id, "value": value}}, voter))


async def posts(url: str) -> list[Watched]:
    """The posts of a forum that may be watched."""
    async with db.connected(url):
        rows = await db.fetch("SELECT id, author_id FROM post WHERE kind = 'answer' ORDER BY id")
        votes = await db.fetch("SELECT post_id, user_id FROM vote")
    taken = {(row["id"], row["author_id"]) for row in rows} | {(vote["post_id"], vote["user_id"]) for vote in votes}
    users = range(1, VIEWERS + 1)
    return [Watched(post_id(row["id"]), [user for user in users if (row["id"], user) not in taken]) for row in rows]


def measure(
    run: Run, variants: Sequence[Variant], url: str, amounts: Sequence[int], changes: int = CHANGES
) -> list[Turn]:
    """The turns of all servers with each number of listeners. One that does not keep up is noted, and left out.

    Raises WrongAnswer where a listener ends with another state than the last vote's answer tells.
    """
    open_files()
    ready = iter(asyncio.run(posts(url)))
    chance = random.Random(5)  # noqa: S311  a figure of chance, not a secret
    rounds = min(run.effort.rounds, MOST_ROUNDS)
    turns: list[Turn] = []
    with Progress(console=run.console, transient=True, auto_refresh=False) as progress:
        task = progress.add_task("", total=len(amounts) * rounds * len(variants))
        for amount in amounts:
            for _ in range(rounds):
                for variant in chance.sample(variants, len(variants)):
                    progress.update(task, description=f"{variant.name}, {amount:,} listeners")
                    with run.servers([variant], url) as running:
                        for _, served in running:
                            try:
                                turns.append(_turn(variant, served, next(ready), amount, changes))
                            except TooLate as reason:
                                run.note(f"{variant.name} with {amount:,} listeners is left out: {reason}")
                            except WrongAnswer as error:
                                raise WrongAnswer(f"{variant.name}, live: {error}\n{served.said}") from error
                    progress.advance(task)
    order = [variant.name for variant in variants]
    return sorted(turns, key=lambda turn: (turn.listeners, order.index(turn.variant)))


def _turn(variant: Variant, served: Served, watched: Watched, amount: int, changes: int) -> Turn:
    with crowd(served.port, watched.id, _PATIENCE) as gathered:
        votes = _Votes(gathered, watched)
        gathered.connect(_WARM_LISTENERS)
        gathered.subscribe()
        votes.burst(_WARM_VOTES)
        gathered.leave()
        at_first = _settled(gathered, served)
        gathered.connect(amount)
        connected = _settled(gathered, served)
        gathered.subscribe()
        subscribed = _settled(gathered, served)
        # What one change takes tells how long a burst may be; this server has to get through the whole of it.
        one = votes.change().after_sending
        burst = votes.burst(BURST if variant.name == OURS else _fitting(_BURST_SECONDS, one, most=BURST))
        sustained = burst
        if burst.seconds < _SUSTAINED_SECONDS / 2:
            gathered.quiet(2 * _PAUSE)
            sustained = votes.burst(_fitting(_SUSTAINED_SECONDS, burst.seconds / burst.votes))
        gathered.quiet(2 * _PAUSE)
        used = served.cpu
        timed = _timed(gathered, votes, changes)
        return Turn(
            variant=variant.name,
            listeners=amount,
            socket=(connected - at_first) / amount,
            subscription=(subscribed - connected) / amount,
            burst=burst,
            sustained=sustained,
            changes=timed,
            cpu=(served.cpu - used) / len(timed),
        )


def _settled(gathered: Crowd, served: Served) -> int:
    """The server's memory when it has had a moment for itself."""
    gathered.idle(_REST)
    return served.memory


def _fitting(seconds: float, each: float, most: int = 100_000) -> int:
    return max(1, min(int(seconds / each), most))


def _timed(gathered: Crowd, votes: "_Votes", most: int) -> list[Change]:
    until = time.perf_counter() + _CHANGES_SECONDS
    timed: list[Change] = []
    while len(timed) < most and (time.perf_counter() < until or len(timed) < 3):
        timed.append(votes.change())
        gathered.idle(_PAUSE)
    return timed


class _Votes:
    """The votes of one turn on the post that the crowd watches, and what has to become of them."""

    def __init__(self, gathered: Crowd, watched: Watched) -> None:
        self._crowd = gathered
        self._requests = watched.votes()
        self._voters = gathered.voters(_BURST_VOTERS)

    def change(self) -> Change:
        """One vote; every listener has its version. Raises WrongAnswer, TooLate."""
        voter, gathered = self._voters[0].open(), self._crowd
        asked = next(self._requests)
        deadline = gathered.deadline()
        version, shown = self._present()
        gathered.expect(shown % (version + 1))
        used, sent_at = time.process_time(), time.perf_counter()
        voter.send(asked)
        while gathered.missing or voter.answer is None:
            gathered.poll(deadline)
        ended = max(gathered.told_at, voter.answered_at)
        busy = time.process_time() - used
        post = _post(voter)
        if post["version"] != version + 1:
            raise WrongAnswer(f"a vote after version {version} is no change: {post}")
        check((listener.last for listener in gathered.listeners), post)
        return Change(
            after_answer=max(gathered.told_at - voter.answered_at, 0.0),
            after_sending=gathered.told_at - sent_at,
            client=busy / (ended - sent_at),
        )

    def burst(self, amount: int) -> Burst:
        """So many votes over some connections; every listener has the end. Raises WrongAnswer, TooLate."""
        gathered = self._crowd
        deadline = gathered.deadline()
        waiting = islice(self._requests, amount)
        gathered.expect(b"\0")
        before = gathered.states
        first_at = sent_at = time.perf_counter()
        free, busy, newest = [voter.open() for voter in self._voters], list[Voter](), dict[str, Any](version=0)
        left = amount
        while left:
            if time.perf_counter() > deadline:
                raise TooLate(f"{amount - left:,} of {amount:,} votes were answered after {_PATIENCE} s")
            for voter in free:
                if (asked := next(waiting, None)) is not None:
                    sent_at = time.perf_counter()
                    voter.send(asked)
                    busy.append(voter)
            free.clear()
            gathered.poll(math.inf)
            for voter in [voter for voter in busy if voter.answer is not None]:
                post = _post(voter)
                newest = max(newest, post, key=lambda each: int(each["version"]))
                busy.remove(voter)
                free.append(voter)
                left -= 1
        answered_at = time.perf_counter()
        _, shown = self._present()
        gathered.expect(shown % newest["version"])
        deadline = gathered.deadline()
        late = gathered.missing > 0
        while gathered.missing:
            gathered.poll(deadline)
        told_at = gathered.told_at if late else answered_at
        check((listener.last for listener in gathered.listeners), newest)
        messages = (gathered.states - before) / len(gathered.listeners)
        return Burst(amount, told_at - first_at, told_at - sent_at, messages)

    def _present(self) -> tuple[int, bytes]:
        """The version that listeners have, and how this server's messages show one: each writes JSON its own way."""
        last = self._crowd.listeners[0].last
        found = re.search(rb'"version"(\s*:\s*)(\d+)(\s*\})', last)
        if found is None:
            raise WrongAnswer(f"a listener was told: {last[:500].decode()}")
        return int(found[2]), b'"version"%s%%d%s' % (found[1], found[3])


def check(messages: Iterable[bytes], post: dict[str, Any]) -> None:
    """Raises WrongAnswer where the last message that a listener got does not have the post as it is now."""
    right = {name: post[name] for name in ("id", "score", "upVotes", "downVotes", "version")}
    for message in set(messages):
        told = orjson.loads(message)["payload"]["data"]["votesChanged"]
        if told != right:
            raise WrongAnswer(f"a listener ended with {told}, the post is {right}")


def _post(voter: Voter) -> dict[str, Any]:
    answer = orjson.loads(voter.answer or b"{}")
    try:
        return dict(answer["data"]["castVote"]["post"])
    except (KeyError, TypeError) as error:
        raise WrongAnswer(f"a vote was answered: {answer}") from error
