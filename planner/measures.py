"""How large a document is, before it is validated: some of validation's rules take time by the square of what they see.

Each fragment is measured once, however often it is spread, and counts as often as it is spread. All of it depends on
the document alone, but what page sizes among the variables multiply (`planner.costs`). What is too large is refused at
once, with a message that names the limit and what to do (`settings.Limits`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    get_named_type,
)

from planner.costs import DEED, Cost, cost_of
from settings import Limits

#: Selection sets within each other, those of fragments too: so deep do our own steps go.
_MOST_NESTED = 100
#: Arguments of one field, and fields of one input object: more than any of the schema has are mistakes, and validation
#: takes long to tell so many.
_MOST_ARGUMENTS = 100
_HOLDERS = frozenset((list, dict))
_LISTS_OF_INTROSPECTION = ("fields", "interfaces", "possibleTypes", "inputFields")
_REMEDIES = {
    "operations": "Send each operation as a document of its own.",
    "fragments": "Send what one page needs, or spread fewer, larger fragments.",
    "depth": "Ask for what is further down by its id, with another request.",
    "root_fields": "Send several requests.",
    "aliases": "Use lists, such as nodes(ids: ...), or send several requests.",
    "overlaps": "Ask for each field once.",
    "introspection_depth": "Take the types by their names from one list.",
    "values": "Send fewer at once.",
    "arguments": "Give each once.",
    "cost": "Ask for smaller pages (first), or for fewer lists within lists.",
}


class TooLarge(GraphQLError):
    """What goes beyond a limit."""

    def __init__(self, limit: str, most: int, asked: int | None = None) -> None:
        found = "more" if asked is None else f"{asked:,}"
        remedy = _REMEDIES.get(limit, "Ask for less at once.")
        super().__init__(
            f"The limit of {limit.replace('_', ' ')} is {most:,}, and here are {found}. {remedy}",
            extensions={"code": "LIMIT_EXCEEDED", "limit": limit, "most": most} | ({"asked": asked} if asked else {}),
        )


@dataclass(slots=True)
class Measure:
    """The size of a selection set, everything in it counted."""

    selections: int = 0
    depth: int = 0
    roots: tuple[str, ...] = ()
    aliases: int = 0
    directives: int = 0
    introspection_depth: int = 0
    asks_schema: bool = False
    cost: Cost = field(default_factory=Cost)

    def add(self, other: "Measure") -> None:
        """What stands beside it in the same selection set."""
        self.selections += other.selections
        self.depth = max(self.depth, other.depth)
        self.roots += other.roots
        self.aliases += other.aliases
        self.directives += other.directives
        self.introspection_depth = max(self.introspection_depth, other.introspection_depth)
        self.asks_schema = self.asks_schema or other.asks_schema
        self.cost += other.cost


def measured(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> dict[int, Measure]:
    """The measure of each operation, by its definition's identity. Raises TooLarge, and GraphQLError for circles."""
    return _Measuring(schema, document, limits).operations()


def holds_others(variables: Mapping[str, Any]) -> bool:
    """Whether there is a list or an object among these variables: for most there is nothing to count."""
    return not _HOLDERS.isdisjoint(map(type, variables.values()))


def counted(variables: Mapping[str, Any], most: int) -> int:
    """How many values there are in lists and objects of these variables; past `most` they are not counted further."""
    pending = [each for each in variables.values() if type(each) in _HOLDERS]
    values = 0
    while pending and values <= most:
        each = pending.pop()
        values += len(each)
        if values <= most:
            pending += [below for below in (each.values() if type(each) is dict else each) if type(below) in _HOLDERS]
    return values


