"""Everything that can be read of some things: documents that ask for each field that the schema has."""

from collections.abc import Iterator

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_enum_type,
    is_leaf_type,
    is_required_argument,
)

from schema import schema

#: How many types deep each document goes: from an answer to its comments and their authors, say.
_DEPTH = 4


def everything(ids: dict[str, str], given: dict[str, str]) -> Iterator[str]:
    """A document for each field of the root, and for each type of node, one of which has the id in `ids`.

    `given` are the root's other arguments as they stand in a document, by name.
    """
    types = schema._schema.type_map
    for kind, node_id in ids.items():
        yield f'{{ node(id: "{node_id}") {{ ... on {kind} {_selection(types[kind], ())} }} }}'
    for name, field in types["Query"].fields.items():  # type: ignore[attr-defined]
        if (asked := _field(name, field, ("Query",), given)) is not None:
            yield f"{{ {asked} }}"


def _selection(kind: GraphQLNamedType, above: tuple[str, ...]) -> str:
    if is_abstract_type(kind):
        parts = (f"... on {each.name} {_selection(each, above)}" for each in schema._schema.get_possible_types(kind))
        return f"{{ __typename {' '.join(parts)} }}"
    assert isinstance(kind, GraphQLObjectType)
    # Aliases: what two types of an interface call alike may be of different types.
    fields = (
        _field(name, each, (*above, kind.name), {}, f"{kind.name}_{name}: ") for name, each in kind.fields.items()
    )
    return f"{{ __typename {' '.join(filter(None, fields))} }}"


def _field(
    name: str, field: GraphQLField, above: tuple[str, ...], given: dict[str, str], alias: str = ""
) -> str | None:
    """The field as a document asks for it; None where nobody says with what, or it leads back, or too deep."""
    arguments = {each: given[each] for each in field.args if each in given}
    for each, wanted in field.args.items():
        kind = get_named_type(wanted.type)
        if is_required_argument(wanted) and each not in arguments:
            if not is_enum_type(kind):
                return None
            arguments[each] = next(iter(kind.values))
    if "first" in field.args:
        arguments["first"] = "3"
    asked = f"{alias}{name}"
    if arguments:
        asked += f"({', '.join(f'{each}: {value}' for each, value in arguments.items())})"
    kind = get_named_type(field.type)
    if is_leaf_type(kind):
        return asked
    if kind.name in above or len(above) == _DEPTH:
        return None
    return f"{asked} {_selection(kind, above)}"
