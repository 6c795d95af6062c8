"""The steps of a tree as it grows: statements, counts and lookups, each made once for all who need it."""

from typing import Any

from planner.selection import CannotPlan
from planner.shapes import Cell, Check, Count, Join, Lookup, Paging, Path, Root, Rows, Step
from planner.sources import Listing

#: What one operation may have of each; beyond that graphql-core executes it.
MOST_STEPS = 40
MOST_JOINS = 20


class Steps:
    """What is read for one operation."""

    def __init__(self) -> None:
        self.all: list[Step] = []
        self._alike: dict[tuple[Any, ...], list[Rows]] = {}

    def rows(
        self,
        listing: Listing[Any],
        parent: Root | Cell,
        *,
        alike: tuple[Any, ...] = (),
        order: tuple[str, ...] = (),
        is_one: bool = False,
        paging: Paging | None = None,
        names: Any = None,
    ) -> Rows:
        """The rows of a listing for that parent: a new statement, or one more parent of one that reads the same.

        `alike` is what else two of them must have in common: their arguments.
        """
        key = (listing.name, isinstance(parent, Root), order, is_one, *alike)
        for rows in self._alike.setdefault(key, []):
            if isinstance(parent, Root) or parent in rows.parents:
                return rows
            if not parent.rows.stands_on(rows):
                rows.parents.append(parent)
                return rows
        rows = Rows(len(self.all), listing, order, is_one, paging, names=names)
        if isinstance(parent, Root):
            rows.root = parent
        else:
            rows.parents.append(parent)
        self._alike[key].append(rows)
        self._add(rows)
        return rows

    def count(self, listing: Listing[Any], parent: Root | Cell) -> Count:
        """How many rows of a listing that parent has."""
        for step in self.all:
            if isinstance(step, Count) and step.listing is listing and step.parent == parent:
                return step
        count = Count(len(self.all), listing)
        if isinstance(parent, Root):
            count.root = parent
        else:
            count.parent = parent
        self._add(count)
        return count

    def check(self, listing: Listing[Any], paging: Paging, parent: Root | Cell) -> None:
        """Check the arguments of a page, though its rows are not read."""
        self._add(Check(len(self.all), listing, paging, parent if isinstance(parent, Root) else None))

    def lookup(self, loader: str, key: Cell) -> Lookup:
        """What a dataloader gives for the values of a cell."""
        for step in self.all:
            if isinstance(step, Lookup) and (step.loader, step.key) == (loader, key):
                return step
        lookup = Lookup(len(self.all), loader, key)
        self._add(lookup)
        return lookup

    def join(self, rows: Rows, path: Path, name: str, join: Join) -> Path:
        """Join a table to those of a statement; how one comes to it from the statement's own."""
        joined = (*path, name)
        rows.joins.setdefault(joined, join)
        if len(rows.joins) > MOST_JOINS:
            raise CannotPlan(f"more than {MOST_JOINS} tables in one statement")
        return joined

    def in_order(self) -> list[Step]:
        """The steps, each after those whose rows its keys come from."""
        done: dict[int, Step] = {}
        while len(done) < len(self.all):
            for step in self.all:
                if step.number not in done and all(rows.number in done for rows in stands_on(step)):
                    done[step.number] = step
        return list(done.values())

    def _add(self, step: Step) -> None:
        self.all.append(step)
        if len(self.all) > MOST_STEPS:
            raise CannotPlan(f"more than {MOST_STEPS} statements")


def stands_on(step: Step) -> list[Rows]:
    """The rows that a step takes its keys from."""
    match step:
        case Rows():
            return [cell.rows for cell in step.parents]
        case Count():
            return [step.parent.rows] if step.parent else []
        case Check():
            return []
        case Lookup():
            return [step.key.rows]
