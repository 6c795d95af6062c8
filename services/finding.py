"""Finding: which threads, tags, users and lines of the log a list is about, as row sets to be ordered and paged."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

import models
from models import ModerationDeed, PostKind, PostState
from models.category import MAX_DEPTH
from models.conditions import Among, Exists, OfOne, Within
from services.actors import Actor
from services.text import folded, look, searchable
from services.visibility import visible_posts, visible_threads

# The widths of the columns: Tortoise refuses to look for what is longer.
_MOST_NAME = 240
_MOST_TAG_NAME = 80
_MOST_PATH = 803


@dataclass(frozen=True)
class ThreadCriteria:
    """What threads are looked for; None asks nothing. Fields are those of the contract's ThreadFilter."""

    category: str | None = None
    all_tags: tuple[str, ...] | None = None
    any_tag: tuple[str, ...] | None = None
    no_tag: tuple[str, ...] | None = None
    author: str | None = None
    answered: bool | None = None
    has_best_answer: bool | None = None
    has_upvoted_answer: bool | None = None
    closed: bool | None = None
    min_score: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def threads(viewer: Actor, criteria: ThreadCriteria) -> QuerySet[models.Thread]:
    """The visible threads that meet all `criteria`. A name that nothing has finds nothing.

    An author's threads are few, and a tag's not many: reading begins with them, whatever the order. All else walks
    along the index of the order, which holds what these criteria look at (see `models.Thread`).
    """
    found = visible_threads(viewer)
    if criteria.author is not None:
        found = found.filter(OfOne("author_id", models.User.filter(user_named(criteria.author))))
    has_first = criteria.author is not None
    for tags in [*((tag,) for tag in criteria.all_tags or ()), *([criteria.any_tag] if criteria.any_tag else [])]:
        links = _links(tags)
        found = found.filter(Exists(links, "thread_id") if has_first else Among("id", links, "thread_id"))
        has_first = True
    if criteria.any_tag == ():
        found = found.filter(id__in=[])
    if criteria.no_tag:
        found = found.filter(Exists(_links(criteria.no_tag), "thread_id", wanted=False))
    if criteria.category is not None:
        found = found.filter(Within("category_id", _down_from("path", category_path(criteria.category))))
    if criteria.answered is not None:
        found = found.filter(answer_count__gt=0) if criteria.answered else found.filter(answer_count__lt=1)
    if criteria.has_best_answer is not None:
        found = found.filter(_having(criteria.has_best_answer, is_best=True))
    if criteria.has_upvoted_answer is not None:
        found = found.filter(_having(criteria.has_upvoted_answer, score__gt=0))
    if criteria.closed is not None:
        found = found.filter(closed_at__isnull=not criteria.closed)
    if criteria.min_score is not None:
        found = found.filter(score__gte=criteria.min_score)
    if criteria.since is not None:
        found = found.filter(created_at__gte=criteria.since)
    if criteria.until is not None:
        found = found.filter(created_at__lt=criteria.until)
    return found


@dataclass(frozen=True)
class LogCriteria:
    """Which lines of the log of moderation are looked for; None asks nothing."""

    deeds: tuple[ModerationDeed, ...] | None = None
    by: str | None = None
    user: str | None = None
    thread_id: int | None = None
    post_id: int | None = None


def log_entries(viewer: Actor, criteria: LogCriteria) -> QuerySet[models.ModerationEntry]:
    """The lines that meet all `criteria`. A thread or a post that `viewer` may not see has none for them."""
    found = models.ModerationEntry.all()
    if criteria.deeds is not None:
        found = found.filter(deed__in=criteria.deeds)
    for column, name in (("by_id", criteria.by), ("user_id", criteria.user)):
        if name is not None:
            found = found.filter(OfOne(column, models.User.filter(user_named(name))))
    if criteria.thread_id is not None:
        found = found.filter(OfOne("thread_id", visible_threads(viewer).filter(id=criteria.thread_id)))
    if criteria.post_id is not None:
        found = found.filter(OfOne("post_id", visible_posts(viewer).filter(id=criteria.post_id)))
    return found


def user_named(name: str) -> Q:
    """The user whose name looks like this."""
    return Q(name_key=name_key(name))


def name_key(name: str) -> str:
    """`name` as users are looked up by it: what looks alike is alike."""
    return searchable(name, _MOST_NAME, look)


def tag_name(name: str) -> str:
    """`name` as tags and their synonyms are kept."""
    return searchable(name, _MOST_TAG_NAME, str.lower)


def category_path(path: str) -> str:
    """`path` as categories keep it."""
    return searchable(path.strip("/"), _MOST_PATH)


def in_category(category_id: Any) -> Q:
    """Threads in the category of that id or below it."""
    return Within("category_id", _down_from("id", category_id))


def categories_from(category_id: int) -> QuerySet[models.Category]:
    """The category of that id, and all below it."""
    return _down_from("id", category_id)


def with_tag(tag_id: Any) -> Q:
    """Threads that carry the tag of that id."""
    return Among("id", models.ThreadTag.filter(tag_id=tag_id), "thread_id")


def tags(beginning: str) -> QuerySet[models.Tag]:
    """The tags whose names begin with `beginning`, which may be nothing."""
    return models.Tag.filter(name__startswith=tag_name(beginning)) if beginning else models.Tag.all()


def tags_named(name: str) -> QuerySet[models.Tag]:
    """The tag that is called `name` (in the form of `tag_name`), or that has it as a synonym."""
    return models.Tag.filter(Q(name=name) | OfOne("id", models.TagSynonym.filter(name=name), "tag_id"))


def users(beginning: str) -> QuerySet[models.User]:
    """The users whose names begin with `beginning`, which may be nothing, without regard to case."""
    if not beginning:
        return models.User.all()
    return models.User.filter(name_folded__startswith=searchable(beginning, _MOST_NAME, folded))


def _links(names: tuple[str, ...]) -> QuerySet[models.ThreadTag]:
    """The links of threads with the tags of these names or synonyms."""
    wanted = [tag_name(name) for name in names]
    synonyms = models.TagSynonym.filter(name__in=wanted)
    tags = models.Tag.filter(Q(name__in=wanted) | Among("id", synonyms, "tag_id"))
    return models.ThreadTag.filter(Among("tag_id", tags))


def _down_from(column: str, value: Any) -> QuerySet[models.Category]:
    """The category whose `column` has that value, and all below it."""
    ways_up = ["parent__" * steps + column for steps in range(MAX_DEPTH)]
    return models.Category.filter(Q(*(Q(**{way: value}) for way in ways_up), join_type=Q.OR))


def _having(wanted: bool, **answer: object) -> Q:
    """Threads with, or without, a visible answer like this."""
    answers = models.Post.filter(kind=PostKind.ANSWER, state=PostState.VISIBLE, **answer)
    return Exists(answers, "thread_id", wanted=wanted)
