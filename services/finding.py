"""Finding: which threads, tags and users a list is about, as row sets to be ordered and paged."""

from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

import models
from models import PostKind, PostState
from services.permissions import visible_threads
from services.text import folded, look, searchable

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


def threads(viewer: models.User | None, criteria: ThreadCriteria) -> QuerySet[models.Thread]:
    """The visible threads that meet all `criteria`. A name that nothing has finds nothing."""
    found = visible_threads(viewer)
    if criteria.category is not None:
        found = found.filter(in_category(category_path(criteria.category)))
    for tag in criteria.all_tags or ():
        found = found.filter(Q(id__in=_tagged((tag,))))
    if criteria.any_tag is not None:
        found = found.filter(Q(id__in=_tagged(criteria.any_tag)))
    if criteria.no_tag is not None:
        found = found.filter(Q(id__not_in=_tagged(criteria.no_tag)))
    if criteria.author is not None:
        found = found.filter(author__name_key=_name_key(criteria.author))
    if criteria.answered is not None:
        found = found.filter(answer_count__gt=0) if criteria.answered else found.filter(answer_count=0)
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


def user_named(name: str) -> Q:
    """The user whose name looks like this."""
    return Q(name_key=_name_key(name))


def tag_name(name: str) -> str:
    """`name` as tags and their synonyms are kept."""
    return searchable(name, _MOST_TAG_NAME, str.lower)


def category_path(path: str) -> str:
    """`path` as categories keep it."""
    return searchable(path.strip("/"), _MOST_PATH)


def in_category(path: str) -> Q:
    """Threads in the category at `path` or below it."""
    below = models.Category.filter(Q(path=path) | Q(path__startswith=f"{path}/"))
    return Q(category_id__in=Subquery(below.values("id")))


def with_tag(tag_id: int) -> Q:
    """Threads that carry a tag."""
    return Q(id__in=Subquery(models.ThreadTag.filter(tag_id=tag_id).values("thread_id")))


def tags(beginning: str) -> QuerySet[models.Tag]:
    """The tags whose names begin with `beginning`, which may be nothing."""
    return models.Tag.filter(name__startswith=tag_name(beginning)) if beginning else models.Tag.all()


async def tag_named(name: str) -> models.Tag | None:
    """The tag that is called `name`, or that has it as a synonym."""
    return await models.Tag.filter(Q(name=tag_name(name)) | Q(synonyms__name=tag_name(name))).first()


def users(beginning: str) -> QuerySet[models.User]:
    """The users whose names begin with `beginning`, which may be nothing, without regard to case."""
    if not beginning:
        return models.User.all()
    return models.User.filter(name_folded__startswith=searchable(beginning, _MOST_NAME, folded))


def _name_key(name: str) -> str:
    return searchable(name, _MOST_NAME, look)


def _tagged(names: tuple[str, ...]) -> Subquery:
    """The ids of the threads that carry one of these tags, or a tag that has one of these synonyms."""
    wanted = [tag_name(name) for name in names]
    tag_ids = models.Tag.filter(
        Q(name__in=wanted) | Q(id__in=Subquery(models.TagSynonym.filter(name__in=wanted).values("tag_id")))
    )
    return Subquery(models.ThreadTag.filter(tag_id__in=Subquery(tag_ids.values("id"))).values("thread_id"))


def _having(wanted: bool, **answer: object) -> Q:
    """Threads with, or without, a visible answer like this."""
    answers = models.Post.filter(kind=PostKind.ANSWER, state=PostState.VISIBLE, **answer)
    threads = Subquery(answers.values("thread_id"))
    return Q(id__in=threads) if wanted else Q(id__not_in=threads)
