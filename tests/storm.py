"""A storm of votes over real HTTP, by connections that do so little that what blows is the server's."""

import random
from asyncio import StreamReader, StreamWriter, open_connection
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx2
import orjson
from clients import Client

import models
from models import PointsReason, VoteValue
from models.database import transaction
from schema.nodes import global_id
from services import accounts, clock, points, posting
from services.points import Payment
from services.posting import Asked

CONNECTIONS = 50
#: What a client sends of its vote: no more than it needs, so that the storm is the server's.
CAST = "mutation ($id: ID!, $value: VoteValue!) { castVote(input: {postId: $id, value: $value}) { __typename } }"
COUNTED = {VoteValue.UP: (1, 0), VoteValue.DOWN: (0, 1), VoteValue.NONE: (0, 0)}


@dataclass(frozen=True)
class Vote:
    """That somebody sets their vote on a post."""

    user: int
    post: int
    value: VoteValue


class Answered(NamedTuple):
    """What came back."""

    status: int
    headers: bytes
    content: Any
    length: int


@dataclass
class Connection:
    """One HTTP connection that stays open. It does so little that what blows is the server's storm."""

    reader: StreamReader
    writer: StreamWriter

    @classmethod
    @asynccontextmanager
    async def to(cls, address: httpx2.URL) -> AsyncIterator["Connection"]:
        reader, writer = await open_connection(address.host, address.port)
        try:
            yield cls(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def send(self, token: str, body: bytes) -> "Answered":
        """Whatever is answered to an operation of the user with this token."""
        head = (
            f"POST /graphql HTTP/1.1\r\nhost: storm\r\nauthorization: Bearer {token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)
        answered = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        _, _, length = answered.partition(b"content-length: ")
        answer = await self.reader.readexactly(int(length.split()[0]))
        return Answered(int(answered[9:12]), answered, orjson.loads(answer), len(answer))

    async def post(self, token: str, body: bytes) -> dict[str, Any]:
        """The data of an operation of the user with this token."""
        answered = await self.send(token, body)
        assert (answered.status, "errors" in answered.content) == (200, False), answered
        data: dict[str, Any] = answered.content["data"]
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
        data = await connection.post(self.tokens[vote.user], self.body(vote))
        return str(data["castVote"]["__typename"])

    async def try_to_cast(self, connection: Connection, vote: Vote) -> Answered:
        """Send a vote; whatever comes back."""
        return await connection.send(self.tokens[vote.user], self.body(vote))

    def body(self, vote: Vote) -> bytes:
        """What is sent to cast a vote."""
        variables = {"id": self.posts[vote.post], "value": vote.value.name}
        return orjson.dumps({"query": CAST, "variables": variables})

    async def counted(self, http: httpx2.AsyncClient, votes: Sequence[Vote]) -> bool:
        """Whether each of these, the only ones of their voters on their posts, is there."""
        for user in {vote.user for vote in votes}:
            mine = {self.posts[vote.post]: vote.value.name for vote in votes if vote.user == user}
            found = (await Client(http, self.tokens[user]).run("viewer_votes", ids=sorted(mine)))["nodes"]
            if {post["id"]: post["viewerVote"] for post in found} != mine:
                return False
        return True


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
