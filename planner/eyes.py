"""Whether what an operation selects looks different to different viewers, beside the rules for who may see a row.

A subscription that does not look at its viewer is answered once for all who may see the same.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from graphql import GraphQLObjectType, get_named_type, is_abstract_type
from graphql.execution.values import VariableValues

from planner import sources
from planner.selection import TYPENAME, CannotPlan, Chosen, Operation


class Looks(IntEnum):
    """For whom it may look different."""

    NOBODY = 0
    #: Those with an account: rows that a viewer has made.
    ACCOUNTS = 1
    #: Visitors too: what they may do depends on where they come from.
    ANYBODY = 2


def looks(operation: Operation, variables: VariableValues) -> Looks:
    """For whom a field below the root fields may look different, for all that its word says."""
    shape = operation.shape(variables)
    known = operation.looks.get(shape)
    if known is None:
        try:
            found = [_looks(operation, variables, each) for each in operation.chosen(variables)]
        except CannotPlan:
            found = [Looks.ANYBODY]
        known = operation.looks[shape] = max(found)
    return Looks(known)


def _looks(operation: Operation, variables: VariableValues, chosen: Chosen) -> Looks:
    is_connection = isinstance(chosen.source, sources.Pages)  # whose own fields say nothing, and show its rows
    found = Looks.NOBODY
    for owner in _possible(operation, chosen):
        for below in operation.chosen_below(variables, owner, chosen.details):
            if below.name != TYPENAME:
                itself = Looks.NOBODY if is_connection else _itself_looks(below)
                found = max(found, itself, _looks(operation, variables, below))
    return found


def _itself_looks(chosen: Chosen) -> Looks:
    match chosen.source:
        case None if chosen.strawberry.base_resolver is not None:
            return Looks.ANYBODY  # it may do anything
        case sources.Pure(viewer=True):
            return Looks.ANYBODY
        case sources.Mine():
            return Looks.ACCOUNTS
    return Looks.NOBODY


def _possible(operation: Operation, chosen: Chosen) -> Iterator[GraphQLObjectType]:
    wanted: Any = get_named_type(chosen.definition.type)
    if isinstance(wanted, GraphQLObjectType):
        yield wanted
    elif is_abstract_type(wanted):
        yield from operation.schema.get_possible_types(wanted)
