"""A plan at work: its steps read, level by level, what its function then makes the answer of."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from graphql.execution.values import VariableValues

from models.paging import Window
from planner.arguments import NO_VARIABLES
from planner.kept import Kept
from planner.shapes import Cell, Check, Count, Lookup, Root, Rows, Step
from planner.statements import Builder, Ends, Statement


class Read(Protocol):
    """What reads the rows of a statement: `models.reading.Reading`."""

    async def __call__(self, sql: str, values: Sequence[Any], /) -> Sequence[Any]:
        """The rows."""


#: A connection's own arguments; what is left of a field's arguments says which list it is.
_ENDS = ("first", "after", "last", "before")
_OF_PAGES = frozenset((*_ENDS, "order_by"))


@dataclass(slots=True)
class Run:
    """One request: who looks, with which variables, and what was read so far, by the number of the step."""

    viewer: Any
    variables: VariableValues
    read: Read
    loaders: Any
    #: The key of the row, for a plan that begins at one.
    key: Any = None
    #: The parent's key of a step, or the keys of many.
    parents: dict[int, Any] = field(default_factory=dict)
    #: All rows of a step; then the same by parent, under None where there is one parent, the root.
    rows: dict[int, Sequence[Any]] = field(default_factory=dict)
    groups: dict[int, dict[Any, Any]] = field(default_factory=dict)
    #: Of each parent's page, whether there is a next and a previous one; and of a page without rows.
    flags: dict[int, dict[Any, tuple[bool, bool]]] = field(default_factory=dict)
    flags_of_none: dict[int, tuple[bool, bool]] = field(default_factory=dict)
    counts: dict[int, dict[Any, int]] = field(default_factory=dict)
    found: dict[int, dict[Any, Any]] = field(default_factory=dict)


class ReadRows:
    """Reads rows, and sorts them by their parents."""

    def __init__(self, rows: Rows, builder: Builder, statements: Kept[Any, Statement]) -> None:
        self.rows = rows
        self._builder = builder
        self._statements = statements
        self._has_one_parent = rows.has_one_parent
        # Where the document says the page once for all requests, there is one statement.
        self.has_one_layout = rows.paging is None or rows.paging.arguments.is_constant
        self._window = window_of(rows) if rows.paging is not None and self.has_one_layout else None
        self._is_one_statement = self.has_one_layout and not rows.listing.by_value
        self._statement: Statement | None = None

    async def __call__(self, run: Run) -> None:
        window, parent = self.window(run), parent_of(self.rows, run)
        if is_missing(parent, self.rows):
            self.take_none(run, window, parent)
        else:
            statement = self.statement(window, parent)
            found = await run.read(statement.sql, statement.values(run.viewer, parent, window))
            self.take(run, window, parent, found)

    def take(self, run: Run, window: Window | None, parent: Any, found: Sequence[Any]) -> None:
        """Note what was read for a parent, or for many; of many each row ends in its parent's key."""
        rows, number = self.rows, self.rows.number
        if self._has_one_parent:
            groups: dict[Any, Any] = {None if rows.root is not None else parent: found}
        else:
            groups = defaultdict(list)
            for row in found:
                groups[row[-1]].append(row)
        if window is not None:
            run.flags_of_none[number] = _flags_of_none(window)
            if rows.wants_more or window.backward:
                found = self._trim(groups, window, run)
        run.parents[number], run.rows[number], run.groups[number] = parent, found, groups

    def take_none(self, run: Run, window: Window | None, parent: Any) -> None:
        """Note that there was no parent to read for."""
        number = self.rows.number
        if window is not None:
            run.flags_of_none[number] = _flags_of_none(window)
        run.parents[number], run.rows[number], run.groups[number], run.flags[number] = parent, (), {}, {}

    def _trim(self, groups: dict[Any, Any], window: Window, run: Run) -> list[Any]:
        """Keep of each parent's rows the page, in the list's order, and note whether there are more."""
        flags = run.flags[self.rows.number] = {}
        kept: list[Any] = []
        for key, group in groups.items():
            more = len(group) > (window.limit or 0)
            page = group[: window.limit]
            groups[key] = page[::-1] if window.backward else page
            flags[key] = (window.before is not None, more) if window.backward else (more, window.after is not None)
            kept += page
        return kept

    def window(self, run: Run) -> Window | None:
        """The part of the list that the arguments ask for."""
        if self._window is not None or self.rows.paging is None:
            return self._window
        return window_of(self.rows, run.variables)

    def statement(self, window: Window | None, parent: Any) -> Statement:
        """The statement that reads such a page; `parent` matters where the listing is by value."""
        if self._statement is not None:
            return self._statement
        ends = self.ends(window)
        if self._is_one_statement:
            self._statement = self._builder.rows(self.rows, ends)
            return self._statement
        key = (self, ends, parent if self.rows.listing.by_value else None)
        statement = self._statements.get(key)
        if statement is None:
            statement = self._builder.rows(self.rows, ends, parent)
            self._statements.put(key, statement, len(statement.sql))
        return statement

    def ends(self, window: Window | None) -> Ends:
        """What of a page decides how its statement reads."""
        if window is None or window.limit is None:
            return Ends()
        more = self.rows.wants_more
        return Ends(window.limit + more, window.after is not None, window.before is not None, window.backward)


