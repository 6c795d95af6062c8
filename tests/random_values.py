"""Values by chance for what a document asks: mostly what a forum has, however written, and now and then not."""

from random import Random
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    get_nullable_type,
    is_enum_type,
    is_list_type,
    is_non_null_type,
    type_from_ast,
)
from random_forum import Forum, moment

import models
from models.paging import position_of
from planner.sources import Pages
from schema import schema
from schema.nodes import NODE_MODELS, global_id


def random_variables(chance: Random, forum: Forum, query: str, *, wrong: float = 0) -> dict[str, Any]:
    """Values for the variables that a document declares, by their names and types; `wrong` is how often they are so.

    A cursor belongs to one list in one order, which a variable's name does not tell: there are none but wrong ones.
    """
    values = Values(chance, forum, wrong)
    [operation] = schema.documents.read(query).operations
    given = {}
    for declared in operation.variable_definitions or ():
        name = declared.variable.name.value
        kind: Any = type_from_ast(schema._schema, declared.type)
        is_left_out = (name in ("after", "before") and not wrong) or chance.random() < 0.5
        if (is_non_null_type(kind) and declared.default_value is None) or not is_left_out:
            given[name] = values.of(name, kind)
    if not wrong and "first" in given:
        given.pop("last", None)
    return given


class Values:
    """Values for arguments, made by the argument's name: what the forum has, or what it has not."""

    def __init__(self, chance: Random, forum: Forum, wrong: float) -> None:
        self._chance = chance
        self._forum = forum
        self._wrong = wrong

    def of(self, name: str, kind: GraphQLInputType) -> Any:
        """A value for JSON."""
        chance = self._chance
        wanted: Any = get_nullable_type(kind)
        if is_list_type(wanted):
            if name != "ids" and chance.random() < 0.2:
                return self.of(name, wanted.of_type)
            amount = 101 if chance.random() < self._wrong else chance.randrange(5)
            return [self.of(name, wanted.of_type) for _ in range(amount)]
        if is_enum_type(wanted):
            return chance.choice(list(wanted.values))
        if isinstance(wanted, GraphQLInputObjectType):
            needed = [each for each, inner in wanted.fields.items() if is_non_null_type(inner.type)]
            others = sorted(wanted.fields.keys() - needed)
            chosen = [*needed, *chance.sample(others, min(len(others), chance.choice((0, 1, 1, 2, 3))))]
            return {each: self.maybe(each, wanted.fields[each].type) for each in chosen}
        choices = (
            self._wrong_ones(wanted.name) if chance.random() < self._wrong else self._right_ones(name, wanted.name)
        )
        return chance.choice(choices)

    def maybe(self, name: str, kind: GraphQLInputType) -> Any:
        """A value, or null where the type allows it."""
        return None if not is_non_null_type(kind) and self._chance.random() < 0.1 else self.of(name, kind)

    def cursor(self, source: Pages, order: tuple[str, ...]) -> str:
        """Where some row of the list's model stands, be it in the list or not."""
        chance = self._chance
        if chance.random() < self._wrong:
            return chance.choice(("", "x", "WyJ4Il0", source.cursor(("id",), (1,)), "☃"))
        rows = self._forum.rows(source.listing.model)
        row = chance.choice(rows)
        return source.cursor(order, position_of(row, order))

    def _right_ones(self, name: str, kind: str) -> list[Any]:
        chance, forum = self._chance, self._forum
        tags = [*(each.name for each in forum.tags), *(each.name for each in forum.synonyms)]
        match name:
            case "id" | "ids":
                model: Any = chance.choice([models.Post, *NODE_MODELS.values()])
                return [global_id(chance.choice(forum.rows(model))), global_id(forum.posts[0])]
            case "threadId":
                return [global_id(chance.choice(forum.threads))]
            case "postId":
                return [global_id(chance.choice(forum.posts))]
            case "number":
                return [each.id for each in forum.threads]
            case "category" | "path":
                return [chance.choice(("{}", "{}", "/{}/")).format(chance.choice(forum.categories).path)]
            case "name" | "query" | "author" | "by" | "user" | "allTags" | "anyTag" | "noTag":
                people = [each.name for each in forum.users]
                words = {
                    "author": people,
                    "by": people,
                    "user": people,
                    "name": [*people, *tags],
                    "query": [*people, *tags],
                }
                word = chance.choice(words.get(name, tags))
                word = word[: chance.randrange(3)] if name == "query" else word
                return [word, word, word.upper()]
            case "since" | "until":
                at = moment(chance).isoformat()
                return [at, at.replace("+00:00", "Z"), at.replace("+00:00", "+05:45")]
            case "first" | "last":
                return [0, 1, 2, 3, 5, 100]
        others: dict[str, list[Any]] = {"Boolean": [True, False], "Int": [0, 1, 5, 20]}
        return others.get(kind, ["text"])

    @staticmethod
    def _wrong_ones(kind: str) -> list[Any]:
        ids = ["VXNlcjo5OTk5", "UG9zdDox\n", "UG9zdDo5MjIzMzcyMDM2ODU0Nzc1ODA3"]
        texts = ["", "nothing", "%", "_", "'", '"', "\\", "x" * 900, "☃", "a/b/c", "\u0001", "\u0000", "$1", "?1"]
        first, last = ("0001-01-01T00:00:00", "9999-12-31T23:59:59")
        others: dict[str, list[Any]] = {
            "Int": [-1, 101, 2**31, 2**31 - 1, -(2**31), 0, 999],
            "Boolean": [True, False],
            "DateTime": ["today", "2026-01-01", f"{first}+01:00", f"{first}Z", f"{last}Z"],
        }
        return others.get(kind, [*ids, *texts])
