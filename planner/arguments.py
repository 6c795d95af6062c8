"""The arguments of a field, as the functions beside the field take them."""

from typing import Any

from graphql import FieldNode, GraphQLField, VariableNode, get_nullable_type, is_leaf_type
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
        self._leaves = None if self.is_constant else self._only_leaves()

    def read(self, variables: VariableValues = NO_VARIABLES) -> dict[str, Any]:
        """The arguments by their Python names. Raises what graphql-core raises for wrong ones."""
        if self.is_constant:
            return self._constant
        if self._leaves is not None:
            found = {name: variables.coerced.get(variable) for name, variable in self._leaves}
            if None not in found.values():
                return found
        return self._read(variables)

    def _only_leaves(self) -> list[tuple[str, str]] | None:
        """The Python name and the variable of each argument, if each is a variable that stands for a leaf.

        Such a value, unless it is null, is already what Strawberry would make of it.
        """
        names = {
            self._schema.config.name_converter.from_argument(each): each.python_name
            for each in self._definition.extensions["strawberry-definition"].arguments
        }
        leaves = []
        for argument in self._node.arguments or ():
            kind = get_nullable_type(self._definition.args[argument.name.value].type)
            if not isinstance(argument.value, VariableNode) or not is_leaf_type(kind):
                return None
            leaves.append((names[argument.name.value], argument.value.name.value))
        return leaves

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
