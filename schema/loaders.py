"""Every dataloader: for a kind of question, the answers for many things at once.

Loaders live for one operation and see with its viewer's eyes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from tortoise.functions import Count
from tortoise.models import Model
from tortoise.queryset import QuerySet

import models
from models import PostState
from models.paging import Page, Window, counts, pages
from planner.sources import Listing, Mine, Viewer
from schema.waves import Wave, WaveLoader
from services.changes import ANY, Read
from services.reckoning import Progress, reached
from services.visibility import visible

Row = TypeVar("Row", bound=Model)

#: What is read together with a row: who shows a post shows its author.
_SHOWN_WITH: dict[type[Model], str] = {models.Post: "author", models.Thread: "category", models.ThreadTag: "tag"}


class _ById(WaveLoader[int, Row | None]):
    """A row by its id."""

    def __init__(self, loaders: "Loaders", model: type[Row]) -> None:
        super().__init__(loaders.wave)
        self._loaders = loaders
        self._model = model

    async def batch_load_fn(self, keys: Sequence[int]) -> list[Row | None]:
        rows = self._loaders.shown(visible(self._model, self._loaders.viewer))
        found = {row.pk: row for row in self._loaders.noted(await rows.filter(pk__in=list(keys)))}
        return [found.get(key) for key in keys]


class _PageByParent(WaveLoader[Any, Page[Any]]):
    """The same window of the same list of each parent."""

    def __init__(self, loaders: "Loaders", listing: Listing[Any], window: Window) -> None:
        super().__init__(loaders.wave)
        self._loaders = loaders
        self._listing = listing
        self._window = window

    async def batch_load_fn(self, keys: Sequence[Any]) -> list[Page[Any]]:
        lists = [self._loaders.shown(self._listing.rows(self._loaders.viewer, key)) for key in keys]
        found = await pages(lists, self._window)
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
        return await counts([self._listing.rows(self._loaders.viewer, key) for key in keys])


class _Mine(WaveLoader[int, Any]):
    """A column of what the viewer has made for each thing: their votes."""

    def __init__(self, loaders: "Loaders", source: Mine) -> None:
        super().__init__(loaders.wave)
        self._viewer = loaders.viewer
        self._source = source

    async def batch_load_fn(self, keys: Sequence[int]) -> list[Any]:
        source, viewer = self._source, self._viewer
        made: Any = () if viewer is None else await source.rows(viewer, **{f"{source.key}__in": list(keys)})
        found = {getattr(row, source.key): getattr(row, source.column) for row in made}
        return [found.get(key, source.otherwise) for key in keys]


class _RankByPoints(WaveLoader[int, int]):
    """The rank that so many points give: 1 and the number of users with more (Question2Answer)."""

    @staticmethod
    def reads(_: Sequence[int]) -> list[Read]:
        """What the answers for these keys are made of."""
        return [Read(models.User._meta.db_table, ANY, [None], frozenset({"points"}))]

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

    @staticmethod
    def reads(keys: Sequence[int]) -> list[Read]:
        """What the answers for these keys are made of."""
        looked_at = frozenset({"author_id", "state", "is_buried", "kind", "is_best"})
        return [Read(models.Post._meta.db_table, "author_id", keys, looked_at)]

    async def batch_load_fn(self, keys: Sequence[int]) -> list[PostCounts]:
        found: dict[int, dict[str, int]] = {key: {} for key in keys}
        posts = models.Post.filter(author_id__in=list(keys), state=PostState.VISIBLE, is_buried=False)
        grouped = posts.annotate(amount=Count("id")).group_by("author_id", "kind", "is_best")
        for row in await grouped.values("author_id", "kind", "is_best", "amount"):
            counted = found[row["author_id"]]
            counted[f"{row['kind']}s"] = counted.get(f"{row['kind']}s", 0) + row["amount"]
            if row["is_best"]:
                counted["best_answers"] = row["amount"]
        return [PostCounts(**found[key]) for key in keys]


class _SettlingByRules(WaveLoader[int, Progress]):
    """How many users were brought under a version of the rules."""

    @staticmethod
    def reads(_: Sequence[int]) -> list[Read]:
        """What the answers for these keys are made of."""
        rules = Read(models.PointsRules._meta.db_table, ANY, [None], frozenset({"settled_up_to"}))
        return [rules, Read(models.User._meta.db_table, ANY, [None], frozenset({"id"}))]

    async def batch_load_fn(self, keys: Sequence[int]) -> list[Progress]:
        found = await reached()
        return [found for _ in keys]


class Loaders:
    """The loaders of one operation, each made when it is first asked for."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        #: Whether the viewer's row was read for this very operation.
        self.knows_viewer = False
        self.wave = Wave()
        self._by_id: dict[type[Model], _ById[Any]] = {}
        self._pages: dict[tuple[str, Window], _PageByParent] = {}
        self._counts: dict[str, _CountByParent] = {}
        self._mine: dict[Mine, _Mine] = {}

    def by_id(self, model: type[Row]) -> _ById[Row]:
        """The loader of the rows of a model that the viewer may see, by id."""
        if model not in self._by_id:
            loader = self._by_id[model] = _ById(self, model)
            if isinstance(self.viewer, model) and self.knows_viewer:
                loader.prime(self.viewer.pk, self.viewer)
        return self._by_id[model]

    def show(self, *rows: Model) -> None:
        """Have these rows seen in this operation, though the viewer may see them no longer: it was their own deed."""
        for row in rows:
            self.by_id(type(row)).prime(row.pk, row)

    async def related(self, model: type[Row], key: int | None) -> Row | None:
        """The row that a foreign key names; None where it names none, or the viewer may not see it."""
        return None if key is None else await self.by_id(model).load(key)

    def page_of(self, listing: Listing[Any], window: Window) -> _PageByParent:
        """The loader of this window of a list, by parent."""
        return self._pages.setdefault((listing.name, window), _PageByParent(self, listing, window))

    def count_of(self, listing: Listing[Any]) -> _CountByParent:
        """The loader of a list's length, by parent."""
        return self._counts.setdefault(listing.name, _CountByParent(self, listing))

    def mine(self, source: Mine) -> _Mine:
        """The loader of what the viewer made of that kind, by the thing it is for."""
        return self._mine.setdefault(source, _Mine(self, source))

    @cached_property
    def rank_by_points(self) -> _RankByPoints:
        return _RankByPoints(self.wave)

    @cached_property
    def post_counts_by_user(self) -> _PostCountsByUser:
        return _PostCountsByUser(self.wave)

    @cached_property
    def settling_by_rules(self) -> _SettlingByRules:
        return _SettlingByRules(self.wave)

    def shown(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """`rows`, together with what is shown with each."""
        return rows.select_related(_SHOWN_WITH[rows.model]) if rows.model in _SHOWN_WITH else rows

    def noted(self, rows: Sequence[Row]) -> Sequence[Row]:
        """`rows`, after what was read together with them has been given to the loaders of those things."""
        for row in rows:
            if (relation := _SHOWN_WITH.get(type(row))) and (related := getattr(row, relation)) is not None:
                self.by_id(type(related)).prime(related.pk, related)
        return rows
