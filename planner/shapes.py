"""The two halves of a plan's tree: what is read (`Rows`, `Count`, `Lookup`), and what is made of it (the shapes).

A cell is a column of a statement, by its place in each row. Shapes name the cells they are made of; statements are
made of the cells that shapes have asked for. So a column that nobody asked for is never read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tortoise.models import Model

from planner.arguments import Arguments
from planner.sources import Listing, Pages, ParentKey
from planner.values import Reader

#: How one comes to a table from the statement's own: the names of the joins, none for the own table.
Path = tuple[str, ...]


@dataclass(frozen=True)
class Join:
    """A table that is joined in, at most one row of it for each row: `rows(viewer, key)` with the key of `column`."""

    listing: Listing[Any]
    #: Where the key stands that the joined row belongs to.
    path: Path
    column: str
    #: For the viewer's own row: the attribute of a row in hand that holds what is read of it.
    in_hand: str | None = None


@dataclass(frozen=True)
class Root:
    """Where the parent of a root list comes from: a function of viewer and arguments (`None`: handed in).

    With `several` the function gives a list of keys.
    """

    key: ParentKey | None = None
    arguments: Arguments | None = None
    several: bool = False


@dataclass(frozen=True)
class Paging:
    """The page that is looked at: its order is known, its place comes with the arguments."""

    source: Pages
    order: tuple[str, ...]
    arguments: Arguments


@dataclass(eq=False)
class Rows:
    """What one statement reads: rows of a listing, for one parent or for many."""

    number: int
    listing: Listing[Any]
    order: tuple[str, ...] = ()
    #: At most one row for each parent.
    is_one: bool = False
    paging: Paging | None = None
    #: Whether somebody asks if there are more rows than the page's.
    wants_more: bool = False
    root: Root | None = None
    #: Where the parents' keys stand: in cells of other rows.
    parents: list["Cell"] = field(default_factory=list)
    #: Makes several keys of a cell's value: see `planner.sources.Named`.
    names: Callable[[Any], list[Any]] | None = None
    joins: dict[Path, Join] = field(default_factory=dict)
    cells: dict[tuple[Path, str], int] = field(default_factory=dict)

    @property
    def model(self) -> type[Model]:
        model: type[Model] = self.listing.model
        return model

    @property
    def cells_of_parents(self) -> "list[Cell]":
        """Where the parents' keys stand; nowhere for a root list."""
        return self.parents

    @property
    def has_one_parent(self) -> bool:
        """Whether all rows belong to one parent, so that its key is one parameter."""
        if self.root is not None:
            return not self.root.several
        return len(self.parents) == 1 and self.names is None and self.parents[0].rows.is_single

    @property
    def is_single(self) -> bool:
        """Whether there is never more than one row."""
        return self.is_one and self.has_one_parent

    @property
    def width(self) -> int:
        """How many columns each row has: a list of many parents ends in their key."""
        return max(len(self.cells), 1) + (not self.has_one_parent)

    def model_at(self, path: Path) -> type[Model]:
        """The model of a table in the statement."""
        model: type[Model] = self.joins[path].listing.model if path else self.model
        return model

    def cell(self, path: Path, column: str) -> "Cell":
        """The place of a column in each row, which is read from now on."""
        return Cell(self, self.cells.setdefault((path, column), len(self.cells)))

    def stands_on(self, other: "Rows") -> bool:
        """Whether these rows cannot be read before `other`."""
        return self is other or any(parent.rows.stands_on(other) for parent in self.parents)


@dataclass(eq=False)
class Count:
    """How many rows of a listing each parent has."""

    number: int
    listing: Listing[Any]
    root: Root | None = None
    parent: "Cell | None" = None

    @property
    def cells_of_parents(self) -> "list[Cell]":
        return [self.parent] if self.parent else []

    @property
    def has_one_parent(self) -> bool:
        return self.root is not None or (self.parent is not None and self.parent.rows.is_single)

    @property
    def width(self) -> int:
        """How many columns each row has: the number, and of many parents their key."""
        return 1 + (not self.has_one_parent)


@dataclass(eq=False)
class Check:
    """The arguments of a page whose rows nobody asks for: wrong ones are an error all the same."""

    number: int
    listing: Listing[Any]
    paging: Paging
    root: Root | None = None


@dataclass(eq=False)
class Lookup:
    """What a dataloader gives for the values of a cell."""

    number: int
    loader: str
    key: "Cell"


Step = Rows | Count | Check | Lookup


@dataclass(frozen=True)
class Cell:
    """A place in the rows of a statement."""

    rows: Rows
    index: int


@dataclass(frozen=True)
class Value:
    """What a cell holds, made ready by its reader."""

    cell: Cell
    reader: Reader


@dataclass(frozen=True)
class Constant:
    """The same in every answer of this plan."""

    value: Any


@dataclass(frozen=True)
class Applied:
    """A function of values; its result made ready by `complete`, if it is not."""

    function: Callable[..., Any]
    values: tuple[Value, ...]
    complete: Callable[[Any], Any] | None = None
    arguments: Arguments | None = None
    takes_viewer: bool = False
    #: For a function that takes its values as one: what makes it of them.
    facts: Callable[..., Any] | None = None


@dataclass(frozen=True)
class Looked:
    """What a dataloader gave."""

    lookup: Lookup
    complete: Callable[[Any], Any]
    pick: str | None = None


@dataclass(frozen=True)
class Object:
    """An object of the answer.

    Without the row that the cell `exists` tells of, it is null, or an error where it `is_required`.
    """

    fields: tuple[tuple[str, "Shape"], ...]
    exists: Cell | None = None
    is_required: bool = False


@dataclass(frozen=True)
class Switch:
    """One of several objects, by the value of a cell: an interface whose rows say which type they are."""

    cell: Cell
    cases: Mapping[Any, Object]
    exists: Cell | None = None
    is_required: bool = False


@dataclass(frozen=True)
class Listed:
    """The rows of one parent, each as `item`; the rows of a root list have none."""

    rows: Rows
    parent: Cell | None
    item: "Shape"


@dataclass(frozen=True)
class First:
    """The one row of one parent as `item`, or null, or an error where it `is_required`."""

    rows: Rows
    parent: Cell | None
    item: "Shape"
    is_required: bool


@dataclass(frozen=True)
class Counted:
    """How many rows a parent has."""

    count: Count
    parent: Cell | None


@dataclass(frozen=True)
class PageFlag:
    """`hasNextPage` or `hasPreviousPage` of a parent's page."""

    rows: Rows
    parent: Cell | None
    is_next: bool


@dataclass(frozen=True)
class Cursor:
    """Where a row stands in its list; of a page, where its first (0) or last (-1) row stands, or null."""

    rows: Rows
    position: tuple[Value, ...]
    parent: Cell | None = None
    end: int | None = None


@dataclass(frozen=True)
class OneOf:
    """The object that a global id names, whichever of these kinds it is; several ids give a list."""

    kinds: Mapping[type[Model], "tuple[Rows, Shape]"]
    several: bool
    split: Callable[[str], tuple[type[Model], int] | None]
    ids: Callable[..., list[str]]
    arguments: Arguments


Shape = Value | Constant | Applied | Looked | Object | Switch | Listed | First | Counted | PageFlag | Cursor | OneOf
