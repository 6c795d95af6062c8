"""Finding: which threads, tags and users a list is about, as row sets to be ordered and paged."""

from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

import models
from models import PostKind, PostState
from services.permissions import visible_threads
from services.text import folded, look, searchable


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
        found = found.filter(in_category(searchable(criteria.category).strip("/")))
    for tag in criteria.all_tags or ():
        found = found.filter(Q(id__in=_tagged((tag,))))
    if criteria.any_tag is not None:
        found = found.filter(Q(id__in=_tagged(criteria.any_tag)))
    if criteria.no_tag is not None:
        found = found.filter(Q(id__not_in=_tagged(criteria.no_tag)))
    if criteria.author is not None:
        found = found.filter(author__name_key=look(searchable(criteria.author)))
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


def in_category(path: str) -> Q:
    """Threads in the category at `path` or below it."""
    below = models.Category.filter(Q(path=path) | Q(path__startswith=f"{path}/"))
    return Q(category_id__in=Subquery(below.values("id")))


def with_tag(tag_id: int) -> Q:
    """Threads that carry a tag."""
    return Q(id__in=Subquery(models.ThreadTag.filter(tag_id=tag_id).values("thread_id")))


def tags(beginning: str) -> QuerySet[models.Tag]:
    """The tags whose names begin with `beginning`, which may be nothing."""
    return models.Tag.filter(name__startswith=searchable(beginning).lower()) if beginning else models.Tag.all()


def users(beginning: str) -> QuerySet[models.User]:
    """The users whose names begin with `beginning`, which may be nothing, without regard to case."""
    return models.User.filter(name_folded__startswith=folded(searchable(beginning))) if beginning else models.User.all()


def _tagged(names: tuple[str, ...]) -> Subquery:
    """The ids of the threads that carry one of these tags, or a tag that has one of these synonyms."""
    wanted = [searchable(name).lower() for name in names]
    tag_ids = models.Tag.filter(
        Q(name__in=wanted) | Q(id__in=Subquery(models.TagSynonym.filter(name__in=wanted).values("tag_id")))
    )
    return Subquery(models.ThreadTag.filter(tag_id__in=Subquery(tag_ids.values("id"))).values("thread_id"))


def _having(wanted: bool, **answer: object) -> Q:
    """Threads with, or without, a visible answer like this."""
    answers = models.Post.filter(kind=PostKind.ANSWER, state=PostState.VISIBLE, **answer)
    threads = Subquery(answers.values("thread_id"))
    return Q(id__in=threads) if wanted else Q(id__not_in=threads)
