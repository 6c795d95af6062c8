"""What `qa explain` tells of a document: by which plans an operation is answered, and what is left to graphql-core."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, OperationType
from graphql.execution.values import VariableValues, get_variable_values

from models.database import dialect
from models.reading import Reading
from planner.deeds import Deed
from planner.described import Described, Describer
from planner.documents import Document, Documents
from planner.foreseen import Foreseen, fields_of, parts, samples
from planner.plans import Plan
from planner.selection import CannotPlan


class CannotExplain(Exception):
    """The document, the name of the operation or the variables are wrong; `errors` say how, and where it is known."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(*errors)
        self.errors = errors


@dataclass
class Part:
    """The whole of a query, or a row of a mutation or subscription: what answers it."""

    #: Where the row stands in the answer, and as which types; empty where the part is the whole of a query.
    place: str
    types: list[str]
    plan: Plan | None
    #: Why there is no plan.
    reason: str
    steps: list[Described] = field(default_factory=list)

    @property
    def statements(self) -> int:
        """How many statements it sends; a lookup's are its dataloader's."""
        return sum(bool(step.sql) for step in self.steps)


@dataclass
class Explanation:
    """How an operation is answered to one viewer."""

    #: `query`, `mutation` or `subscription`, and its name.
    kind: str
    name: str
    parts: list[Part]
    #: That graphql-core executes what is around the parts, and why; empty where it does not.
    around: str
    #: Fields as they stand in the document, those of fragments once; and how many of them a plan answers.
    fields: int
    compiled: int
    #: Values of variables that nobody gave, made up.
    made_up: dict[str, Any]
    variables: VariableValues
    viewer: Any

    async def run(self, loaders: Any) -> dict[str, list[str]]:
        """Run a query that has a plan; for each statement, how the database runs it, in its own words.

        Raises whatever goes wrong, as the plan does.
        """
        [part] = self.parts
        assert part.plan is not None  # noqa: S101  said above
        reading = _Explaining()
        await part.plan.answer(reading, self.viewer, self.variables, loaders)
        return reading.found


def explain(
    documents: Documents,
    text: str,
    operation: str | None = None,
    given: dict[str, Any] | None = None,
    viewer: Any = None,
) -> list[Explanation]:
    """How an operation of a document is answered, or each of them, in the dialect of the configured database.

    `given` are variables; for those that must be and are not among them, values are made up. Raises CannotExplain.
    """
    try:
        document = documents.read(text)
        if document.errors:
            raise CannotExplain(document.errors)
        wanted = document.operations if operation is None else [document.operation(operation)]
    except GraphQLError as error:
        raise CannotExplain([error]) from error
    declared = {each.variable.name.value for one in wanted for each in one.variable_definitions or ()}
    if unknown := [name for name in given or {} if name not in declared]:
        raise CannotExplain([GraphQLError(f"There is no variable ${name}.") for name in unknown])
    return [_explained(document, definition, given or {}, viewer) for definition in wanted]


def bound_names(plan: Plan) -> dict[str, str]:
    """What the names that a plan's function works with stand for."""
    names: dict[str, Any] = plan.function.__globals__
    used = sorted(set(re.findall(r"\bv\d+\b", plan.text)), key=lambda name: int(name[1:]))
    return {name: getattr(names[name], "__qualname__", None) or repr(names[name])[:80] for name in used}


def _explained(
    document: Document, definition: OperationDefinitionNode, given: dict[str, Any], viewer: Any
) -> Explanation:
    schema = document.schema._schema
    made_up = samples(schema, definition, given)
    variables = get_variable_values(schema, definition.variable_definitions or (), given | made_up)
    if not isinstance(variables, VariableValues):
        raise CannotExplain(variables)
    plans = document.plans(definition)
    foreseen = parts(plans, variables, viewer, dialect())
    try:
        told = _merged([_part(each, viewer, variables) for each in foreseen])
    except Exception as error:
        # Functions of the arguments refuse what the client sent; graphql-core tells them the same.
        raise CannotExplain([GraphQLError(str(error))]) from error
    around = _around(document, definition)
    kind, name = definition.operation.value, definition.name.value if definition.name else ""
    everything = fields_of(plans.operation, [definition])
    compiled = everything if not around else frozenset().union(*(each.fields for each in foreseen))
    left = frozenset().union(*(each.fields for each in foreseen if each.plan is None))
    counts = len(everything), len(compiled - left)
    return Explanation(kind, name, told, around, *counts, made_up, variables, viewer)


def _around(document: Document, definition: OperationDefinitionNode) -> str:
    """That graphql-core executes what no part of an operation answers, and why; empty where it does not."""
    plans = document.plans(definition)
    match definition.operation:
        case OperationType.QUERY:
            return ""
        case OperationType.SUBSCRIPTION:
            return "graphql-core executes the subscription; the rows that it sends are read by plans"
    try:
        Deed(document.schema, plans.operation, plans)
    except CannotPlan as reason:
        return f"graphql-core executes the mutation, and plans read the rows that it gives: {reason}"
    return ""


def _part(foreseen: Foreseen, viewer: Any, variables: VariableValues) -> Part:
    steps = [] if foreseen.plan is None else Describer(foreseen.plan, viewer, variables).steps()
    return Part(foreseen.place, [foreseen.type_name], foreseen.plan, foreseen.reason, steps)


def _merged(told: list[Part]) -> list[Part]:
    """A row that may have several types often reads alike as each of them: such parts become one."""
    merged: list[Part] = []
    for part in told:
        last = merged[-1] if merged else None
        if last and (last.place, last.steps, last.reason) == (part.place, part.steps, part.reason):
            last.types += part.types
        else:
            merged.append(part)
    return merged


class _Explaining(Reading):
    """A reading that asks the database how it runs each statement, and then has it run."""

    def __init__(self) -> None:
        super().__init__()
        #: By statement; of one that is sent more than once, with the values of the first time.
        self.found: dict[str, list[str]] = {}

    async def __call__(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """The rows of a statement."""
        asking, place = ("EXPLAIN QUERY PLAN", 3) if self.dialect == "sqlite" else ("EXPLAIN", 0)
        self.found.setdefault(sql, [row[place] for row in await super().__call__(f"{asking} {sql}", values)])
        return await super().__call__(sql, values)
