"""Steps that are read at once: on PostgreSQL one statement of all that can be known from each other's rows.

before     lists of the whole site whose filter comes with the request: each filter has a statement of its own
at once    all that stands on these, or on nothing
after      what stands on names that Python takes apart; dataloaders
"""

from collections.abc import Sequence
from typing import Any

from models.paging import Window
from planner.compound import Compound, compound
from planner.kept import Kept
from planner.running import CountRows, ReadRows, Run, StepRunner, is_missing, parent_of, step_of
from planner.shapes import Check, Count, Root, Rows, Step
from planner.statements import Builder
from planner.steps import stands_on

#: PostgreSQL itself takes 1,664 columns.
MOST_COLUMNS = 1_000


class ReadAtOnce:
    """Reads what some steps read, by one statement."""

    def __init__(
        self, runners: Sequence[ReadRows | CountRows], builder: Builder, statements: Kept[Any, Any], *, is_noted: bool
    ) -> None:
        self.runners = runners
        self.steps: list[Rows | Count] = [each.rows if isinstance(each, ReadRows) else each.count for each in runners]
        self._builder = builder
        self._statements = statements
        places = {step.number: place for place, step in enumerate(self.steps)}
        #: By step, the places of those that its parents come from; none where they are known before.
        self._above = [
            [places[each.number] for each in stands_on(step) if each.number in places] for step in self.steps
        ]
        self._known = [place for place, above in enumerate(self._above) if not above]
        # The keys of many stay in the database, unless somebody asks what was read.
        self._wants_parents = [is_noted or step.has_one_parent for step in self.steps]
        self._has_one_layout = all(each.has_one_layout for each in runners)
        self._last: tuple[Any, Compound] | None = None

    async def __call__(self, run: Run) -> None:
        windows = [each.window(run) for each in self.runners]
        parents: list[Any] = [None] * len(self.steps)
        for place in self._known:
            parents[place] = parent_of(self.steps[place], run)
        missing = self.missing(parents)
        for place in missing:
            self.runners[place].take_none(run, windows[place], parents[place])
        if len(missing) == len(self.steps):
            return
        statement = self.statement(windows, parents, missing)
        found = await run.read(statement.sql, statement.values(run.viewer, parents, windows))
        for place, rows in statement.by_step(found):
            runner, step = self.runners[place], self.steps[place]
            if self._above[place] and self._wants_parents[place]:
                parents[place] = parent_of(step, run)
                if is_missing(parents[place], step):
                    runner.take_none(run, windows[place], parents[place])
                    continue
            runner.take(run, windows[place], parents[place], rows)

    def statement(self, windows: Sequence[Window | None], parents: Sequence[Any], missing: list[int]) -> Compound:
        """The statement that reads such pages, without the steps that are missing."""
        values = [parents[place] if self.steps[place].listing.by_value else None for place in self._known]
        # Where the document says all pages once for all requests, it is nearly always the statement of the last one.
        if self._has_one_layout and self._last is not None and self._last[0] == (values, missing):
            return self._last[1]
        ends = tuple(each.ends(window) for each, window in zip(self.runners, windows, strict=True))
        key = (self, ends, tuple(values), tuple(missing))
        statement: Compound | None = self._statements.get(key)
        if statement is None:
            steps = {place: step for place, step in enumerate(self.steps) if place not in missing}
            statement = compound(self._builder, steps, ends, parents)
            self._statements.put(key, statement, len(statement.sql))
        self._last = (values, missing), statement
        return statement

    def missing(self, parents: Sequence[Any]) -> list[int]:
        """The steps that there are no parents for: nothing was asked, or what they stand on is missing."""
        if not any(is_missing(parents[place], self.steps[place]) for place in self._known):
            return []
        missing: list[int] = []
        for place, above in enumerate(self._above):
            if all(each in missing for each in above) if above else is_missing(parents[place], self.steps[place]):
                missing.append(place)
        return missing


def rounds(
    runners: Sequence[StepRunner], builder: Builder, statements: Kept[Any, Any], *, is_noted: bool
) -> tuple[StepRunner | ReadAtOnce, ...]:
    """What is done one after the other to do all these steps, which stand in an order that they allow."""
    if builder.dialect != "postgres":
        return tuple(runners)
    columns = sum(each.width for each in map(step_of, runners) if isinstance(each, Rows | Count))
    if columns > MOST_COLUMNS:
        return tuple(runners)
    where: dict[int, str] = {}
    done: dict[str, list[Any]] = {"before": [], "at once": [], "after": []}
    for runner in runners:
        step = step_of(runner)
        where[step.number] = _when(step, {where[rows.number] for rows in stands_on(step)})
        done[where[step.number]].append(runner)
    together = done["at once"]
    if len(together) > 1:
        together = [ReadAtOnce(together, builder, statements, is_noted=is_noted)]
    return (*done["before"], *together, *done["after"])


def _when(step: Step, above: set[str]) -> str:
    """When a step is done that stands on steps which are done then."""
    match step:
        case Check():
            return "before"
        case Rows(root=Root(arguments=arguments)) | Count(root=Root(arguments=arguments)):
            return "before" if step.listing.by_value and arguments and not arguments.is_constant else "at once"
        case Rows(names=None) | Count():
            return "at once" if above in ({"before"}, {"at once"}) else "after"
    return "after"
