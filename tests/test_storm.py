"""The storm: everybody votes at once, over real HTTP, and nothing is lost, counted twice or told wrong."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from clients import Client, Socket, document
from command_line import qa, serving

import models
from models import PointsReason, VoteValue, database, migrating
from models.database import connect, disconnect, transaction
from schema.nodes import global_id
from services import accounts, audit, clock, points, posting
from services.points import Payment
from services.posting import Asked

CONNECTIONS = 50
VOTES = 2_000
#: What a client sends of its vote: no more than it needs, so that the storm is the server's.
CAST = "mutation ($id: ID!, $value: VoteValue!) { castVote(input: {postId: $id, value: $value}) { __typename } }"
COUNTED = {VoteValue.UP: (1, 0), VoteValue.DOWN: (0, 1), VoteValue.NONE: (0, 0)}


@dataclass(frozen=True)
class Vote:
    """That somebody sets their vote on a post."""

    user: int
    post: int
    value: VoteValue


@dataclass
class Forum:
    """Who can vote on what: everybody with a token, on posts with ids as clients know them."""

    tokens: list[str]
    posts: list[str]
    #: The author of each post, as a place in `tokens`.
    authors: list[int]

    def storm(self, votes: int, seed: int) -> list[list[Vote]]:
        """So many votes at random, in one queue for each connection: a user's votes are all in the same one."""
        at_random = random.Random(seed)
        queues: list[list[Vote]] = [[] for _ in range(CONNECTIONS)]
        for _ in range(votes):
            user = at_random.randrange(len(self.tokens))
            vote = Vote(user, at_random.randrange(len(self.posts)), at_random.choice(list(VoteValue)))
            queues[user % CONNECTIONS].append(vote)
        return queues

    async def cast(self, http: httpx2.AsyncClient, vote: Vote) -> str:
        """Send a vote; the type of what it came to. Anything but an answer fails."""
        body = {"query": CAST, "variables": {"id": self.posts[vote.post], "value": vote.value.name}}
        response = await http.post("/graphql", json=body, headers={"authorization": f"Bearer {self.tokens[vote.user]}"})
        answer: dict[str, Any] = response.json()
        assert (response.status_code, "errors" in answer) == (200, False), answer
        return str(answer["data"]["castVote"]["__typename"])


async def filled(users: int) -> Forum:
    """So many users with a session each, and 20 posts by the first eight: 4 questions, 8 answers, 8 comments."""
    people, tokens = [], []
    rules = await points.rules_in_force()
    async with transaction():
        for number in range(users):
            name = f"voter {number}"
            user = await models.User.create(
                name=name, name_folded=name, name_key=f"key {number}", created_at=clock.now()
            )
            people.append(user)
            tokens.append(await accounts._open_session(user))
        await points.pay([Payment(user.id, rules.joined, PointsReason.JOINED) for user in people], rules)
    posts: list[models.Post] = []
    for number in range(4):
        thread = await posting.ask_question(people[number], Asked(f"What does storm {number} bring?", "Votes."))
        question = await models.Post.get(thread_id=thread.id)
        _, one = await posting.post_answer(people[number + 4], thread.id, "Votes, many of them.")
        _, other = await posting.post_answer(people[(number + 1) % 4], thread.id, "And votes again.")
        _, comment = await posting.post_comment(people[(number + 2) % 4], question.id, "Is that so, really?")
        _, below = await posting.post_comment(people[number], one.id, "How many, and of what?")
        posts += [question, one, other, comment, below]
    places = {user.id: place for place, user in enumerate(people)}
    return Forum(tokens, [global_id(post) for post in posts], [places[post.author_id or 0] for post in posts])


def expected(forum: Forum, queues: Sequence[Sequence[Vote]]) -> list[tuple[int, int]]:
    """The votes up and down of each post after all of them: of each voter the last counts, of authors none."""
    standing = {
        (vote.user, vote.post): vote.value
        for queue in queues
        for vote in queue
        if forum.authors[vote.post] != vote.user
    }
    counts = [
        Counter(value for (_, post), value in standing.items() if post == place) for place in range(len(forum.posts))
    ]
    return [(count[VoteValue.UP], count[VoteValue.DOWN]) for count in counts]


@dataclass
class Witness:
    """Watches all posts on one socket."""

    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    versions: dict[str, list[int]] = field(default_factory=dict)

    async def watch(self, socket: Socket) -> None:
        while True:
            post = (await socket.next())["votesChanged"]
            assert post["score"] == post["upVotes"] - post["downVotes"]
            self.counts[post["id"]] = post["upVotes"], post["downVotes"]
            self.versions.setdefault(post["id"], []).append(post["version"])

    async def has_seen(self, counts: dict[str, tuple[int, int]]) -> bool:
        """Whether these become the last counts that it was told."""
        for _ in range(500):
            if self.counts == counts:
                return True
            await asyncio.sleep(0.01)
        return False


@pytest.fixture
async def forum_url(any_url: str) -> AsyncIterator[str]:
    """A migrated database of either kind, of this test alone: the storm goes over both."""
    await connect(any_url)
    await migrating.migrate(lambda name: None)
    await disconnect()
    yield any_url


async def test_nothing_is_lost_in_a_storm(visitor: Client) -> None:
    forum = await filled(users=200)
    queues = forum.storm(VOTES, seed=1)
    outcomes: Counter[str] = Counter()

    async def blow(http: httpx2.AsyncClient, votes: Sequence[Vote]) -> None:
        for vote in votes:
            outcomes[await forum.cast(http, vote)] += 1

    witness = Witness()
    limits = httpx2.Limits(max_connections=CONNECTIONS)
    async with (
        visitor.socket() as socket,
        httpx2.AsyncClient(base_url=visitor.http.base_url, limits=limits, timeout=60) as http,
    ):
        await socket.subscribe("watch_votes", postIds=forum.posts)
        watching = asyncio.create_task(witness.watch(socket))
        await asyncio.gather(*(blow(http, queue) for queue in queues))
        final = dict(zip(forum.posts, expected(forum, queues), strict=True))
        assert await witness.has_seen(final), (witness.counts, final)
        watching.cancel()
    own = sum(forum.authors[vote.post] == vote.user for queue in queues for vote in queue)
    assert own > 0
    assert outcomes == {"CastVotePayload": VOTES - own, "NotPermitted": own}
    assert all(versions == sorted(versions) for versions in witness.versions.values())
    rows = await database.fetch("SELECT id, version FROM post ORDER BY id")
    assert [row["version"] for row in rows] == [witness.versions[post][-1] for post in forum.posts]
    assert [finding for finding in [finding async for finding in audit.check()] if finding.offenders] == []
