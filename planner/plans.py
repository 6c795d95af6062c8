"""Plans: made once for an operation, kept, and run for each request."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType
from graphql.execution.values import VariableValues, get_variable_values
from strawberry import Schema

from models.reading import Reading
from planner.at_once import ReadAtOnce, rounds
from planner.function import Writer
from planner.inputs import NotPlain, plain_variables
from planner.kept import Kept
from planner.reads import Notes
from planner.running import Run, StepRunner, runner
from planner.selection import CannotPlan, Chosen, Operation
from planner.shapes import Shape
from planner.statements import Builder, Statement
from planner.tree import Tree
from services.visibility import sight

#: Fields of all plans, and characters of all statements, that are kept: some 100 bytes each, and 1.
MOST_FIELDS = 200_000
MOST_SQL = 8_000_000


@dataclass(frozen=True)
class Plan:
    """The steps that read, in an order in which each finds what it stands on, and the function of the answer."""

    steps: tuple[StepRunner, ...]
    #: The same as it is done: some of them at once.
    rounds: tuple[StepRunner | ReadAtOnce, ...]
    function: Callable[[Run], Any]
    #: The function as text, for `qa explain`.
    text: str
    #: How many fields of the operation it answers.
    fields: int
    #: Tells what a run read, for who asks to know.
    notes: Notes | None = None

    async def answer(
        self, reading: Reading, viewer: Any, variables: VariableValues, loaders: Any, key: Any = None
    ) -> Any:
        """What the operation asks, ready for JSON. Raises whatever goes wrong: then graphql-core shall answer."""
        return self.function(await self.run(reading, viewer, variables, loaders, key))

    async def run(self, reading: Reading, viewer: Any, variables: VariableValues, loaders: Any, key: Any = None) -> Run:
        """A run with everything read that the function makes the answer of."""
        run = Run(viewer, variables, reading, loaders, key)
        for each in self.rounds:
            await each(run)
        return run


class Library:
    """The plans and the statements that are kept, of all operations together."""

    def __init__(self) -> None:
        self.plans: Kept[Any, Plan | CannotPlan] = Kept(MOST_FIELDS)
        self.statements: Kept[Any, Statement] = Kept(MOST_SQL)


class Plans:
    """The plans of one operation: it has one for each way its directives and orders can go, and each kind of viewer."""

    def __init__(self, schema: Schema, operation: Operation, library: Library) -> None:
        self.schema = schema
        self.operation = operation
        self._library = library
        self._plain = plain_variables(operation)

    def coerced(self, variables: dict[str, Any]) -> VariableValues | None:
        """The values of the operation's variables; None where graphql-core shall say what is wrong with them."""
        if self._plain is not None:
            try:
                return VariableValues({}, {name: make(variables[name]) for name, make in self._plain})
            except (KeyError, NotPlain):
                pass  # something is left out, or wrong
        declared = self.operation.definition.variable_definitions or ()
        coerced = get_variable_values(self.operation.schema, declared, variables, max_errors=1)
        return coerced if isinstance(coerced, VariableValues) else None

    def of_query(self, variables: VariableValues, viewer: Any, dialect: str, *, noting: bool = False) -> Plan:
        """The plan of the whole operation; `noting`, it can tell what a run read. Raises CannotPlan."""
        return self._plan((), variables, viewer, dialect, Tree.of_query, noting=noting)

    def of_row(
        self,
        place: tuple[str, ...],
        chosen: Chosen,
        wanted: GraphQLObjectType | None,
        variables: VariableValues,
        viewer: Any,
        dialect: str,
    ) -> Plan:
        """The plan of one row, which stands at `place` in the answer as an object of that type. Raises CannotPlan.

        Without a type it is the one that the row says, of those that the field may have.
        """
        place = (*place, wanted.name if wanted is not None else "")
        return self._plan(place, variables, viewer, dialect, lambda tree: tree.of_row(chosen, wanted))

    def _plan(
        self,
        place: tuple[str, ...],
        variables: VariableValues,
        viewer: Any,
        dialect: str,
        grow: Callable[[Tree], Shape],
        *,
        noting: bool = False,
    ) -> Plan:
        key = (self.operation, place, self.operation.shape(variables), sight(viewer), dialect, noting)
        kept = self._library.plans.get(key)
        if kept is None:
            kept = self._made(variables, viewer, dialect, grow, noting=noting)
            self._library.plans.put(key, kept, kept.fields if isinstance(kept, Plan) else 10)
        if isinstance(kept, CannotPlan):
            raise kept
        return kept

    def _made(
        self, variables: VariableValues, viewer: Any, dialect: str, grow: Callable[[Tree], Shape], *, noting: bool
    ) -> Plan | CannotPlan:
        tree = Tree(self.schema, self.operation, variables, dialect, viewer)
        builder = Builder(dialect, viewer)
        try:
            shape = grow(tree)
            steps = tuple(runner(step, builder, self._library.statements) for step in tree.steps.in_order())
            notes = Notes(steps, builder) if noting else None
            # Last: it takes rows apart, and notes want more columns of them.
            function, text = Writer().function(shape)
        except CannotPlan as reason:
            return reason
        at_once = rounds(steps, builder, self._library.statements, is_noted=noting)
        return Plan(steps, at_once, function, text, tree.fields, notes)
