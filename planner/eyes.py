"""Whether what an operation selects looks different to different viewers, beside the rules for who may see a row.

A subscription that does not look at its viewer is answered once for all who may see the same.
"""

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLObjectType, get_named_type, is_abstract_type
from graphql.execution.values import VariableValues

from planner import sources
from planner.selection import TYPENAME, CannotPlan, Chosen, Operation


def looks_at_viewer(operation: Operation, variables: VariableValues) -> bool:
    """Whether some field below the root fields looks at the viewer, or may do so, for all that its word says."""
    try:
        return any(_looks(operation, variables, each) for each in operation.chosen(variables))
    except CannotPlan:
        return True


def _looks(operation: Operation, variables: VariableValues, chosen: Chosen) -> bool:
    is_connection = isinstance(chosen.source, sources.Pages)  # whose own fields say nothing, and show its rows
    return any(
        below.name != TYPENAME and ((not is_connection and _itself_looks(below)) or _looks(operation, variables, below))
        for owner in _possible(operation, chosen)
        for below in operation.chosen_below(variables, owner, chosen.details)
    )


def _itself_looks(chosen: Chosen) -> bool:
    match chosen.source:
        case None:
            return chosen.strawberry.base_resolver is not None  # which may do anything
        case sources.Pure(viewer=looks):
            return looks
        case sources.Mine():
            return True
    return False


def _possible(operation: Operation, chosen: Chosen) -> Iterator[GraphQLObjectType]:
    wanted: Any = get_named_type(chosen.definition.type)
    if isinstance(wanted, GraphQLObjectType):
        yield wanted
    elif is_abstract_type(wanted):
        yield from operation.schema.get_possible_types(wanted)
