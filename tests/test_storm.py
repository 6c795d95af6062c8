"""The storm: everybody votes at once, over real HTTP, and nothing is lost, counted twice or told wrong."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson
import pytest
from clients import Client, Socket
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
class Connection:
    """One HTTP connection that stays open. It does so little that what blows is the server's storm."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    @asynccontextmanager
    async def to(cls, address: httpx2.URL) -> AsyncIterator["Connection"]:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        try:
            yield cls(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def post(self, token: str, body: bytes) -> dict[str, Any]:
        """The answer to an operation of the user with this token."""
        head = (
            f"POST /graphql HTTP/1.1\r\nhost: storm\r\nauthorization: Bearer {token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)
        answered = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        _, _, length = answered.partition(b"content-length: ")
        answer = orjson.loads(await self.reader.readexactly(int(length.split()[0])))
        assert (answered[:12], "errors" in answer) == (b"http/1.1 200", False), (answered, answer)
        data: dict[str, Any] = answer["data"]
        return data


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

    async def cast(self, connection: Connection, vote: Vote) -> str:
        """Send a vote; the type of what it came to. Anything but an answer fails."""
        variables = {"id": self.posts[vote.post], "value": vote.value.name}
        data = await connection.post(self.tokens[vote.user], orjson.dumps({"query": CAST, "variables": variables}))
        return str(data["castVote"]["__typename"])


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
async def forum_url(any_url: str) -> str:
    """A migrated database of either kind, of this test alone: the storm goes over both."""
    await connect(any_url)
    await migrating.migrate(lambda name: None)
    await disconnect()
    return any_url


async def test_nothing_is_lost_in_a_storm(visitor: Client) -> None:
    forum = await filled(users=200)
    queues = forum.storm(VOTES, seed=1)
    outcomes: Counter[str] = Counter()
    witness = Witness()

    async def blow(votes: Sequence[Vote]) -> None:
        async with Connection.to(visitor.http.base_url) as connection:
            for vote in votes:
                outcomes[await forum.cast(connection, vote)] += 1

    async with visitor.socket() as socket:
        await socket.subscribe("watch_votes", postIds=forum.posts)
        watching = asyncio.create_task(witness.watch(socket))
        try:
            async with asyncio.TaskGroup() as connections:
                for queue in queues:
                    connections.create_task(blow(queue))
            final = dict(zip(forum.posts, expected(forum, queues), strict=True))
            assert await witness.has_seen(final), (witness.counts, final)
            assert not watching.done()
        finally:
            watching.cancel()
    own = sum(forum.authors[vote.post] == vote.user for queue in queues for vote in queue)
    assert own > 0
    assert outcomes == {"CastVotePayload": VOTES - own, "NotPermitted": own}
    assert all(versions == sorted(versions) for versions in witness.versions.values())
    rows = await database.fetch("SELECT id, version FROM post ORDER BY id")
    assert [row["version"] for row in rows] == [witness.versions[post][-1] for post in forum.posts]
    assert [finding for finding in [finding async for finding in audit.check()] if finding.offenders] == []


async def test_every_answered_vote_outlives_a_server_that_is_killed(sqlite_url: str) -> None:
    await connect(sqlite_url)
    await migrating.migrate(lambda name: None)
    forum = await filled(users=60)
    await disconnect()
    votes = [Vote(user, post, VoteValue.UP) for user in range(8, 60) for post in range(len(forum.posts))]
    random.Random(2).shuffle(votes)
    answered: list[Vote] = []
    async with serving(sqlite_url) as (process, http):

        async def blow(votes: Sequence[Vote]) -> None:
            async with Connection.to(http.base_url) as connection:
                for vote in votes:
                    assert await forum.cast(connection, vote) == "CastVotePayload"
                    answered.append(vote)
                    if len(answered) == 200:
                        process.kill()

        blown = await asyncio.gather(*(blow(votes[place::10]) for place in range(10)), return_exceptions=True)
        assert all(isinstance(each, OSError | EOFError) for each in blown), blown
    assert len(answered) >= 200
    async with serving(sqlite_url) as (_, http):
        for user in {vote.user for vote in answered}:
            mine = {forum.posts[vote.post] for vote in answered if vote.user == user}
            posts = (await Client(http, forum.tokens[user]).run("viewer_votes", ids=sorted(mine)))["nodes"]
            assert {(post["id"], post["viewerVote"]) for post in posts} == {(post, "UP") for post in mine}
    checked = await asyncio.to_thread(qa, sqlite_url, "check")
    assert (checked.status, checked.errors) == (0, "")
