"""The pages in Strawberry with Tortoise's models and dataloaders, as the documentation of each shows it."""

import base64
import hashlib
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any

import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from tortoise import Tortoise

import models
from models.database import configuration
from schema.scalars import HTML, SCALARS
from services import points

#: Tortoise's own engines: ours would be faster, but are not documented anywhere.
_ENGINES = {"sqlite": "tortoise.backends.sqlite", "postgres": "tortoise.backends.asyncpg"}


class Loaders:
    """The dataloaders of one request."""

    def __init__(self, viewer: models.User | None) -> None:
        self._viewer = viewer
        self.user = DataLoader(load_fn=self._users)
        self.category = DataLoader(load_fn=self._categories)
        self.tags = DataLoader(load_fn=self._tags)
        self.question = DataLoader(load_fn=self._questions)
        self.comments = DataLoader(load_fn=self._comments)
        self.vote = DataLoader(load_fn=self._votes)

    async def _users(self, keys: list[int]) -> list[models.User]:
        found = await models.User.in_bulk(keys, "id")
        return [found[key] for key in keys]

    async def _categories(self, keys: list[int]) -> list[models.Category]:
        found = await models.Category.in_bulk(keys, "id")
        return [found[key] for key in keys]

    async def _tags(self, keys: list[int]) -> list[list[models.Tag]]:
        found = defaultdict(list)
        for link in await models.ThreadTag.filter(thread_id__in=keys).order_by("position").select_related("tag"):
            found[link.thread_id].append(link.tag)
        return [found[key] for key in keys]

    async def _questions(self, keys: list[int]) -> list[models.Post]:
        questions = await models.Post.filter(thread_id__in=keys, kind="question", is_buried=False, state="visible")
        found = {question.thread_id: question for question in questions}
        return [found[key] for key in keys]

    async def _comments(self, keys: list[int]) -> list[list[models.Post]]:
        found = defaultdict(list)
        comments = models.Post.filter(parent_id__in=keys, is_buried=False, state="visible").order_by("created_at", "id")
        for comment in await comments:
            found[comment.parent_id].append(comment)
        return [found[key] for key in keys]

    async def _votes(self, keys: list[int]) -> list[int]:
        if self._viewer is None:
            return [0 for _ in keys]
        votes = await models.Vote.filter(user_id=self._viewer.id, post_id__in=keys)
        found = {vote.post_id: vote.value for vote in votes}
        return [found.get(key, 0) for key in keys]


Info = strawberry.Info[dict[str, Any], None]


def _id(kind: str, key: int) -> strawberry.ID:
    return strawberry.ID(base64.urlsafe_b64encode(f"{kind}:{key}".encode()).rstrip(b"=").decode())


@strawberry.enum
class VoteValue(Enum):
    """A vote."""

    UP = 1
    DOWN = -1
    NONE = 0


@strawberry.enum
class ThreadOrder(Enum):
    """The order of threads."""

    NEWEST = "-created_at"


@strawberry.type
class User:
    """Who wrote a post."""

    id: strawberry.ID
    name: str
    points: int

    @strawberry.field
    def points_compact(self) -> str:
        return points.compact(self.points)


@strawberry.interface
class Post:
    """A question, an answer or a comment."""

    row: strawberry.Private[models.Post]
    id: strawberry.ID
    body_html: HTML
    created_at: datetime
    score: int

    @classmethod
    def of(cls, row: models.Post) -> Any:
        """The post that a row holds."""
        return cls(
            row=row,
            id=_id("Post", row.id),
            body_html=HTML(row.body_html),
            created_at=row.created_at,
            score=row.score,
        )

    @strawberry.field
    async def author(self, info: Info) -> User:
        row = await info.context["loaders"].user.load(self.row.author_id)
        return User(id=_id("User", row.id), name=row.name, points=row.points)

    @strawberry.field
    async def viewer_vote(self, info: Info) -> VoteValue:
        return VoteValue(await info.context["loaders"].vote.load(self.row.id))

    @strawberry.field
    async def comments(
        self, info: Info, first: int
    ) -> Annotated["CommentConnection", strawberry.lazy("benchmarks.apps.plain_strawberry")]:
        rows = await info.context["loaders"].comments.load(self.row.id)
        return CommentConnection(nodes=[Comment.of(row) for row in rows[:first]])


