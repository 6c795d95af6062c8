"""The arguments of a field, as the functions beside the field take them."""

from typing import Any

from graphql import FieldNode, GraphQLField, VariableNode
from graphql.execution.values import VariableValues, get_argument_values
from strawberry import Schema
from strawberry.types.arguments import convert_arguments

#: For arguments that look at none.
NO_VARIABLES = VariableValues({}, {})


class Arguments:
    """A field's arguments in one operation: known from the document, or read from the variables of each request."""

    def __init__(self, schema: Schema, definition: GraphQLField, node: FieldNode) -> None:
        self._schema = schema
        self._definition = definition
        self._node = node
        self.is_constant = not any(_has_variable(argument.value) for argument in node.arguments or ())
        self._constant = self._read(NO_VARIABLES) if self.is_constant else {}

    def read(self, variables: VariableValues = NO_VARIABLES) -> dict[str, Any]:
        """The arguments by their Python names. Raises what graphql-core raises for wrong ones."""
        return self._constant if self.is_constant else self._read(variables)

    def _read(self, variables: VariableValues) -> dict[str, Any]:
        field = self._definition.extensions["strawberry-definition"]
        return convert_arguments(
            get_argument_values(self._definition, self._node, variables),
            field.arguments,
            self._schema.schema_converter.scalar_registry,
            self._schema.config,
        )


def _has_variable(value: Any) -> bool:
    if isinstance(value, VariableNode):
        return True
    inner = [*getattr(value, "values", ()), *(field.value for field in getattr(value, "fields", ()))]
    return any(_has_variable(each) for each in inner)
