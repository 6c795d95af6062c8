"""Steps that are read at once: on PostgreSQL one statement of all that can be known from each other's rows.

    before     lists of the whole site whose filter comes with the request: each filter has a statement of its own
    at once    all that stands on these, or on nothing
    after      what stands on names that Python takes apart; dataloaders
"""

from collections.abc import Sequence
from typing import Any

from planner.compound import Compound, compound, is_inside
from planner.kept import Kept
from planner.running import CountRows, ReadRows, Run, StepRunner, is_missing, parent_of, step_of
from planner.shapes import Check, Count, Root, Rows, Step
from planner.statements import Builder, Ends
from planner.steps import stands_on


class ReadAtOnce:
    """Reads what some steps read, by one statement."""

    def __init__(
        self, runners: Sequence[ReadRows | CountRows], builder: Builder, statements: Kept[Any, Any], *, is_noted: bool
    ) -> None:
        self.runners = runners
        self.steps: list[Rows | Count] = [each.rows if isinstance(each, ReadRows) else each.count for each in runners]
        self._builder = builder
        self._statements = statements
        places = {step.number for step in self.steps}
        self._is_inside = [is_inside(step, places) for step in self.steps]
        # The keys of many are known to the database alone, unless somebody asks what was read.
        self._needs_parent = [is_noted or step.has_one_parent or step.root is not None for step in self.steps]

    async def __call__(self, run: Run) -> None:
        windows = [each.window(run) if isinstance(each, ReadRows) else None for each in self.runners]
        parents = [
            None if is_within else parent_of(step, run)
            for step, is_within in zip(self.steps, self._is_inside, strict=True)
        ]
        statement = self.statement(windows, parents)
        if statement is None:
            for runner in self.runners:
                await runner(run)
            return
        found = await run.read(statement.sql, statement.values(run.viewer, parents, windows))
        for place, rows in enumerate(statement.by_step(found)):
            runner, step, window = self.runners[place], self.steps[place], windows[place]
            parent = parent_of(step, run) if self._needs_parent[place] and self._is_inside[place] else parents[place]
            if self._needs_parent[place] and is_missing(parent, step):
                runner.take_none(run, window, parent)  # type: ignore[arg-type]  # a count has no window
            else:
                runner.take(run, window, parent, rows)  # type: ignore[arg-type]

    def statement(self, windows: Sequence[Any], parents: Sequence[Any]) -> Compound | None:
        """The statement that reads such pages; None where a list by value has no value."""
        values = []
        for step, parent in zip(self.steps, parents, strict=True):
            if step.listing.by_value and parent is None:
                return None
            values.append(parent if step.listing.by_value else None)
        ends = tuple(
            each.ends(window) if isinstance(each, ReadRows) else Ends()
            for each, window in zip(self.runners, windows, strict=True)
        )
        key = (self, ends, tuple(values))
        statement: Compound | None = self._statements.get(key)
        if statement is None:
            statement = compound(self._builder, self.steps, ends, values)
            self._statements.put(key, statement, len(statement.sql))
        return statement


def rounds(
    runners: Sequence[StepRunner], builder: Builder, statements: Kept[Any, Any], *, is_noted: bool
) -> tuple[StepRunner | ReadAtOnce, ...]:
    """What is done one after the other to do all these steps, which stand in an order that they allow."""
    if builder.dialect != "postgres":
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