@strawberry.type
class Comment(Post):
    """A comment."""


@strawberry.type
class Question(Post):
    """A question."""


@strawberry.type
class Answer(Post):
    """An answer."""

    @strawberry.field
    def is_best(self) -> bool:
        return self.row.is_best


@strawberry.type
class CommentConnection:
    """Comments."""

    nodes: list[Comment]


@strawberry.type
class AnswerConnection:
    """Answers."""

    nodes: list[Answer]


@strawberry.type
class Category:
    """Where a thread belongs."""

    id: strawberry.ID
    name: str
    path: str


@strawberry.type
class Tag:
    """What a thread is about."""

    id: strawberry.ID
    name: str


@strawberry.type
class Thread:
    """A question with its answers."""

    row: strawberry.Private[models.Thread]
    id: strawberry.ID
    number: int
    title: str
    created_at: datetime
    last_activity_at: datetime
    view_count: int
    answer_count: int

    @classmethod
    def of(cls, row: models.Thread) -> "Thread":
        """The thread that a row holds."""
        return cls(
            row=row,
            id=_id("Thread", row.id),
            number=row.id,
            title=row.title,
            created_at=row.created_at,
            last_activity_at=row.last_activity_at,
            view_count=row.view_count,
            answer_count=row.answer_count,
        )

    @strawberry.field
    async def category(self, info: Info) -> Category:
        row = await info.context["loaders"].category.load(self.row.category_id)
        return Category(id=_id("Category", row.id), name=row.name, path=row.path)

    @strawberry.field
    async def tags(self, info: Info) -> list[Tag]:
        rows = await info.context["loaders"].tags.load(self.row.id)
        return [Tag(id=_id("Tag", row.id), name=row.name) for row in rows]

    @strawberry.field
    async def question(self, info: Info) -> Question:
        question: Question = Question.of(await info.context["loaders"].question.load(self.row.id))
        return question

    @strawberry.field
    async def answers(self, first: int) -> AnswerConnection:
        rows = models.Post.filter(thread_id=self.row.id, kind="answer", is_buried=False, state="visible")
        found = await rows.order_by("-is_best", "-score", "id").limit(first)
        return AnswerConnection(nodes=[Answer.of(row) for row in found])


@strawberry.type
class ThreadConnection:
    """Threads."""

    nodes: list[Thread]


@strawberry.type
class Query:
    """What can be read."""

    @strawberry.field
    async def thread(self, number: int) -> Thread | None:
        row = await models.Thread.get_or_none(id=number, state="visible")
        return Thread.of(row) if row else None

    @strawberry.field
    async def threads(self, order_by: ThreadOrder, first: int) -> ThreadConnection:
        rows = await models.Thread.filter(state="visible").order_by(order_by.value, "-id").limit(first)
        return ThreadConnection(nodes=[Thread.of(row) for row in rows])


class WithViewer(GraphQL[dict[str, Any], None]):
    """Strawberry's own ASGI view, with whose request it is in the context."""

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> dict[str, Any]:
        """The context of a request."""
        viewer = None
        if authorization := request.headers.get("authorization"):
            token_hash = hashlib.sha256(authorization[7:].encode()).hexdigest()
            session = models.Session.filter(token_hash=token_hash, expires_at__gt=datetime.now(UTC))
            found = await session.select_related("user").first()
            viewer = found.user if found else None
        return {"request": request, "response": response, "viewer": viewer, "loaders": Loaders(viewer)}


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Tortoise, for as long as the server runs."""
    settings = configuration(os.environ["DATABASE_URL"])
    settings["connections"]["default"]["engine"] = _ENGINES[os.environ["DATABASE_URL"].partition(":")[0]]
    await Tortoise.init(config=settings, _enable_global_fallback=True)
    yield
    await Tortoise.close_connections()


schema = strawberry.Schema(query=Query, types=[Question, Answer, Comment], scalar_overrides=SCALARS)
app = Starlette(routes=[Route("/graphql", WithViewer(schema))], lifespan=lifespan)
