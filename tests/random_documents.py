"""Documents made by chance: valid ones, with values from a forum that mostly fit, and now and then do not.

A walk over the schema's types: fields with and without alias, the same one twice, fragments named and inline on types
and interfaces, directives, and arguments as literals, as variables, as defaults, as nulls and left out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

import orjson
from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLNamedType,
    GraphQLNonNull,
    Undefined,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from random_forum import Forum
from random_values import Values

from planner.sources import Pages
from schema import schema

#: How deep documents go, and about how many objects an answer may have: more is slow and finds nothing new.
_DEPTHS = (3, 4, 5, 5, 6, 7)
_MOST_OBJECTS = 100
#: How often an argument is wrong.
_WRONG = 0.012


@dataclass(frozen=True)
class Asked:
    """A document, and what it is asked with."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    #: For a part of a document: how its variables are declared.
    declared: tuple[str, ...] = ()


def random_document(chance: Random, forum: Forum) -> tuple[Asked, Asked]:
    """A valid document with a query, or two of them; and the same one with other variables."""
    while True:
        writer = _Writer(chance, forum)
        asked = writer.document()
        if not schema.documents.read(asked.query).errors:
            return asked, replace(asked, variables=writer.other_variables())


def random_selection(chance: Random, forum: Forum, type_name: str) -> tuple[str, Asked]:
    """What could be asked of a type, as ` { id }`; and what belongs to it: fragments, variables and their types.

    Nothing in it is wrong.
    """
    while True:
        writer = _Writer(chance, forum, wrong=0)
        selection = writer.selection(schema._schema.type_map[type_name], 2, 1)
        part = Asked("\n".join(writer.fragments), writer.given, declared=tuple(writer.declared()))
        root = f"query ({', '.join(part.declared)})" if part.declared else "query"
        if not schema.documents.read(
            f"{root} {{ node(id: 1) {{ ... on {type_name} {selection} }} }} {part.query}"
        ).errors:
            return selection, part


@dataclass(frozen=True)
class _Variable:
    name: str
    #: The argument that it was made for.
    argument: str
    kind: str
    value: Any
    default: str
    #: Makes another value.
    again: Callable[[], Any]


