"""What can be planned of an operation before anybody has sent it: for `qa explain`, and to be ready at the start.

A query has one plan. Of a mutation or a subscription each row that it may give has one, as `executor` will ask for it.
Which rows those are is known from the types alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    is_leaf_type,
    is_required_input_field,
    type_from_ast,
)
from graphql.execution.values import VariableValues

from planner.plans import Plan, Plans
from planner.selection import TYPENAME, CannotPlan, Chosen, Operation
from planner.tree import view_of

#: What stands for a value that nobody gave: the first of these that its scalar takes.
_SAMPLES = (1, "1", True, "2000-01-01T00:00:00Z")


@dataclass(frozen=True)
class Foreseen:
    """A part of an operation: its plan, or why graphql-core answers it."""

    #: Where the row stands in the answer, and its type; both empty where the part is the whole of a query.
    place: str
    type_name: str
    plan: Plan | None
    reason: str
    #: The fields of the document that belong to the part, by the identity of their nodes.
    fields: frozenset[int]


def parts(
    plans: Plans, variables: VariableValues, viewer: Any, dialect: str, *, noting: bool = False
) -> list[Foreseen]:
    """The parts of an operation that the planner is asked for; `noting` as for `Plans.of_query`."""
    operation = plans.operation
    if operation.definition.operation is OperationType.QUERY:
        made = _made(lambda: plans.of_query(variables, viewer, dialect, noting=noting))
        return [Foreseen("", "", *made, fields_of(operation, [operation.definition]))]
    found = []
    for place, chosen, wanted in _rows(operation, variables):
        made = _made(lambda: plans.of_row(place, chosen, wanted, variables, viewer, dialect))  # noqa: B023  called now
        fields = fields_of(operation, [details.node for details in chosen.details])
        found.append(Foreseen(".".join(place), wanted.name, *made, fields))
    return found


def samples(schema: GraphQLSchema, definition: OperationDefinitionNode, given: dict[str, Any]) -> dict[str, Any]:
    """Values for the variables that an operation must have, and that are not `given`."""
    made = {}
    for declared in definition.variable_definitions or ():
        name, wanted = declared.variable.name.value, type_from_ast(schema, declared.type)
        if isinstance(wanted, GraphQLNonNull) and declared.default_value is None and name not in given:
            made[name] = _sample(wanted)
    return made


def fields_of(operation: Operation, nodes: Sequence[Any]) -> frozenset[int]:
    """The fields that stand below these nodes of the document, fragments followed; each once, by identity."""
    found: set[int] = set()
    spread: set[str] = set()
    pending = list(nodes)
    while pending:
        selections = pending.pop().selection_set
        for each in selections.selections if selections else ():
            if isinstance(each, FragmentSpreadNode):
                if each.name.value in spread:
                    continue
                spread.add(each.name.value)
                pending.append(operation.fragments[each.name.value].definition)
            else:
                pending.append(each)
                found |= {id(each)} if isinstance(each, FieldNode) else set()
    return frozenset(found)


def _made(plan: Callable[[], Plan]) -> tuple[Plan | None, str]:
    try:
        return plan(), ""
    except CannotPlan as reason:
        return None, str(reason)
    except Exception as bug:  # as `planner.planned` does: graphql-core answers
        return None, f"{type(bug).__name__}: {bug}"


def _rows(
    operation: Operation, variables: VariableValues
) -> Iterator[tuple[tuple[str, ...], Chosen, GraphQLObjectType]]:
    """Each field whose value is a row, at its place in the answer, with each type that the row may have."""
    pending: list[tuple[tuple[str, ...], Chosen]] = [((each.key,), each) for each in operation.chosen(variables)]
    for place, chosen in pending:
        if chosen.name == TYPENAME or is_leaf_type(get_named_type(chosen.definition.type)):
            continue
        for wanted in possible(operation.schema, chosen):
            try:
                view_of(wanted)
            except CannotPlan:
                below = operation.chosen_below(variables, wanted, chosen.details)
                pending += [((*place, each.key), each) for each in below]
            else:
                yield place, chosen, wanted


def possible(schema: GraphQLSchema, chosen: Chosen) -> Sequence[GraphQLObjectType]:
    """The object types that the value of a field may have."""
    wanted: Any = get_named_type(chosen.definition.type)
    return [wanted] if isinstance(wanted, GraphQLObjectType) else list(schema.get_possible_types(wanted))


def _sample(wanted: Any) -> Any:
    match wanted:
        case GraphQLNonNull():
            return _sample(wanted.of_type)
        case GraphQLList():
            return [_sample(wanted.of_type)]
        case GraphQLEnumType():
            return next(iter(wanted.values))
        case GraphQLInputObjectType():
            return {
                name: _sample(field.type) for name, field in wanted.fields.items() if is_required_input_field(field)
            }
    return next((each for each in _SAMPLES if _takes(wanted, each)), None)


def _takes(scalar: Any, value: Any) -> bool:
    try:
        scalar.coerce_input_value(value)
    except Exception:  # whatever a scalar raises
        return False
    return True
