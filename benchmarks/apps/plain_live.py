"""Live votes in Strawberry with Tortoise's models, as the documentation of each shows it: every listener has an
asynchronous generator and a queue, and reads the post anew when it changed."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import strawberry
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from tortoise.expressions import F
from tortoise.transactions import in_transaction

import models
from benchmarks.apps.plain_strawberry import Info, VoteValue, WithViewer, lifespan
from benchmarks.pages import key_of, post_id

_listeners: dict[int, set[asyncio.Queue[int]]] = defaultdict(set)


@strawberry.type
class Post:
    """A post and its votes."""

    row: strawberry.Private[models.Post]
    id: strawberry.ID
    score: int
    up_votes: int
    down_votes: int
    version: int

    @classmethod
    async def read(cls, key: int) -> "Post":
        """The post as it is now."""
        row = await models.Post.get(id=key, is_buried=False, state="visible")
        return cls(
            row=row,
            id=strawberry.ID(post_id(row.id)),
            score=row.score,
            up_votes=row.up_votes,
            down_votes=row.down_votes,
            version=row.version,
        )

    @strawberry.field
    async def viewer_vote(self, info: Info) -> VoteValue:
        return VoteValue(await info.context["loaders"].vote.load(self.row.id))


@strawberry.input
class CastVoteInput:
    """A vote."""

    post_id: strawberry.ID
    value: VoteValue


@strawberry.type
class CastVotePayload:
    """What became of a vote."""

    post: Post


@strawberry.type
class Query:
    """What can be read."""

    @strawberry.field
    async def post(self, id: strawberry.ID) -> Post:
        return await Post.read(key_of(id))


@strawberry.type
class Mutation:
    """What can be done."""

    @strawberry.mutation
    async def cast_vote(self, info: Info, input: CastVoteInput) -> CastVotePayload:
        voter, key, value = info.context["viewer"], key_of(input.post_id), input.value.value
        now = datetime.now(UTC)
        async with in_transaction():
            vote = await models.Vote.get_or_none(user_id=voter.id, post_id=key)
            before = vote.value if vote else 0
            if vote is None:
                await models.Vote.create(user_id=voter.id, post_id=key, value=value, created_at=now, updated_at=now)
            else:
                vote.value, vote.updated_at = value, now
                await vote.save(update_fields=["value", "updated_at"])
            await models.Post.filter(id=key).update(
                up_votes=F("up_votes") + ((value == 1) - (before == 1)),
                down_votes=F("down_votes") + ((value == -1) - (before == -1)),
                score=F("score") + (value - before),
                version=F("version") + 1,
            )
            post = await Post.read(key)
        for queue in _listeners[key]:
            queue.put_nowait(key)
        return CastVotePayload(post=post)


@strawberry.type
class Subscription:
    """What can be watched."""

    @strawberry.subscription
    async def votes_changed(self, post_ids: list[strawberry.ID]) -> AsyncGenerator[Post, None]:
        keys = [key_of(each) for each in post_ids]
        queue: asyncio.Queue[int] = asyncio.Queue()
        for key in keys:
            _listeners[key].add(queue)
        try:
            for key in keys:
                yield await Post.read(key)
            while True:
                yield await Post.read(await queue.get())
        finally:
            for key in keys:
                _listeners[key].discard(queue)


endpoint = WithViewer(strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription))
app = Starlette(routes=[Route("/graphql", endpoint), WebSocketRoute("/graphql", endpoint)], lifespan=lifespan)