class _Measuring:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> None:
        self.schema = schema
        self.limits = limits
        self.document = document
        self.fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._values = 0
        self._measured: dict[str, Measure] = {}
        self._entered: list[FragmentSpreadNode] = []

    def operations(self) -> dict[int, Measure]:
        operations = [each for each in self.document.definitions if isinstance(each, OperationDefinitionNode)]
        self._check("operations", len(operations))
        self._check("fragments", len(self.document.definitions) - len(operations))
        measures = {id(each): self._operation(each) for each in operations}
        for name in self.fragments:  # those that nobody spreads are validated, too
            self._fragment(name, 0)
        return measures

    def _operation(self, operation: OperationDefinitionNode) -> Measure:
        root = self.schema.get_root_type(operation.operation)
        measure = self._selections(root, operation.selection_set, 0)
        measure.directives += len(operation.directives or ())
        self._check("root_fields", len(measure.roots))
        for limit in ("depth", "aliases", "directives", "introspection_depth"):
            self._check(limit, getattr(measure, limit))
        _Overlaps(self.fragments, self.limits.overlaps).count([operation.selection_set])
        if operation.operation is OperationType.QUERY:
            measure.cost += Cost(0 if measure.cost.fixed else 1)
        else:
            measure.cost += Cost(DEED * len(measure.roots))
        return measure

    def _selections(self, parent: GraphQLNamedType | None, selections: SelectionSetNode | None, nested: int) -> Measure:
        measure = Measure()
        if selections is None:
            return measure
        if nested > _MOST_NESTED:
            raise TooLarge("depth", self.limits.depth)
        for each in selections.selections:
            measure.selections += 1
            measure.directives += len(each.directives or ())
            match each:
                case FieldNode():
                    measure.add(self._field(parent, each, nested))
                case InlineFragmentNode():
                    condition = each.type_condition
                    inner = self.schema.get_type(condition.name.value) if condition else parent
                    measure.add(self._selections(inner, each.selection_set, nested + 1))
                case FragmentSpreadNode():
                    measure.add(self._spread(each, nested))
            # At each step: what fragments spread twice, again and again, grows by powers.
            self._check("selections", measure.selections)
        return measure

    def _field(self, parent: GraphQLNamedType | None, node: FieldNode, nested: int) -> Measure:
        name = node.name.value
        found = None
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            found = self.schema.get_field(parent, name)
        measure = self._selections(get_named_type(found.type) if found else None, node.selection_set, nested + 1)
        arguments = node.arguments or ()
        _check_arguments(len(arguments))
        self._values += sum(_listed(each.value) for each in arguments)
        self._check("values", self._values)
        measure.depth += 1
        measure.roots = (name,)
        measure.aliases += node.alias is not None
        measure.asks_schema = measure.asks_schema or name in ("__schema", "__type")
        if name in _LISTS_OF_INTROSPECTION and parent is not None and parent.name == "__Type":
            measure.introspection_depth += 1
        if found is not None and parent is not None:
            measure.cost = cost_of(self.schema, parent.name, found, node, measure.cost)
        return measure

    def _spread(self, spread: FragmentSpreadNode, nested: int) -> Measure:
        name = spread.name.value
        names = [each.name.value for each in self._entered]
        if name in names:
            circle = [*self._entered[names.index(name) :], spread]
            via = ", ".join(f"'{each.name.value}'" for each in circle[1:-1])
            raise GraphQLError(f"Cannot spread fragment '{name}' within itself{via and f' via {via}'}.", circle)
        self._entered.append(spread)
        try:
            return self._fragment(name, nested)
        finally:
            self._entered.pop()

    def _fragment(self, name: str, nested: int) -> Measure:
        found = self._measured.get(name)
        if found is None:
            fragment = self.fragments.get(name)
            if fragment is None:
                raise GraphQLError(f"Unknown fragment '{name}'.", self._entered[-1])  # in the words of validation
            inner = self.schema.get_type(fragment.type_condition.name.value)
            found = self._measured[name] = self._selections(inner, fragment.selection_set, nested + 1)
            found.directives += len(fragment.directives or ())
        return found

    def _check(self, limit: str, asked: int) -> None:
        most = getattr(self.limits, limit)
        if asked > most:
            raise TooLarge(limit, most, asked)


class _Overlaps:
    """Counts what validation will compare: each field with each other that gives the same key of the same object."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode], most: int) -> None:
        self.fragments = fragments
        self.most = most
        self.pairs = 0

    def count(self, together: Sequence[SelectionSetNode]) -> None:
        by_key: dict[str, dict[int, FieldNode]] = {}
        for each in self._fields(together):
            by_key.setdefault((each.alias or each.name).value, {})[id(each)] = each
        for fields in by_key.values():
            if len(fields) > 1:
                self.pairs += (len(fields) - 1) * sum(map(_words, fields.values())) // 2
                if self.pairs > self.most:
                    raise TooLarge("overlaps", self.most)
            if below := [each.selection_set for each in fields.values() if each.selection_set]:
                self.count(below)

    def _fields(self, together: Sequence[SelectionSetNode]) -> Iterator[FieldNode]:
        spread: set[str] = set()
        pending = list(together)
        while pending:
            for each in pending.pop().selections:
                if isinstance(each, FieldNode):
                    yield each
                elif isinstance(each, InlineFragmentNode):
                    pending.append(each.selection_set)
                elif isinstance(each, FragmentSpreadNode) and each.name.value not in spread:
                    spread.add(each.name.value)
                    if fragment := self.fragments.get(each.name.value):
                        pending.append(fragment.selection_set)


def _check_arguments(asked: int) -> None:
    if asked > _MOST_ARGUMENTS:
        raise TooLarge("arguments", _MOST_ARGUMENTS, asked)


def _listed(value: ValueNode) -> int:
    """How many values there are in the lists and objects of one that stands in the document."""
    if isinstance(value, ListValueNode):
        return len(value.values) + sum(map(_listed, value.values))
    if isinstance(value, ObjectValueNode):
        _check_arguments(len(value.fields))
        return len(value.fields) + sum(_listed(each.value) for each in value.fields)
    return 0


def _words(field: FieldNode) -> int:
    """How much there is to compare in a field: one, and its arguments by their length."""
    return 1 + sum((each.loc.end - each.loc.start) // 20 for each in field.arguments or () if each.loc)
