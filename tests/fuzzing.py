"""Documents by hypothesis-graphql for the schema as it is served: what a forum has, and between it what hurts.

Its scalars are told apart by the arguments that take them, so that most documents get as far as the database: a post's
id where a post is meant, a short page, a cursor. Now and then each of them is junk.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from graphql import (
    FieldNode,
    FloatValueNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLSyntaxError,
    IntValueNode,
    OperationDefinitionNode,
    ValueNode,
    build_schema,
    get_named_type,
    is_input_object_type,
    is_object_type,
    is_scalar_type,
    parse,
    value_from_ast_untyped,
)
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis_graphql import Mode, from_schema, nodes, queries
from life import Life

from schema import schema

#: One value in so many is junk.
_JUNK_IN = 8
#: Texts that are none, that a database, a page or a parser may mistake for something else, or that are long.
TEXTS = (
    "", " ", "\0", "a\0b", "\x1b[31m", "\ud800", "\ufffe", "\u2028", "\u202e", "%", "_", "\\", "/", "'", '"', "$1",
    "'; DROP TABLE users; --", "{{7*7}}", "<script>", '{"$ne": 1}', "../../etc/passwd", "null", "NaN", "-0", "1e400",
    "👩‍👩‍👧", "İ", "ﷺ" * 300, "\u0301" * 2_000, "x" * 5_000, "9" * 400, "VXNlcjo5OTk5", "UG9zdDox\n", "WyJ4Il0",
    "UG9zdDo5MjIzMzcyMDM2ODU0Nzc1ODA3", "UG9zdDotMQ",
)  # fmt: skip
#: Numbers at the ends of what GraphQL, SQL and Python count with, written as no client would.
NUMBERS = (
    *(0, -1, 100, 101, 2**31 - 1, -(2**31), 2**31, -(2**31) - 1, 2**53, 2**63 - 1, 2**63, -(2**63), 2**64, 10**300),
    *("9" * 5_000, "-0"),
)
FLOATS = ("1e400", "-1e400", "1e-400", "0.5", "-0.0", "1.7976931348623157e308", "5e-324")
TIMES = (
    *("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999-14:00", "2026-02-30T00:00:00Z"),
    *("2026-01-01", "today", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z", "+010000-01-01T00:00:00Z", "", "\0"),
)
#: Arguments that make a page, and how many of ten are left out: together, most of them are mistakes.
_SELDOM = {"last": 9, "before": 9, "after": 8}


class Gibberish:
    """Documents for a forum, by what there is in it: see `life.Known`; and the cursors of some lists."""

    def __init__(self, life: Life, cursors: Sequence[str]) -> None:
        self._life = life
        self._cursors = cursors
        self._scalars: dict[str, st.SearchStrategy[ValueNode]] = {}
        self.graph = build_schema(schema.as_str())
        scalars: dict[str, GraphQLScalarType] = {}
        for place, name in list(_places(self.graph)):
            kind = get_named_type(place.type).name
            if kind != "Boolean":
                scalar = scalars.setdefault(f"{name}_{kind}", GraphQLScalarType(f"{name}_{kind}"))
                place.type = _with(scalar, place.type)
                self._scalars[scalar.name] = self._strategy(name, kind)

    def queries(self, amount: int, number: int) -> list[str]:
        """So many queries, the same for the same number."""
        return made(self._each(self.graph), amount, number)

    def mistaken(self, amount: int, number: int) -> list[str]:
        """So many queries and mutations with a mistake in them."""
        options: Any = {"custom_scalars": {"DateTime": _WRONG["DateTime"]}, "mode": Mode.NEGATIVE}
        return made(from_schema(build_schema(schema.as_str()), **options), amount, number)

    def mutations(self, amount: int, number: int) -> list[str]:
        """So many mutations: queries of a schema whose root they are."""
        return [f"mutation {text}" for text in made(self._each(_rooted(self.graph, "mutation")), amount, number)]

    def subscriptions(self, amount: int, number: int) -> list[str]:
        """So many subscriptions."""
        return [
            f"subscription {text}" for text in made(self._each(_rooted(self.graph, "subscription")), amount, number)
        ]

    def _each(self, graph: GraphQLSchema) -> st.SearchStrategy[str]:
        """One field of the root, as every other one is: with all of them at once, little is asked of each."""
        assert graph.query_type is not None
        options: Any = {"custom_scalars": self._scalars, "codec": None}
        return st.one_of(*(queries(graph, fields=[name], **options) for name in graph.query_type.fields))

    def _strategy(self, name: str, kind: str) -> st.SearchStrategy[ValueNode]:
        right, wrong = st.sampled_from(self._right(name, kind)), _WRONG[kind]
        left_out = _SELDOM.get(name, 0)

        @st.composite
        def values(draw: st.DrawFn) -> ValueNode:
            if left_out and draw(st.integers(0, 9)) < left_out:
                return nodes.Null
            if draw(st.integers(1, _JUNK_IN)) == _JUNK_IN:
                return draw(wrong)
            value = draw(right)
            return nodes.Int(value) if isinstance(value, int) else nodes.String(value)

        return values()

    def _right(self, name: str, kind: str) -> Sequence[Any]:
        known = self._life.known
        names, paths = known.values["name"], known.values["path"]
        match name:
            case "first" | "last":
                return [1, 2, 3, 5]
            case "after" | "before":
                return self._cursors
            case "number":
                return known.values["number"]
            case "id" | "ids":
                return known.ids
            case "login" | "author" | "by" | "user" | "query" | "allTags" | "anyTag" | "noTag":
                return names
            case "category":
                return paths
            case "password":
                return ["a long password"]
        try:
            return self._life.choices(name, kind)
        except AssertionError:
            return [1, 2, 5] if kind == "Int" else [*names, *paths, *self._cursors]


def made(strategy: st.SearchStrategy[Any], amount: int, number: int) -> list[Any]:
    """So many examples of a strategy, the same for the same number."""
    found: list[Any] = []

    @seed(number)
    @settings(
        max_examples=amount,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def take(example: Any) -> None:
        found.append(example)

    take()
    return found


def _texts() -> st.SearchStrategy[ValueNode]:
    return (st.sampled_from(TEXTS) | st.text(max_size=40)).map(nodes.String)


def _numbers() -> st.SearchStrategy[ValueNode]:
    whole = st.sampled_from(NUMBERS).map(str) | st.integers().map(str)
    return whole.map(lambda text: IntValueNode(value=text)) | st.sampled_from(FLOATS).map(
        lambda text: FloatValueNode(value=text)
    )


_WRONG: Mapping[str, st.SearchStrategy[ValueNode]] = {
    "String": _texts(),
    "ID": _texts() | st.integers().map(nodes.Int),
    "Int": _numbers(),
    "Float": _numbers(),
    "DateTime": (st.sampled_from(TIMES) | st.datetimes().map(lambda at: f"{at.isoformat()}Z")).map(nodes.String),
}


def _places(graph: GraphQLSchema) -> Iterator[tuple[GraphQLArgument | GraphQLInputField, str]]:
    """Everything that takes a scalar, and its name."""
    for kind in graph.type_map.values():
        if kind.name.startswith("__"):
            continue
        fields: dict[str, Any] = getattr(kind, "fields", {})
        if is_input_object_type(kind):
            yield from ((each, name) for name, each in fields.items() if is_scalar_type(get_named_type(each.type)))
        elif is_object_type(kind):
            for field in fields.values():
                assert isinstance(field, GraphQLField)
                for name, each in field.args.items():
                    if is_scalar_type(get_named_type(each.type)):
                        yield each, name


def _rooted(graph: GraphQLSchema, root: str) -> GraphQLSchema:
    """A schema in which another root can be queried."""
    return GraphQLSchema(query=getattr(graph, f"{root}_type"), types=graph.type_map.values())


def _with(scalar: GraphQLScalarType, kind: Any) -> Any:
    """A type with another scalar in it."""
    if isinstance(kind, GraphQLNonNull):
        return GraphQLNonNull(_with(scalar, kind.of_type))
    return GraphQLList(_with(scalar, kind.of_type)) if isinstance(kind, GraphQLList) else scalar


# Asking, and what may be answered.

#: Codes that any client can bring about, of those in docs/protocol.md. None: a mistake in a document.
CODES = {None, "BAD_REQUEST", "LIMIT_EXCEEDED"}
#: What stands in a message where somebody forgot to write one.
_LEAKS = re.compile(
    r"Traceback|File \"|\.py\b|object at 0x|NoneType|has no attribute|unexpected keyword|takes \d+ positional|"
    r"list index|KeyError|TypeError|ValueError|sqlite|asyncpg|tortoise|strawberry|SELECT |INSERT INTO|no such column|"
    r"Cannot return null|Expected Iterable|must resolve to an Object|something went wrong",
    re.I,
)


def asked(document: str, by: Random) -> dict[str, Any]:
    """A document as a request asks it: with its arguments in it, or as variables."""
    try:
        [operation] = parse(document).definitions
    except GraphQLSyntaxError:  # half a character
        return {"query": document, "variables": {}}
    assert isinstance(operation, OperationDefinitionNode)
    root: Any = schema._schema.get_root_type(operation.operation)
    lifted: list[tuple[str, Any]] = []
    text = document
    for field in reversed(operation.selection_set.selections):
        assert isinstance(field, FieldNode)
        known = root.fields[field.name.value].args if field.name.value in root.fields else {}
        for argument in reversed(field.arguments or ()):
            place = argument.value.loc
            if place is not None and argument.name.value in known and by.random() < 0.5:
                text = f"{text[: place.start]}$v{len(lifted)}{text[place.end :]}"
                lifted.append((str(known[argument.name.value].type), value_from_ast_untyped(argument.value)))
    if lifted:
        declared = ", ".join(f"$v{number}: {kind}" for number, (kind, _) in enumerate(lifted))
        text = f"{operation.operation.value} ({declared}) {text[text.index('{') :]}"
    return {"query": text, "variables": {f"v{number}": value for number, (_, value) in enumerate(lifted)}}


def wrong(errors: Sequence[dict[str, Any]]) -> list[str]:
    """What no client may be told, among the errors of an answer."""
    found = []
    for error in errors:
        code = error.get("extensions", {}).get("code")
        if code not in CODES:
            found.append(f"{code}: {error['message']}")
        elif code is None and error.get("path") is not None:
            found.append(f"not masked: {error['message']}")
        elif leak := _LEAKS.search(error["message"]):
            found.append(f"{leak[0]} in: {error['message']}")
    return found
