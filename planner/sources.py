"""How a field gets its value: the words that stand beside a field in `schema/`, and that a plan is made from.

A GraphQL type is a view of the rows of one model (`view_of`). A field of it that says nothing is the column of its
name; any other says one of the words below. Both ways of answering read them: graphql-core's executor through the
resolvers that `schema.fields` makes of them, and the planner, which makes statements of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

from tortoise.models import Model
from tortoise.queryset import QuerySet

from services.actors import Actor

Viewer = Actor
Row = TypeVar("Row", bound=Model)
Class = TypeVar("Class", bound=type)


@dataclass(frozen=True)
class View:
    """Which rows a GraphQL type shows: those of a model, or those of them whose column has a certain value."""

    model: type[Model]
    only: Mapping[str, Enum] = field(default_factory=dict)


def view_of(model: type[Model], **only: Enum) -> Callable[[Class], Class]:
    """Say of a GraphQL type that it shows the rows of `model`; of an object type among several, which of them."""

    def note(shown: Class) -> Class:
        shown.__view__ = View(model, only)  # type: ignore[attr-defined]
        return shown

    return note


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """A row set that things of one kind have: `rows(viewer, parent)` are those of one of them, which `viewer` may see.

    `parent` is a key. The planner calls `rows` once, with a term that stands for the keys of all parents, so `rows`
    only compares it. Where `rows` must see the value itself, the listing is `by_value`, and has its statement for
    each value: good for the lists of the whole site, whose parent is what is looked for.
    """

    name: str
    model: type[Row]
    rows: Callable[[Viewer, Any], QuerySet[Row]]
    by_value: bool = False


#: For a root field: the parent's key, from the viewer and the field's arguments. None where there is no such parent.
ParentKey = Callable[..., Any]


def whole_site(_: Viewer) -> int:
    """The parent of what belongs to the site as a whole: its listing looks at no key."""
    return 0


@dataclass(frozen=True)
class Column:
    """The column of that name."""

    name: str


@dataclass(frozen=True)
class Same:
    """The row itself, looked at as another type; null where the column `unless` is null."""

    unless: str | None = None


@dataclass(frozen=True)
class ToOne:
    """The row that a foreign key of the model names, if the viewer may see it."""

    relation: str


@dataclass(frozen=True)
class One:
    """The one row of a listing, or null; of a longer one the first in `order`."""

    listing: Listing[Any]
    parent: ParentKey | None = None
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Many:
    """All rows of a listing, in that order; or what each of them `show`s: the row of a relation, or a column."""

    listing: Listing[Any]
    order: tuple[str, ...]
    show: str | None = None
    parent: ParentKey | None = None


@dataclass(frozen=True)
class Named:
    """The rows whose unique column `by` has the values that `names(column)` gives, in the order of the names."""

    listing: Listing[Any]
    by: str
    column: str
    names: Callable[[Any], list[Any]]


@dataclass(frozen=True)
class Pages:
    """A listing in pages, as a connection. `window` checks the arguments of a page, and raises what the client is told.

    `window(model, order, first, after, last, before)` gives the part of the list that is looked at.
    """

    listing: Listing[Any]
    order: Enum | tuple[str, ...]
    window: Callable[..., Any]
    cursor: Callable[[tuple[str, ...], tuple[Any, ...]], str]
    parent: ParentKey | None = None


@dataclass(frozen=True)
class Counted:
    """How many rows a listing has."""

    listing: Listing[Any]


@dataclass(frozen=True)
class Pure:
    """A function of columns, called in their order, then of the field's arguments by name.

    A column of a to-one relation is written `author.name`, and is None where there is no such row. With `viewer`, the
    function's first argument is who looks. With `facts`, it takes them all as one named tuple of that class.
    """

    function: Callable[..., Any]
    columns: tuple[str, ...]
    viewer: bool = False
    facts: Callable[..., Any] | None = None


@dataclass(frozen=True)
class OfModel:
    """What a table has under the row's key; `table(model)` is the one of a model."""

    table: Callable[[type[Model]], Mapping[Any, Any]]


@dataclass(frozen=True)
class Mine:
    """A column of the row that the viewer has made for this one: their vote. `otherwise` where there is none.

    Only a row whose column `unless` is null counts. A deed that has just written both rows may leave the value in the
    attribute `in_hand` of the one it gives.
    """

    model: type[Model]
    user: str
    key: str
    column: str
    otherwise: Enum | None
    in_hand: str | None = None
    unless: str | None = None

    def rows(self, viewer: Viewer, **keys: Any) -> QuerySet[Any]:
        """What the viewer has made."""
        made = self.model.filter(**{self.user: viewer and viewer.id}, **keys)
        return made if self.unless is None else made.filter(**{f"{self.unless}__isnull": True})


@dataclass(frozen=True)
class Batch:
    """What the dataloader of that name gives for a column; with `pick`, one attribute of it."""

    loader: str
    column: str
    pick: str | None = None


@dataclass(frozen=True)
class ById:
    """Any row by its global id, or each of several: `split(id)` gives its model and key, or None."""

    split: Callable[[str], tuple[type[Model], int] | None]
    ids: Callable[..., list[str]]
    several: bool = False


Source = Column | Same | ToOne | One | Many | Named | Pages | Counted | Pure | OfModel | Mine | Batch | ById
