"""What a client sends, as the functions of the schema take it: the short way for values that are plainly right.

graphql-core and Strawberry go through each value twice, and can tell what is wrong with it. A `Maker` goes through it
once, and gives up (`NotPlain`) at the first thing that is not plain: then they shall see to it.
"""

from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLString,
    Undefined,
    get_nullable_type,
    is_leaf_type,
    type_from_ast,
)
from strawberry.types.base import has_object_definition

from planner.selection import Operation

#: Makes a Python value of a JSON value.
Maker = Callable[[Any], Any]
_INT_BITS = 31


class NotPlain(Exception):
    """A value that takes graphql-core to judge it."""


def maker(wanted: GraphQLInputType) -> Maker:
    """The maker of values of a GraphQL type. Raises NotPlain for a type that has no short way."""
    if isinstance(wanted, GraphQLNonNull):
        return _required(maker(wanted.of_type))
    if isinstance(wanted, GraphQLList):
        return _list(maker(wanted.of_type))
    if isinstance(wanted, GraphQLEnumType):
        return _member(wanted)
    if isinstance(wanted, GraphQLInputObjectType):
        return _object(wanted)
    if wanted in (GraphQLID, GraphQLString):
        return _text
    if wanted is GraphQLInt:
        return _int
    if wanted is GraphQLBoolean:
        return _bool
    raise NotPlain(f"{wanted}: no short way")


def plain_variables(operation: Operation) -> list[tuple[str, Maker]] | None:
    """The variables of an operation and their makers, if all of them are leaves without defaults.

    What they make is then what graphql-core coerces.
    """
    makers = []
    for each in operation.definition.variable_definitions or ():
        wanted: Any = type_from_ast(operation.schema, each.type)
        if each.default_value is not None or not is_leaf_type(get_nullable_type(wanted)):
            return None
        try:
            makers.append((each.variable.name.value, maker(wanted)))
        except NotPlain:
            return None
    return makers


def _required(make: Maker) -> Maker:
    def required(value: Any) -> Any:
        if value is None:
            raise NotPlain("null where none may be")
        return make(value)

    return required


def _list(make: Maker) -> Maker:
    def listed(value: Any) -> Any:
        if value is None:
            return None
        if type(value) is not list:
            raise NotPlain("one value for a list")
        return [make(each) for each in value]

    return listed


def _member(wanted: GraphQLEnumType) -> Maker:
    members = {name: wanted.coerce_input_value(name) for name in wanted.values}

    def member(value: Any) -> Any:
        if value is None:
            return None
        if type(value) is not str or value not in members:
            raise NotPlain("no member")
        return members[value]

    return member


def _object(wanted: GraphQLInputObjectType) -> Maker:
    origin = getattr(wanted.extensions.get("strawberry-definition"), "origin", None)
    if origin is None or not has_object_definition(origin) or origin.__strawberry_definition__.from_input is not None:
        raise NotPlain(f"{wanted.name}: not made by its fields")
    if any(field.default_value is not Undefined for field in wanted.fields.values()):
        raise NotPlain(f"{wanted.name}: has defaults of its own")
    fields = {
        name: (field.extensions["strawberry-definition"].python_name, maker(field.type))
        for name, field in wanted.fields.items()
    }
    required = [name for name, field in wanted.fields.items() if isinstance(field.type, GraphQLNonNull)]

    def made(value: Any) -> Any:
        if value is None:
            return None
        if type(value) is not dict or any(name not in value for name in required):
            raise NotPlain("not all fields")
        given = {}
        for name, each in value.items():
            if name not in fields:
                raise NotPlain("no such field")
            python_name, make = fields[name]
            given[python_name] = make(each)
        return origin(**given)

    return made


def _text(value: Any) -> Any:
    if value is not None and type(value) is not str:
        raise NotPlain("no text")
    return value


def _int(value: Any) -> Any:
    if value is not None and (type(value) is not int or value >> _INT_BITS not in (0, -1)):
        raise NotPlain("no Int")
    return value


def _bool(value: Any) -> Any:
    if value is not None and type(value) is not bool:
        raise NotPlain("no Boolean")
    return value
