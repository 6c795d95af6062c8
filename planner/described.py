"""The steps of a plan in words: what each reads, for whom, by which statement with which parameters."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from graphql.execution.values import VariableValues

from models.paging import Window
from planner.at_once import ReadAtOnce
from planner.plans import Plan
from planner.running import CheckPage, CountRows, LookUp, ReadRows, Run, StepRunner, parent_of, step_of
from planner.shapes import Cell, Count, Rows
from planner.statements import Statement
from planner.terms import KEYS, PARENT, VIEWER, Slot

#: The longest value that is shown, in characters.
_LONGEST_VALUE = 60
_NOT_SENT = "not sent, since this viewer and these arguments name nothing"


@dataclass(frozen=True)
class Described:
    """One step of a plan. A lookup has no statement here: its dataloader has."""

    #: What it reads, and for whom.
    reads: str
    #: The tables that are joined in, and what their rows are.
    joins: tuple[str, ...] = ()
    sql: str = ""
    #: Each placeholder of the statement, and what it stands for.
    parameters: tuple[str, ...] = ()


class Describer:
    """Tells the steps of a plan, for one viewer and the variables of one request."""

    def __init__(self, plan: Plan, viewer: Any, variables: VariableValues) -> None:
        self._plan = plan
        nothing: Any = None  # a plan that is described reads nothing
        self._run = Run(viewer, variables, nothing, nothing)
        self._places = {step_of(runner).number: place for place, runner in enumerate(plan.steps, start=1)}

    def steps(self) -> list[Described]:
        """The steps in their order. Raises what functions of the arguments raise for wrong ones."""
        described = {step_of(runner).number: self._described(runner) for runner in self._plan.steps}
        for each in self._plan.rounds:
            if isinstance(each, ReadAtOnce):
                described |= self._at_once(each, described)
        return list(described.values())

    def _at_once(self, reader: ReadAtOnce, described: dict[int, Described]) -> Iterator[tuple[int, Described]]:
        """The steps that one statement reads: it stands with the first of them."""
        windows = [runner.window(self._run) for runner in reader.runners]
        # Keys that come from rows are not known here, and take a parameter all the same.
        keys = [[None] if step.root is None else parent_of(step, self._run) for step in reader.steps]
        missing = reader.missing(keys)
        for place in missing:
            number = reader.steps[place].number
            yield number, replace(described[number], reads=_unsent(described[number].reads), sql="", parameters=())
        numbers = [step.number for place, step in enumerate(reader.steps) if place not in missing]
        if not numbers:
            return
        statement = reader.statement(windows, keys, missing)
        parameters = []
        for place, parameter in enumerate(statement.parameters, start=1):
            if not isinstance(parameter, Slot):
                meaning = _short(parameter)
            elif parameter.name == VIEWER:
                meaning = self._viewer()
            else:
                at, name = parameter.name
                step = reader.steps[at]
                meaning = f"for step {self._places[step.number]}: {self._slot(step, name, windows[at], keys[at])}"
            parameters.append(f"${place}  {meaning}")
        first, *others = numbers
        yield first, replace(described[first], sql=statement.sql, parameters=tuple(parameters))
        for number in others:
            reads = f"{described[number].reads}; by the statement of step {self._places[first]}"
            yield number, replace(described[number], reads=reads, sql="", parameters=())

    def _described(self, runner: StepRunner) -> Described:
        match runner:
            case LookUp(lookup=lookup):
                return Described(f"dataloader {lookup.loader}: once, for all {self._cell(lookup.key)}")
            case CheckPage(check=check):
                return Described(f"{check.listing.name}: only the arguments of the page are checked")
            case CountRows(count=count):
                return self._read(count, lambda key: (runner.statement(key), "how many there are", None))
            case ReadRows(rows=rows):
                window = runner.window(self._run)
                return self._read(rows, lambda key: (runner.statement(window, key), _part(rows, window), window))

    def _read(self, what: Rows | Count, read: Callable[[Any], tuple[Statement, str, Window | None]]) -> Described:
        key = None if what.root is None else parent_of(what, self._run)
        is_missing = what.root is not None and what.root.key is not None and key in (None, [])
        if is_missing and what.listing.by_value:
            return Described(f"{what.listing.name}: {_NOT_SENT}")
        statement, part, window = read(key)
        whose = "" if what.has_one_parent else ", of many parents at once"
        reads = f"{what.listing.name}: {part}{whose}{f'; {_NOT_SENT}' if is_missing else ''}"
        joins = what.joins.items() if isinstance(what, Rows) else ()
        tables = tuple(f"{join.listing.model._meta.db_table} ({path[-1]})" for path, join in joins)
        return Described(reads, tables, statement.sql, self._parameters(what, statement, window, key))

    def _parameters(self, what: Rows | Count, statement: Statement, window: Window | None, key: Any) -> tuple[str, ...]:
        sign = "?" if statement.keys_as_json else "$"
        meanings = (
            self._slot(what, parameter.name, window, key) if isinstance(parameter, Slot) else _short(parameter)
            for parameter in statement.parameters
        )
        return tuple(f"{sign}{place}  {meaning}" for place, meaning in enumerate(meanings, start=1))

    def _slot(self, what: Rows | Count, name: Any, window: Window | None, key: Any) -> str:
        if name == VIEWER:
            return self._viewer()
        if name in (PARENT, KEYS):
            return self._parent(what, key)
        assert isinstance(what, Rows)  # noqa: S101  only pages begin at cursors
        end, place = name
        column = what.order[place].removeprefix("-")
        return f"{column} where the cursor `{end}` stands: {_short(getattr(window, end)[place])}"

    def _viewer(self) -> str:
        return f"the viewer's id: {self._run.viewer.id}"

    def _parent(self, what: Rows | Count, key: Any) -> str:
        if what.root is None:
            cells = what.parents if isinstance(what, Rows) else [what.parent] if what.parent else []
            names = "names made of " if isinstance(what, Rows) and what.names is not None else ""
            return f"{'' if what.has_one_parent else 'all '}{names}{' and '.join(map(self._cell, cells))}"
        if what.root.key is None:
            return "the key of the row that was given"
        return f"{'keys' if what.root.several else 'the key'} that viewer and arguments give: {_short(key)}"

    def _cell(self, cell: Cell) -> str:
        [(path, column)] = [place for place, index in cell.rows.cells.items() if index == cell.index]
        return f"{'.'.join((*path, column))} of step {self._places[cell.rows.number]}"


def _unsent(reads: str) -> str:
    return reads if reads.endswith(_NOT_SENT) else f"{reads}; {_NOT_SENT}"


def _part(rows: Rows, window: Window | None) -> str:
    """Which rows of a listing are read."""
    if rows.is_one:
        return "one row" if rows.has_one_parent else "one row each"
    if window is None or window.limit is None:
        return "all rows"
    more = ", and one more to know whether there are others" if rows.wants_more else ""
    end = "last" if window.backward else "first"
    place = "".join(f" {name} the cursor" for name in ("after", "before") if getattr(window, name) is not None)
    return f"the {end} {window.limit}{'' if rows.has_one_parent else ' of each'}{place}{more}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
