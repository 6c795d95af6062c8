"""Objects of the answer that are no rows: what a function gives, such as a permission; their fields are attributes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, get_named_type, get_nullable_type, is_leaf_type

from planner import values
from planner.selection import TYPENAME, CannotPlan, Chosen

if TYPE_CHECKING:
    from planner.tree import Tree

Maker = Callable[[Any], Any]


def made_of_result(tree: "Tree", chosen: Chosen) -> Maker:
    """What makes the result of a function ready for the answer: leaves, objects, and lists of either."""
    wanted = chosen.definition.type
    if is_leaf_type(get_named_type(wanted)):
        return values.completed(wanted)
    return _made(tree, wanted, chosen)


def _made(tree: "Tree", wanted: Any, chosen: Chosen) -> Maker:
    is_required = isinstance(wanted, GraphQLNonNull)
    match get_nullable_type(wanted):
        case GraphQLObjectType() as owner:
            return _object(tree, owner, chosen, is_required=is_required)
        case GraphQLList() as several if is_required:
            made = _made(tree, several.of_type, chosen)
            return lambda results: [made(each) for each in results]
    raise CannotPlan(f"{chosen.name}: a function that gives neither leaves nor objects")


def _object(tree: "Tree", owner: GraphQLObjectType, chosen: Chosen, *, is_required: bool) -> Maker:
    attributes: list[tuple[str, str, Maker]] = []
    for each in tree.chosen_below(owner, chosen):
        if each.name == TYPENAME:
            attributes.append((each.key, "__class__", lambda _: owner.name))
        elif each.strawberry.base_resolver is None:
            attributes.append((each.key, each.strawberry.python_name, made_of_result(tree, each)))
        else:
            raise CannotPlan(f"{owner.name}.{each.name}: a resolver of an object that is no row")

    def shown(value: Any) -> Any:
        if value is None and not is_required:
            return None
        return {key: made(getattr(value, name)) for key, name, made in attributes}

    return shown
