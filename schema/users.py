"""Users: who they are, what they wrote, and the viewer."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET, Parent

import models
from models import PostKind
from schema.connections import After, Before, Connection, First, Last, connection
from schema.context import Info
from schema.enums import AnswerOrder, ThreadOrder, UserLevel, UserOrder
from schema.loaders import Listing
from schema.nodes import Node
from schema.points import POINTS_OF_USER, POINTS_ORDER, PointsEntry
from schema.posts import Answer
from schema.scalars import HTML
from schema.threads import Ordered, Thread
from services import finding, points

USERS = Listing("users", models.User, lambda _, beginning: finding.users(beginning))
THREADS_OF_USER = Listing(
    "threads of user", models.Thread, lambda loaders, user_id: loaders.threads.filter(author_id=user_id)
)
ANSWERS_OF_USER = Listing(
    "answers of user",
    models.Post,
    lambda loaders, user_id: loaders.posts.filter(author_id=user_id, kind=PostKind.ANSWER),
)


@strawberry.type(description="A person with an account.")
class User(Node):
    name: str = strawberry.field(description="Unique, without regard to case and to letters that look alike.")
    about: str | None = strawberry.field(description="What the user says about themselves, in Markdown.")
    about_html: HTML | None = strawberry.field(description="The same, rendered.")
    location: str | None = strawberry.field(description="Where the user lives, in their own words.")
    website: str | None = strawberry.field(description="The user's own page.")
    avatar_url: str | None = strawberry.field(description="A picture of the user.")
    created_at: datetime = strawberry.field(description="When the user joined.")
    level: UserLevel = strawberry.field(description="How far the user is trusted.")
    points: int = strawberry.field(description="What the user has earned: the sum of the points history.")

    @strawberry.field(description="The title that the user's points have earned.")
    @staticmethod
    def title(user: Parent[models.User]) -> str | None:
        return points.title(user.points)

    @strawberry.field(description="Points as a site shows them: 6.7k.")
    @staticmethod
    def points_compact(user: Parent[models.User]) -> str:
        return points.compact(user.points)

    @strawberry.field(description="1 for the most points; users with equal points share a rank.")
    @staticmethod
    async def rank(user: Parent[models.User], info: Info) -> int:
        return await info.context.loaders.rank_by_points.load(user.points)

    @strawberry.field(description="Every change of the points, newest first; their amounts add up to points.")
    @staticmethod
    def points_history(
        user: Parent[models.User],
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[PointsEntry]:
        return connection(POINTS_OF_USER, user.id, POINTS_ORDER, first, after, last, before)

    @strawberry.field(description="Visible questions asked.")
    @staticmethod
    async def question_count(user: Parent[models.User], info: Info) -> int:
        return (await info.context.loaders.post_counts_by_user.load(user.id)).questions

    @strawberry.field(description="Visible answers given.")
    @staticmethod
    async def answer_count(user: Parent[models.User], info: Info) -> int:
        return (await info.context.loaders.post_counts_by_user.load(user.id)).answers

    @strawberry.field(description="Visible comments made.")
    @staticmethod
    async def comment_count(user: Parent[models.User], info: Info) -> int:
        return (await info.context.loaders.post_counts_by_user.load(user.id)).comments

    @strawberry.field(description="Visible answers chosen as best.")
    @staticmethod
    async def best_answer_count(user: Parent[models.User], info: Info) -> int:
        return (await info.context.loaders.post_counts_by_user.load(user.id)).best_answers

    @strawberry.field(description="The threads that the user asked.")
    @staticmethod
    def threads(
        user: Parent[models.User],
        order_by: Ordered = ThreadOrder.NEWEST,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Thread]:
        return connection(THREADS_OF_USER, user.id, order_by.value, first, after, last, before)

    @strawberry.field(description="The answers that the user gave.")
    @staticmethod
    def answers(
        user: Parent[models.User],
        order_by: Annotated[AnswerOrder, strawberry.argument(description="Which come first.")] = AnswerOrder.NEWEST,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Answer]:
        return connection(ANSWERS_OF_USER, user.id, order_by.value, first, after, last, before)


@strawberry.type(description="The signed-in user, with what only they may see.")
class Viewer:
    row: strawberry.Private[models.User]

    @strawberry.field(description="The user.")
    async def user(self, info: Info) -> User:
        # Read again: since the row was read to see who is looking, a deed may have changed it.
        return User.of(await info.context.loaders.user_by_id.load(self.row.id) or self.row)

    @strawberry.field(description="The address that the account was made with.")
    def email(self) -> str:
        return self.row.email or ""

    @strawberry.field(description="Whether the address is known to be the user's.")
    def email_confirmed(self) -> bool:
        return self.row.email_confirmed_at is not None


@strawberry.type
class UserQueries:
    @strawberry.field(description="Null for a visitor.")
    def viewer(self, info: Info) -> Viewer | None:
        return Viewer(row=info.context.viewer) if info.context.viewer is not None else None

    @strawberry.field(description="The user of this name, without regard to case.")
    async def user(self, name: Annotated[str, strawberry.argument(description="The user's name.")]) -> User | None:
        return User.of(await models.User.get_or_none(finding.user_named(name)))

    @strawberry.field(description="Users, most points first unless another order is asked for.")
    def users(
        self,
        query: Annotated[
            str | None, strawberry.argument(description="How their names begin; null for all of them.")
        ] = UNSET,
        order_by: Annotated[UserOrder, strawberry.argument(description="Which come first.")] = UserOrder.POINTS,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[User]:
        return connection(USERS, query or "", order_by.value, first, after, last, before)
