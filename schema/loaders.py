"""Every dataloader, named for what it gives and by which key: `info.context.loaders.user_by_id`.

Loaders live for one operation and see with its viewer's eyes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from tortoise.functions import Count
from tortoise.models import Model
from tortoise.queryset import QuerySet

import models
from models import PostKind, PostState, VoteValue
from models.paging import Page, Window, counts, pages
from schema.waves import Wave, WaveLoader
from services.permissions import visible_posts, visible_revisions, visible_threads

Row = TypeVar("Row", bound=Model)
Viewer = models.User | None


class _ById(WaveLoader[int, Row | None]):
    """A row by its id."""

    def __init__(self, loaders: "Loaders", rows: QuerySet[Row]) -> None:
        super().__init__(loaders.wave)
        self._loaders = loaders
        self._rows = rows

    async def batch_load_fn(self, keys: Sequence[int]) -> list[Row | None]:
        found = {row.pk: row for row in self._loaders.noted(await self._rows.filter(pk__in=list(keys)))}
        return [found.get(key) for key in keys]


class _PostByThread(WaveLoader[int, models.Post | None]):
    """The one post of its kind in a thread: the question, or the best answer."""

    def __init__(self, loaders: "Loaders", **which: Any) -> None:
        super().__init__(loaders.wave)
        self._loaders = loaders
        self._which = which

    async def batch_load_fn(self, keys: Sequence[int]) -> list[models.Post | None]:
        rows = self._loaders.posts.filter(thread_id__in=list(keys), **self._which)
        found = {post.thread_id: post for post in self._loaders.noted(await rows)}
        return [found.get(key) for key in keys]


class _TagsByThread(WaveLoader[int, list[models.Tag]]):
    """The tags of a thread, in their order."""

    async def batch_load_fn(self, keys: Sequence[int]) -> list[list[models.Tag]]:
        links = models.ThreadTag.filter(thread_id__in=list(keys)).order_by("position", "id").select_related("tag")
        found: dict[int, list[models.Tag]] = {key: [] for key in keys}
        for link in await links:
            found[link.thread_id].append(link.tag)
        return [found[key] for key in keys]


class _SynonymsByTag(WaveLoader[int, list[str]]):
    """The other words for a tag."""

    async def batch_load_fn(self, keys: Sequence[int]) -> list[list[str]]:
        found: dict[int, list[str]] = {key: [] for key in keys}
        for synonym in await models.TagSynonym.filter(tag_id__in=list(keys)).order_by("name"):
            found[synonym.tag_id].append(synonym.name)
        return [found[key] for key in keys]


class _CategoryByPath(WaveLoader[str, models.Category | None]):
    """A category by its path."""

    async def batch_load_fn(self, keys: Sequence[str]) -> list[models.Category | None]:
        found = {category.path: category for category in await models.Category.filter(path__in=list(keys))}
        return [found.get(key) for key in keys]


class _ChildrenByCategory(WaveLoader[int, list[models.Category]]):
    """The categories right below one, in their order."""

    async def batch_load_fn(self, keys: Sequence[int]) -> list[list[models.Category]]:
        found: dict[int, list[models.Category]] = {key: [] for key in keys}
        for category in await models.Category.filter(parent_id__in=list(keys)).order_by("position", "name"):
            assert category.parent_id is not None  # noqa: S101  by the filter above
            found[category.parent_id].append(category)
        return [found[key] for key in keys]


class _VotesByThread(WaveLoader[int, dict[int, VoteValue]]):
    """The viewer's votes on all posts of a thread, by post: one statement serves question, answers and comments."""

    def __init__(self, loaders: "Loaders") -> None:
        super().__init__(loaders.wave)
        self._viewer = loaders.viewer

    async def batch_load_fn(self, keys: Sequence[int]) -> list[dict[int, VoteValue]]:
        found: dict[int, dict[int, VoteValue]] = {key: {} for key in keys}
        if self._viewer is not None:
            votes = models.Vote.filter(user_id=self._viewer.id, post__thread_id__in=list(keys))
            for post_id, thread_id, value in await votes.values_list("post_id", "post__thread_id", "value"):
                found[thread_id][post_id] = VoteValue(value)
        return [found[key] for key in keys]


class _RankByPoints(WaveLoader[int, int]):
    """The rank that so many points give: 1 and the number of users with more (Question2Answer)."""

    async def batch_load_fn(self, keys: Sequence[int]) -> list[int]:
        ahead = await counts([models.User.filter(points__gt=points) for points in keys])
        return [1 + count for count in ahead]


@dataclass(frozen=True)
class PostCounts:
    """How many visible posts of each kind a user has written."""

    questions: int = 0
    answers: int = 0
    comments: int = 0
    best_answers: int = 0


