"""Documents that ask every field of the whole schema, of everything that has an id: what can be read at all.

They are made from the schema as it is served, so that a field that is added is asked, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_enum_type,
    is_non_null_type,
)

from schema import schema
from schema.nodes import split_id

#: The most nodes that are asked at once, and the page of a list.
_NODES, PAGE = 20, 5


@dataclass(frozen=True)
class Known:
    """What arguments that must be given are filled with: ids of everything, and names of some."""

    ids: Sequence[str]
    #: By the argument's name: `number`, `name`, `path` ...
    values: dict[str, Sequence[Any]] = field(default_factory=dict)
    #: How many nodes lie below a root field, or below a node: what is below those is asked of them, by their own ids.
    depth: int = 1
    #: Whether the nodes below those are named all the same, by their ids alone.
    names_below: bool = False


def documents(known: Known) -> Iterator[tuple[str, dict[str, Any]]]:
    """Queries, and their variables, that together ask every root field, and every field of every node of these ids.

    What differs from forum to forum is in the variables, so that the documents are read and planned once.
    """
    root = schema._schema.query_type
    assert root is not None
    for name, each in root.fields.items():
        if name not in ("node", "nodes"):
            filled = {argument: known.values[argument] for argument in each.args if argument in known.values}
            declared = ", ".join(f"${argument}: {each.args[argument].type}" for argument in filled)
            [part] = _asked(name, each, known, _depth(each, known))
            for way in range(max(map(len, filled.values()), default=1)):
                chosen = {argument: values[way % len(values)] for argument, values in filled.items()}
                yield f"query {f'({declared})' if declared else ''} {{ {part} }}", chosen
    node = schema._schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    for owner in schema._schema.get_possible_types(node):
        selection = _selection(owner, known, known.depth)
        its_own = [each for each in known.ids if _may_be(owner, each)]
        for start in range(0, max(len(its_own), 1), _NODES):
            ids = {"ids": its_own[start : start + _NODES]}
            yield f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {owner.name} {selection} }} }}", ids


def _may_be(owner: GraphQLObjectType, id: str) -> bool:
    """Whether an id may name a thing of that type: the three kinds of posts have one kind of id."""
    named = split_id(id)
    return named is not None and named[0] in {owner.name, *(each.name for each in owner.interfaces)}


def selection_of(kind: Any, known: Known, depth: int = 1) -> str:
    """All fields of an object, an interface or a union, and of nodes so many steps below it."""
    return _selection(get_named_type(kind), known, depth)


def fields_of_outputs() -> set[tuple[str, str]]:
    """All fields of all objects that queries can reach, by type and name."""
    root = schema._schema.query_type
    assert root is not None
    found: dict[str, GraphQLObjectType] = {}
    waiting: list[Any] = [root]
    while waiting:
        owner = waiting.pop()
        for each in schema._schema.get_possible_types(owner) if is_abstract_type(owner) else [owner]:
            if each.name not in found:
                found[each.name] = each
                below = [get_named_type(inner.type) for inner in each.fields.values()]
                waiting += [kind for kind in below if is_composite_type(kind)]
    return {(name, each) for name, owner in found.items() for each in owner.fields}


def _selection(owner: Any, known: Known, depth: int) -> str:
    parts = ["__typename"]
    if is_abstract_type(owner):
        parts += [
            f"... on {each.name} {_selection(each, known, depth)}" for each in schema._schema.get_possible_types(owner)
        ]
    else:
        for name, each in owner.fields.items():
            parts += _asked(name, each, known, depth)
    return f"{{ {' '.join(parts)} }}"


def _asked(name: str, definition: GraphQLField, known: Known, depth: int) -> Iterator[str]:
    """A field with all that is below it; once for each way in which its arguments are filled."""
    below = get_named_type(definition.type)
    selection = ""
    if is_composite_type(below):
        depth -= _is_node(below)
        if depth < 0 and not is_abstract_type(below) and not known.names_below:
            return
        # Of things of several kinds: that they are there.
        named = " { __typename id_ID_0: id }" if known.names_below else " { __typename }"
        selection = f" {_selection(below, known, depth)}" if depth >= 0 else named
    for number, arguments in enumerate(_arguments(definition, known)):
        # Interfaces' fields stand in several objects: one alias for each way keeps them apart.
        yield f"{name}_{below.name}_{number}: {name}{arguments}{selection}"


def _depth(root_field: GraphQLField, known: Known) -> int:
    """How deep a root field is asked: lists of things of several kinds are long enough with one step less."""
    nodes = getattr(get_named_type(root_field.type), "fields", {}).get("nodes")
    return max(0, known.depth - (nodes is not None and is_abstract_type(get_named_type(nodes.type))))


def _is_node(kind: Any) -> bool:
    """Whether its values have ids, so that they are asked of themselves anyway."""
    return "id" in kind.fields if hasattr(kind, "fields") else True


def _arguments(definition: GraphQLField, known: Known) -> Iterator[str]:
    written: dict[str, list[str]] = {}
    for name, argument in definition.args.items():
        is_needed = is_non_null_type(argument.type) and argument.default_value is Undefined
        if name == "first":
            written[name] = [str(PAGE)]
        elif name in known.values:
            written[name] = [f"${name}"]
        elif is_needed and is_enum_type(get_named_type(argument.type)):
            kind: Any = get_named_type(argument.type)
            written[name] = list(kind.values)
        elif is_needed:
            raise AssertionError(f"what is `{name}` of {definition}?")
    ways = max([len(each) for each in written.values()], default=1)
    for way in range(ways):
        chosen = ", ".join(f"{name}: {values[way % len(values)]}" for name, values in written.items())
        yield f"({chosen})" if chosen else ""
