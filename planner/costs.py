"""What an operation costs, read off the schema: each object that it may give is 1, and pages multiply.

    an object, a row        1, and what is asked of it
    a page of a list        1, and its size (`first`, `last`, or 20) times what is asked of a row
    any other list          as often as there are values in a list that it is given (`ids`), or 5 times
    a mutation              10 more; a subscription too, which runs anew at each change

A scalar costs nothing. The cost is that of the longest answer, known before anything is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    value_from_ast_untyped,
)

from models.paging import DEFAULT_PAGE_SIZE, MOST_PAGE_SIZE

#: What a mutation or a subscription costs beside what it shows.
DEED = 10
#: How long a list is taken to be whose length nobody gives.
LIST_SIZE = 5
_ENDS = ("first", "last")
_MOST_DIGITS = 10
#: How long the lists of introspection are in this schema, about; that of types is counted.
_INTROSPECTION = {"fields": 6, "args": 2, "inputFields": 3, "interfaces": 1, "enumValues": 5, "possibleTypes": 4}


@dataclass(frozen=True, slots=True)
class Size:
    """How often something is in the answer: so often, or as the variable of that name says."""

    often: int
    variable: str | None = None

    def of(self, variables: Mapping[str, Any]) -> int:
        """How often, with these variables as they were sent."""
        if self.variable is None:
            return self.often
        value = variables.get(self.variable)
        if type(value) is int:
            return min(max(value, 0), MOST_PAGE_SIZE)
        return len(value) if isinstance(value, list) else self.often


@dataclass(frozen=True, slots=True)
class Cost:
    """A sum: what is the same for all variables, and what they multiply."""

    fixed: int = 0
    multiplied: tuple[tuple[Size, "Cost"], ...] = ()

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.fixed + other.fixed, self.multiplied + other.multiplied)

    def times(self, size: Size) -> "Cost":
        """So often."""
        if size.variable is not None:
            return Cost(0, ((size, self),))
        return Cost(self.fixed * size.often, tuple((each, below.times(size)) for each, below in self.multiplied))

    def of(self, variables: Mapping[str, Any]) -> int:
        """The sum with these variables, as they were sent."""
        if not self.multiplied:
            return self.fixed
        return self.fixed + sum(size.of(variables) * below.of(variables) for size, below in self.multiplied)


def sent(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """The variables of an operation with their defaults."""
    declared = operation.variable_definitions or ()
    defaults = {
        each.variable.name.value: value_from_ast_untyped(each.default_value) for each in declared if each.default_value
    }
    return {**defaults, **variables} if defaults else variables


def cost_of(schema: GraphQLSchema, parent: str, field: GraphQLField, node: FieldNode, below: Cost) -> Cost:
    """What a field of the type `parent` costs, if what is asked of what it gives costs `below`."""
    shown = get_named_type(field.type)
    name = node.name.value
    if not is_composite_type(shown) or shown.name == "PageInfo":
        return Cost()
    if name in ("__schema", "__type"):
        return Cost(1 + below.fixed)
    if shown.name.startswith("__"):
        size = len(schema.type_map) if name == "types" else _INTROSPECTION.get(name, 1)
        return (Cost(1) + below).times(Size(size))
    if any(end in field.args for end in _ENDS):
        return Cost(1) + below.times(_page(node))
    if is_list_type(get_nullable_type(field.type)) and not parent.endswith("Connection"):
        return (Cost(1) + below).times(_length(node))
    # An edge is not a row: its node is. How many there are, the connection says.
    return (Cost() if parent.endswith("Connection") and name == "edges" else Cost(1)) + below


def _page(node: FieldNode) -> Size:
    """The size of a page."""
    for argument in node.arguments or ():
        if argument.name.value in _ENDS:
            match argument.value:
                case IntValueNode(value=digits) if len(digits) < _MOST_DIGITS:
                    return Size(min(max(int(digits), 0), MOST_PAGE_SIZE))
                case VariableNode():
                    return Size(DEFAULT_PAGE_SIZE, argument.value.name.value)
    return Size(DEFAULT_PAGE_SIZE)


def _length(node: FieldNode) -> Size:
    """The length of a list without pages."""
    for argument in node.arguments or ():
        match argument.value:
            case ListValueNode(values=values):
                return Size(len(values))
            case VariableNode():
                return Size(LIST_SIZE, argument.value.name.value)
    return Size(LIST_SIZE)