class _PostCountsByUser(WaveLoader[int, PostCounts]):
    """How much a user has written."""

    async def batch_load_fn(self, keys: Sequence[int]) -> list[PostCounts]:
        found: dict[int, dict[str, int]] = {key: {} for key in keys}
        posts = models.Post.filter(author_id__in=list(keys), state=PostState.VISIBLE)
        grouped = posts.annotate(amount=Count("id")).group_by("author_id", "kind", "is_best")
        for row in await grouped.values("author_id", "kind", "is_best", "amount"):
            counted = found[row["author_id"]]
            counted[f"{row['kind']}s"] = counted.get(f"{row['kind']}s", 0) + row["amount"]
            if row["is_best"]:
                counted["best_answers"] = row["amount"]
        return [PostCounts(**found[key]) for key in keys]


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """A list that things of one kind have: `rows(loaders, parent)` are those of one of them."""

    name: str
    model: type[Row]
    rows: Callable[["Loaders", Any], QuerySet[Row]]


class _PageByParent(WaveLoader[Any, Page[Any]]):
    """The same window of the same list of each parent."""

    def __init__(self, loaders: "Loaders", listing: Listing[Any], window: Window) -> None:
        super().__init__(loaders.wave)
        self._loaders = loaders
        self._listing = listing
        self._window = window

    async def batch_load_fn(self, keys: Sequence[Any]) -> list[Page[Any]]:
        found = await pages([self._listing.rows(self._loaders, key) for key in keys], self._window)
        for page in found:
            self._loaders.noted(page.rows)
        return found


class _CountByParent(WaveLoader[Any, int]):
    """How long the same list of each parent is."""

    def __init__(self, loaders: "Loaders", listing: Listing[Any]) -> None:
        super().__init__(loaders.wave)
        self._loaders = loaders
        self._listing = listing

    async def batch_load_fn(self, keys: Sequence[Any]) -> list[int]:
        return await counts([self._listing.rows(self._loaders, key) for key in keys])


class Loaders:
    """The loaders of one operation, each made when it is first asked for."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.wave = Wave()
        self._pages: dict[tuple[str, Window], _PageByParent] = {}
        self._counts: dict[str, _CountByParent] = {}

    @property
    def posts(self) -> QuerySet[models.Post]:
        """The posts that the viewer may see, their authors with them: who shows a post shows its author."""
        return visible_posts(self.viewer).select_related("author")

    @property
    def threads(self) -> QuerySet[models.Thread]:
        """The threads that the viewer may see, their categories with them."""
        return visible_threads(self.viewer).select_related("category")

    def noted(self, rows: Sequence[Row]) -> Sequence[Row]:
        """`rows`, after what was read together with them has been given to the loaders of those things."""
        for row in rows:
            if isinstance(row, models.Post) and row.author_id is not None:
                self.user_by_id.prime(row.author_id, row.author)
            elif isinstance(row, models.Thread) and row.category_id is not None:
                self.category_by_id.prime(row.category_id, row.category)
        return rows

    def page_of(self, listing: Listing[Any], window: Window) -> _PageByParent:
        """The loader of this window of a list, by parent."""
        return self._pages.setdefault((listing.name, window), _PageByParent(self, listing, window))

    def count_of(self, listing: Listing[Any]) -> _CountByParent:
        """The loader of a list's length, by parent."""
        return self._counts.setdefault(listing.name, _CountByParent(self, listing))

    @cached_property
    def thread_by_id(self) -> _ById[models.Thread]:
        return _ById(self, self.threads)

    @cached_property
    def post_by_id(self) -> _ById[models.Post]:
        return _ById(self, self.posts)

    @cached_property
    def user_by_id(self) -> _ById[models.User]:
        return _ById(self, models.User.all())

    @cached_property
    def category_by_id(self) -> _ById[models.Category]:
        return _ById(self, models.Category.all())

    @cached_property
    def tag_by_id(self) -> _ById[models.Tag]:
        return _ById(self, models.Tag.all())

    @cached_property
    def revision_by_id(self) -> _ById[models.Revision]:
        return _ById(self, visible_revisions(self.viewer))

    @cached_property
    def points_entry_by_id(self) -> _ById[models.PointsEntry]:
        return _ById(self, models.PointsEntry.all())

    @cached_property
    def question_by_thread(self) -> _PostByThread:
        return _PostByThread(self, kind=PostKind.QUESTION)

    @cached_property
    def best_answer_by_thread(self) -> _PostByThread:
        return _PostByThread(self, is_best=True)

    @cached_property
    def tags_by_thread(self) -> _TagsByThread:
        return _TagsByThread(self.wave)

    @cached_property
    def synonyms_by_tag(self) -> _SynonymsByTag:
        return _SynonymsByTag(self.wave)

    @cached_property
    def category_by_path(self) -> _CategoryByPath:
        return _CategoryByPath(self.wave)

    @cached_property
    def children_by_category(self) -> _ChildrenByCategory:
        return _ChildrenByCategory(self.wave)

    @cached_property
    def votes_by_thread(self) -> _VotesByThread:
        return _VotesByThread(self)

    @cached_property
    def rank_by_points(self) -> _RankByPoints:
        return _RankByPoints(self.wave)

    @cached_property
    def post_counts_by_user(self) -> _PostCountsByUser:
        return _PostCountsByUser(self.wave)
