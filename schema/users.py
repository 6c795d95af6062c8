"""Users: who they are, what they wrote, and the viewer."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

import models
from models import PostKind
from planner.sources import Listing, view_of
from planner.sources import Viewer as Looking
from planner.values import Memo
from schema.connections import Connection
from schema.enums import AnswerOrder, ThreadOrder, UserAction, UserLevel, UserOrder
from schema.errors import Permission
from schema.fields import batch, one, pages, pure, same
from schema.nodes import Node, OfRow
from schema.points import POINTS_OF_USER, POINTS_ORDER, PointsEntry
from schema.posts import Answer
from schema.scalars import HTML
from schema.threads import Thread
from services import finding
from services.permissions import UserFacts, user_permission
from services.points import compact, title_earned
from services.visibility import visible_posts, visible_threads

USERS = Listing("users", models.User, lambda _, beginning: finding.users(beginning), by_value=True)
USER_BY_NAME = Listing("user by name", models.User, lambda _, name_key: models.User.filter(name_key=name_key))
USER_BY_ID = Listing("user by id", models.User, lambda _, user_id: models.User.filter(id=user_id))
THREADS_OF_USER = Listing(
    "threads of user", models.Thread, lambda viewer, user_id: visible_threads(viewer).filter(author_id=user_id)
)
ANSWERS_OF_USER = Listing(
    "answers of user",
    models.Post,
    lambda viewer, user_id: visible_posts(viewer).filter(author_id=user_id, kind=PostKind.ANSWER),
)


def _is_blocked(blocked_at: datetime | None) -> bool:
    return blocked_at is not None


def _permission(
    viewer: Looking,
    facts: UserFacts,
    action: Annotated[UserAction, strawberry.argument(description="What the viewer would do.")],
) -> Permission:
    return Permission.of(user_permission(viewer, facts, action))


@strawberry.type(description="A person with an account.")
@view_of(models.User)
class User(Node):
    name: str = strawberry.field(description="Unique, without regard to case and to letters that look alike.")
    about: str | None = strawberry.field(description="What the user says about themselves, in Markdown.")
    about_html: HTML | None = strawberry.field(description="The same, rendered.")
    location: str | None = strawberry.field(description="Where the user lives, in their own words.")
    website: str | None = strawberry.field(description="The user's own page.")
    avatar_url: str | None = strawberry.field(description="A picture of the user.")
    created_at: datetime = strawberry.field(description="When the user joined.")
    level: UserLevel = strawberry.field(description="How far the user is trusted.")
    is_blocked: bool = pure(_is_blocked, "blocked_at", description="Whether the user may read only.")
    points: int = strawberry.field(description="What the user has earned: the sum of the points history.")
    title: str | None = pure(title_earned, "points", description="The title that the user's points have earned.")
    points_compact: str = pure(Memo(compact), "points", description="Points as a site shows them: 6.7k.")
    rank: int = batch(
        "rank_by_points", "points", description="1 for the most points; users with equal points share a rank."
    )
    points_history: Connection[PointsEntry] = pages(
        POINTS_OF_USER,
        POINTS_ORDER,
        description="Every change of the points, newest first; their amounts add up to points.",
    )
    question_count: int = batch("post_counts_by_user", "id", pick="questions", description="Visible questions asked.")
    answer_count: int = batch("post_counts_by_user", "id", pick="answers", description="Visible answers given.")
    comment_count: int = batch("post_counts_by_user", "id", pick="comments", description="Visible comments made.")
    best_answer_count: int = batch(
        "post_counts_by_user", "id", pick="best_answers", description="Visible answers chosen as best."
    )
    threads: Connection[Thread] = pages(
        THREADS_OF_USER, ThreadOrder.NEWEST, description="The threads that the user asked."
    )
    answers: Connection[Answer] = pages(
        ANSWERS_OF_USER, AnswerOrder.NEWEST, description="The answers that the user gave."
    )
    viewer_can: Permission = pure(
        _permission,
        *UserFacts._fields,
        viewer=True,
        facts=UserFacts,
        description="Whether the viewer may do this about the user, and if not, why.",
    )


def _email(email: str | None) -> str:
    return email or ""


def _is_confirmed(email_confirmed_at: datetime | None) -> bool:
    return email_confirmed_at is not None


@strawberry.type(description="The signed-in user, with what only they may see.")
@view_of(models.User)
class Viewer(OfRow):
    user: User = same(description="The user.")
    email: str = pure(_email, "email", description="The address that the account was made with.")
    email_confirmed: bool = pure(
        _is_confirmed, "email_confirmed_at", description="Whether the address is known to be the user's."
    )


def _viewer(viewer: Looking) -> int | None:
    return None if viewer is None else viewer.id


def _name_key(_: Looking, name: Annotated[str, strawberry.argument(description="The user's name.")]) -> str:
    return finding.name_key(name)


def _beginning(
    _: Looking,
    query: Annotated[
        str | None, strawberry.argument(description="How their names begin; null for all of them.")
    ] = UNSET,
) -> str:
    return query or ""


@strawberry.type
class UserQueries:
    viewer: Viewer | None = one(USER_BY_ID, _viewer, description="Null for a visitor.")
    user: User | None = one(USER_BY_NAME, _name_key, description="The user of this name, without regard to case.")
    users: Connection[User] = pages(
        USERS, UserOrder.POINTS, _beginning, description="Users, most points first unless another order is asked for."
    )