class _Writer:
    """One document in the making."""

    def __init__(self, chance: Random, forum: Forum, wrong: float = _WRONG) -> None:
        self.chance = chance
        self.wrong = wrong
        self.values = Values(chance, forum, wrong)
        self.fragments: list[str] = []
        self.deepest = chance.choice(_DEPTHS)
        self.given: dict[str, Any] = {}
        self._variables: list[_Variable] = []  # of the operation at hand
        self._all_variables: list[_Variable] = []
        self._on: list[tuple[str, str]] = []
        self._names = 0

    def document(self) -> Asked:
        root = schema._schema.query_type
        assert root is not None
        operations = []
        for name in ("Chance", "Other")[: 2 if self.chance.random() < 0.03 else 1]:
            self._variables, self._on, fragments = [], [], len(self.fragments)
            selection = self.selection(root, 0, 1)
            declared = f"({', '.join(self.declared())})" if self._variables else ""
            operations += [f"query {name}{declared}{selection}", *self.fragments[fragments:]]
        return Asked("\n".join(operations), self.given, name)

    def other_variables(self) -> dict[str, Any]:
        """Other values for the variables; some stay as they are, and some are left out or null that may be."""
        given = dict(self.given)
        for each in self._all_variables:
            is_needed = each.kind.endswith("!") and not each.default
            if self.is_one_in(8) and not is_needed:
                given.pop(each.name, None)
            elif self.is_one_in(15) and not each.kind.endswith("!"):
                given[each.name] = None
            elif self.is_one_in(2):
                given[each.name] = each.again()
        return given

    def declared(self) -> list[str]:
        """The declarations of the operation's variables."""
        return [f"${each.name}: {each.kind}{each.default}" for each in self._variables]

    def is_one_in(self, number: float) -> bool:
        return self.chance.random() < 1 / number

    def new_name(self, letter: str) -> str:
        self._names += 1
        return f"{letter}{self._names}"

    def selection(self, owner: Any, depth: int, size: int) -> str:
        """` { ... }` for an object of that type, of which the answer may have `size`."""
        fits = [name for kind, name in self._on if kind == owner.name]
        if fits and size <= 3 and self.is_one_in(3):
            return f" {{ ...{self.chance.choice(fits)}{self.directive()} }}"
        parts = list(self.parts(owner, depth, size))
        if depth and self.is_one_in(7):
            name = self.new_name("F")
            self.fragments.append(f"fragment {name} on {owner.name} {{ {' '.join(parts)} }}")
            self._on.append((owner.name, name))
            parts = [f"...{name}{self.directive()}", *self.parts(owner, depth + 2, size)]
        return f" {{ {' '.join(parts)} }}"

    def parts(self, owner: Any, depth: int, size: int) -> Iterator[str]:
        if owner is schema._schema.query_type and self.is_one_in(150):
            yield '__type(name: "Tag") { name }'
        if self.is_one_in(4):
            yield f"{self.alias('__typename', every=3)}__typename{self.directive()}"
        others = [owner, *getattr(owner, "interfaces", ())]
        amount = int(self.is_one_in(8))
        if is_abstract_type(owner):
            others += schema._schema.get_possible_types(owner)
            amount = self.chance.randrange(3)
        if depth < self.deepest:
            for other in self.chance.sample(others, amount):
                yield f"... on {other.name}{self.directive()}{self.selection(other, depth + 1, size)}"
        fields = [
            (name, each)
            for name, each in getattr(owner, "fields", {}).items()
            if is_leaf_type(get_named_type(each.type)) or (depth < self.deepest and size < _MOST_OBJECTS)
        ]
        amount = self.chance.randint(1, 2 if depth == 0 or size > 20 else self.chance.randint(2, 4))
        for name, each in self.chance.sample(fields, min(amount, len(fields))):
            yield self.field(name, each, depth, size)
            if self.is_one_in(12):
                yield self.field(name, each, depth, size)
        if not fields:
            yield "__typename"

    def field(self, name: str, definition: GraphQLField, depth: int, size: int) -> str:
        arguments, page = self.arguments(definition, size)
        alias = self.alias(name, every=1.2 if definition.args else 8)
        below: GraphQLNamedType = get_named_type(definition.type)
        wanted = get_nullable_type(definition.type)
        size *= page if page is not None else 2 if is_list_type(wanted) else 1
        text = f"{alias}{name}{arguments}{self.directive()}"
        return text if is_leaf_type(below) else text + self.selection(below, depth + 1, size)

    def alias(self, name: str, *, every: float) -> str:
        return f"{self.new_name('a')}: " if self.is_one_in(every) else ""

    def directive(self) -> str:
        if not self.is_one_in(12):
            return ""
        condition, _ = self.written("if", GraphQLArgument(GraphQLNonNull(GraphQLBoolean)))
        return f" @{self.chance.choice(('include', 'skip'))}(if: {condition})"

    def arguments(self, definition: GraphQLField, size: int) -> tuple[str, int | None]:
        """The arguments of a field as text, and the size of its page."""
        source = definition.extensions["strawberry-definition"].metadata.get("source")
        written: dict[str, str] = {}
        ends: tuple[str, ...] = self.chance.choice((("first",), ("first",), ("first",), ("last",), ()))
        ends = ("first", "last") if self.chance.random() < self.wrong else ends
        order: Any = getattr(source, "order", None)
        page = 8 if isinstance(source, Pages) else None
        for name, argument in definition.args.items():
            match name:
                case "first" | "last" if size > 3:
                    if name == (ends or ("first",))[0]:
                        page = self.chance.randint(1, 3)
                        written[name] = str(page)
                case "first" | "last" if name not in ends:
                    pass
                case "after" | "before":
                    if isinstance(source, Pages) and self.is_one_in(5):
                        columns = getattr(order, "value", order)
                        written[name], _ = self.written(name, argument, partial(self.values.cursor, source, columns))
                case _ if (is_non_null_type(argument.type) and not _has_default(argument)) or self.is_one_in(2):
                    written[name], value = self.written(name, argument)
                    if name == "orderBy" and isinstance(value, str):
                        order = type(order)[value]
        return f"({', '.join(f'{name}: {text}' for name, text in written.items())})" if written else "", page

    def written(self, name: str, argument: Any, make: Callable[[], Any] | None = None) -> tuple[str, Any]:
        """An argument as a literal or as a variable, and the value that it has, which `make` makes."""
        kind = argument.type
        if make is None:
            make = partial(self.values.maybe, name, kind)
            same = [each for each in self._variables if (each.argument, each.kind) == (name, str(kind))]
            if same and self.is_one_in(2):
                known = self.chance.choice(same)
                return f"${known.name}", known.value
        value = make()
        if self.is_one_in(2):
            return self.literal(name, kind, value), value
        return self.variable(name, argument, value, make)

    def variable(self, name: str, argument: Any, value: Any, make: Callable[[], Any]) -> tuple[str, Any]:
        kind, default, nullable = str(argument.type), "", str(get_nullable_type(argument.type))
        way = self.chance.randrange(5)
        is_needed = is_non_null_type(argument.type) and not _has_default(argument)
        variable = self.new_name("v")
        if way == 0:  # only a default
            kind, default = nullable, f" = {self.literal(name, argument.type, value, constant=True)}"
        elif way == 1 and not is_needed:  # left out, or null
            kind = nullable
            value = getattr(getattr(argument, "default_value", None), "name", None)
            # Where there is a default, a null is an error.
            if self.is_one_in(2) and (self.wrong or not _has_default(argument)):
                self.given[variable] = value = None
        elif way == 2:  # a default that is not looked at
            default = f" = {self.literal(name, argument.type, make(), constant=True)}"
            self.given[variable] = value
        else:
            self.given[variable] = value
        self._variables.append(_Variable(variable, name, kind, value, default, make))
        self._all_variables.append(self._variables[-1])
        return f"${variable}", value

    def literal(self, name: str, kind: Any, value: Any, *, constant: bool = False) -> str:
        """A value as it stands in a document; parts of it may be variables unless it is `constant`."""
        wanted = get_nullable_type(kind)
        if value is None:
            return "null"
        if isinstance(value, dict):
            inner = {each: wanted.fields[each] for each in value}
            parts = [
                f"{each}: {self.part(each, argument, value[each], constant=constant)}"
                for each, argument in inner.items()
            ]
            return f"{{{', '.join(parts)}}}"
        if isinstance(value, list):
            return f"[{', '.join(self.literal(name, wanted.of_type, each, constant=constant) for each in value)}]"
        return str(value) if is_enum_type(get_named_type(kind)) else orjson.dumps(value).decode()

    def part(self, name: str, argument: Any, value: Any, *, constant: bool) -> str:
        if constant or not self.is_one_in(4):
            return self.literal(name, argument.type, value, constant=constant)
        return self.variable(name, argument, value, partial(self.values.maybe, name, argument.type))[0]


def _has_default(argument: Any) -> bool:
    return getattr(argument, "default_value", Undefined) is not Undefined
