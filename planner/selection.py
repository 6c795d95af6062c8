"""An operation as it was asked: which fields of which types, fragments spread and duplicates merged.

graphql-core's own collecting does it, so that the order and the merging of fields are the executor's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    get_nullable_type,
    print_ast,
    type_from_ast,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

TYPENAME = "__typename"


class CannotPlan(Exception):
    """Something in an operation that the planner leaves to graphql-core's executor; the message says what."""


@dataclass(frozen=True)
class Chosen:
    """One key of an object in the answer, and the field whose value it gets."""

    key: str
    name: str
    definition: GraphQLField
    details: tuple[FieldDetails, ...]

    @property
    def node(self) -> FieldNode:
        """The field as it stands in the document; where it stands there more than once, the first time."""
        return self.details[0].node

    @property
    def source(self) -> Any:
        """The word that stands beside the field (`planner.sources`), if one does."""
        return self.strawberry.metadata.get("source")

    @property
    def strawberry(self) -> Any:
        """The Strawberry field."""
        return self.definition.extensions["strawberry-definition"]


class Operation:
    """One operation of a document, with the variables that decide what is selected in it."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, definition: OperationDefinitionNode) -> None:
        self.schema = schema
        self.document = document
        self.definition = definition
        self.fragments = {
            each.name.value: FragmentDetails(each)
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        self.root = schema.get_root_type(definition.operation)
        self.shaping = tuple(sorted(self._shaping_variables()))
        #: For whom it looks different, by its shape, once somebody wanted to know: see `planner.eyes`.
        self.looks: dict[tuple[Any, ...], int] = {}

    @property
    def has_variables_below(self) -> bool:
        """Whether variables are used anywhere but in the arguments of the root fields."""
        roots = [each for each in self.definition.selection_set.selections if isinstance(each, FieldNode)]
        of_roots = {id(node) for root in roots for argument in root.arguments or () for node in _nodes(argument)}
        declared = {id(node) for each in self.definition.variable_definitions or () for node in _nodes(each)}
        return any(
            isinstance(node, VariableNode) and id(node) not in of_roots and id(node) not in declared
            for node in _nodes(self.document)
        )

    def shape(self, variables: VariableValues) -> tuple[Any, ...]:
        """The values that decide which fields there are, and in which order lists stand: each needs its own plan."""
        return tuple(variables.coerced.get(name) for name in self.shaping)

    def chosen(self, variables: VariableValues) -> list[Chosen]:
        """What is asked of the root type."""
        assert self.root is not None  # noqa: S101  a valid operation has one
        collected = collect_fields(self.schema, self.fragments, variables, self.root, self.definition)
        return _chosen(self.root, collected.grouped_field_set)

    def chosen_below(
        self, variables: VariableValues, parent: GraphQLObjectType, details: Sequence[FieldDetails]
    ) -> list[Chosen]:
        """What is asked of an object of type `parent`, which stands for those fields."""
        collected = collect_subfields(self.schema, self.fragments, variables, self.definition, parent, list(details))
        return _chosen(parent, collected.grouped_field_set)

    def _shaping_variables(self) -> Iterator[str]:
        for declared in self.definition.variable_definitions or ():
            wanted: Any = type_from_ast(self.schema, declared.type)
            if isinstance(get_nullable_type(wanted), GraphQLEnumType):  # of several, nothing depends: they filter
                yield declared.variable.name.value
        for node in _nodes(self.document):
            if isinstance(node, DirectiveNode):
                for argument in node.arguments or ():
                    if isinstance(argument.value, VariableNode):
                        yield argument.value.name.value


def arguments_text(node: FieldNode) -> tuple[str, ...]:
    """The arguments of a field as text: equal texts are equal arguments."""
    return tuple(sorted(print_ast(argument) for argument in node.arguments or ()))


def _chosen(parent: GraphQLObjectType, grouped: dict[str, list[FieldDetails]]) -> list[Chosen]:
    chosen = []
    for key, details in grouped.items():
        name = details[0].node.name.value
        if name.startswith("__") and name != TYPENAME:
            raise CannotPlan(f"{name}: introspection")
        definition = parent.fields.get(name)
        if definition is not None or name == TYPENAME:
            chosen.append(Chosen(key, name, definition, tuple(details)))
    return chosen


def _nodes(node: Any) -> Iterator[Any]:
    """Every node of a document."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        for key in node.keys:
            value = getattr(node, key, None)
            pending += [each for each in value if hasattr(each, "keys")] if isinstance(value, tuple) else []
            if hasattr(value, "keys") and not isinstance(value, dict | tuple):
                pending.append(value)