class CountRows:
    """Counts rows."""

    has_one_layout = True

    def __init__(self, count: Count, builder: Builder, statements: Kept[Any, Statement]) -> None:
        self.count = count
        self._builder = builder
        self._statements = statements

    async def __call__(self, run: Run) -> None:
        parent = parent_of(self.count, run)
        if is_missing(parent, self.count):
            self.take_none(run, None, parent)
        else:
            statement = self.statement(parent)
            self.take(run, None, parent, await run.read(statement.sql, statement.values(run.viewer, parent, None)))

    def take(self, run: Run, window: Window | None, parent: Any, found: Sequence[Any]) -> None:
        """Note what was counted for a parent, or for many."""
        count, number = self.count, self.count.number
        run.parents[number] = parent
        if count.has_one_parent:
            run.counts[number] = {None if count.root is not None else parent: found[0][0]}
        else:
            run.counts[number] = {row[1]: row[0] for row in found}

    def take_none(self, run: Run, window: Window | None, parent: Any) -> None:
        """Note that there was no parent to count for."""
        run.parents[self.count.number], run.counts[self.count.number] = parent, {}

    def window(self, run: Run) -> None:
        """A count has no pages."""

    def ends(self, window: Window | None) -> Ends:
        return Ends()

    def statement(self, parent: Any) -> Statement:
        """The statement that counts; `parent` matters where the listing is by value."""
        key = (self, parent if self.count.listing.by_value else None)
        statement = self._statements.get(key)
        if statement is None:
            statement = self._builder.count(self.count, parent)
            self._statements.put(key, statement, len(statement.sql))
        return statement


class CheckPage:
    """Checks the arguments of a page."""

    def __init__(self, check: Check) -> None:
        self.check = check

    async def __call__(self, run: Run) -> None:
        window_of(self.check, run.variables)
        if self.check.root is not None:
            _root_key(self.check.root, run)


class LookUp:
    """Asks a dataloader."""

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup

    async def __call__(self, run: Run) -> None:
        keys = run.parents[self.lookup.number] = keys_in([self.lookup.key], run)
        found = await getattr(run.loaders, self.lookup.loader).load_many(keys)
        run.found[self.lookup.number] = dict(zip(keys, found, strict=True))


StepRunner = ReadRows | CountRows | CheckPage | LookUp


def step_of(runner: StepRunner) -> Step:
    """What a runner does."""
    match runner:
        case ReadRows(rows=rows):
            return rows
        case CountRows(count=count):
            return count
        case CheckPage(check=check):
            return check
        case LookUp(lookup=lookup):
            return lookup


def runner(step: Step, builder: Builder, statements: Kept[Any, Statement]) -> StepRunner:
    """What does a step."""
    match step:
        case Rows():
            return ReadRows(step, builder, statements)
        case Count():
            return CountRows(step, builder, statements)
        case Check():
            return CheckPage(step)
        case Lookup():
            return LookUp(step)


def window_of(step: Rows | Check, variables: VariableValues = NO_VARIABLES) -> Window:
    """The part of a list that the arguments of a page ask for. Raises what the client is told of wrong ones."""
    paging = step.paging
    assert paging is not None  # noqa: S101  there is no window on what has no pages
    given = paging.arguments.read(variables)
    ends = {name: given[name] for name in _ENDS if name in given}
    window: Window = paging.source.window(step.listing.model, paging.order, **ends)
    return window


def parent_of(step: Rows | Count, run: Run) -> Any:
    """The parent's key, or None where there is no parent; or the keys of many."""
    if step.root is not None:
        return _root_key(step.root, run)
    if isinstance(step, Count):
        keys = keys_in([step.parent] if step.parent else [], run)
    else:
        keys = keys_in(step.parents, run)
        if step.names is not None:
            keys = list(dict.fromkeys(name for key in keys for name in step.names(key)))
    return (keys[0] if keys else None) if step.has_one_parent else keys


def is_missing(parent: Any, step: Rows | Count) -> bool:
    """Whether there is no parent to read for."""
    return parent is None or (parent == [] and not step.has_one_parent)


def _flags_of_none(window: Window) -> tuple[bool, bool]:
    return (window.before is not None, False) if window.backward else (False, window.after is not None)


def _root_key(root: Root, run: Run) -> Any:
    if root.key is None:
        return run.key
    given = {} if root.arguments is None else root.arguments.read(run.variables)
    return root.key(run.viewer, **{name: value for name, value in given.items() if name not in _OF_PAGES})


def keys_in(cells: Sequence[Cell], run: Run) -> list[Any]:
    """What the cells hold in all rows that were read, each once."""
    keys = {row[cell.index] for cell in cells for row in run.rows[cell.rows.number]}
    keys.discard(None)
    return list(keys)
