"""What the rules look at: in a thread, in a post with its thread, and in a user."""

from datetime import datetime
from typing import Any, NamedTuple

import models
from models import HiddenBy, PostKind, PostState, UserLevel


class ThreadFacts(NamedTuple):
    """What the rules look at in a thread."""

    author_id: int | None
    writer_key: str | None
    state: PostState
    category_id: int | None
    closed_at: datetime | None
    closed_by_id: int | None

    @classmethod
    def of(cls, thread: models.Thread) -> "ThreadFacts":
        """The thread's."""
        return cls(*(getattr(thread, name) for name in cls._fields))


class PostFacts(NamedTuple):
    """What the rules look at in a post, and in its thread."""

    kind: PostKind
    author_id: int | None
    writer_key: str | None
    state: PostState
    is_buried: bool
    hidden_by: HiddenBy | None
    flag_count: int
    child_count: int
    category_id: int | None
    closed_at: datetime | None
    closed_by_id: int | None
    duplicate_count: int

    @classmethod
    def of(cls, post: models.Post, thread: models.Thread) -> "PostFacts":
        """All of them."""
        return cls(*(getattr(thread if name in OF_ITS_THREAD else post, name) for name in cls._fields))

    @classmethod
    def of_alone(cls, post: models.Post) -> "PostFacts":
        """Those of the post itself, which are all that voting looks at: its thread's are as of an open one."""
        values: list[Any] = [None if name in OF_ITS_THREAD else getattr(post, name) for name in cls._fields]
        return cls(*values)


#: Which of a post's facts are its thread's.
OF_ITS_THREAD = frozenset({"category_id", "closed_at", "closed_by_id", "duplicate_count"})


class UserFacts(NamedTuple):
    """What the rules look at in a user whom somebody would do something about."""

    id: int
    level: UserLevel
    blocked_at: datetime | None

    @classmethod
    def of(cls, user: models.User) -> "UserFacts":
        """The user's."""
        return cls(*(getattr(user, name) for name in cls._fields))
