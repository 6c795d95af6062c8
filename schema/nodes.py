"""Nodes: everything with an id of its own, and the ids.

GraphQL types hold no values: a `Thread` in a resolver's hands is a `models.Thread`, looked at as what the client
may ask of it. `Thread.of(row)` says so to the type checker; at run time it is the row.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Self, cast, overload

import strawberry
from graphql import GraphQLResolveInfo
from tortoise.models import Model

import models
from models import PostKind
from planner.values import Memo
from schema.fields import of_model
from services.errors import NotFound

_MOST_ID = 2**63 - 1
#: What an id names: a row of this model. Posts have one kind of id, so that a converted post keeps its own.
NODE_MODELS: dict[str, type[Model]] = {
    "Thread": models.Thread,
    "Post": models.Post,
    "Revision": models.Revision,
    "Category": models.Category,
    "Tag": models.Tag,
    "User": models.User,
    "PointsEntry": models.PointsEntry,
    "Flag": models.Flag,
    "AddressBlock": models.AddressBlock,
    "ModerationEntry": models.ModerationEntry,
    "ModerationBatch": models.ModerationBatch,
}
_NAMES = {model: name for name, model in NODE_MODELS.items()}
_POST_TYPES = {PostKind.QUESTION: "Question", PostKind.ANSWER: "Answer", PostKind.COMMENT: "Comment"}


@cache
def ids_of(model: type[Model]) -> Mapping[int, str]:
    """By their keys, the ids of a model's rows in the whole graph, opaque to clients."""
    pattern = f"{_NAMES[model]}:%d".encode()

    def id_of(key: int) -> str:
        # Letters, a colon and digits: their Base64 has neither + nor /, and so is the one for URLs too.
        return binascii.b2a_base64(pattern % key, newline=False).rstrip(b"=").decode()

    return Memo(id_of)


_IDS = {model: ids_of(model) for model in _NAMES}


def global_id(row: Model) -> str:
    """The id of a row in the whole graph."""
    return _IDS[type(row)][row.pk]


def split_id(id: str) -> tuple[str, int] | None:
    """What kind of thing `id` names, and which; None where it names nothing that this graph could hold."""
    try:
        padded = id.encode() + b"=" * (-len(id) % 4)
        kind, _, key = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").partition(":")
        number = int(key) if key.isdecimal() and len(key) <= 19 else 0
    except (UnicodeError, binascii.Error):
        return None
    return (kind, number) if kind in NODE_MODELS and 0 < number <= _MOST_ID else None


def node_named(id: str) -> tuple[type[Model], int] | None:
    """The model and the key of what `id` names; None where it names nothing that this graph could hold."""
    named = split_id(id)
    return (NODE_MODELS[named[0]], named[1]) if named is not None and named[0] in NODE_MODELS else None


def key_of(kind: str, id: str) -> int | None:
    """Which thing of that kind `id` names; None where it names another kind, or nothing."""
    named = split_id(id)
    return named[1] if named is not None and named[0] == kind else None


def post_id(id: str) -> int:
    """Which post `id` names. Raises NotFound."""
    return _wanted("Post", id, "a post: a question, an answer or a comment")


def thread_id(id: str) -> int:
    """Which thread `id` names. Raises NotFound."""
    return _wanted("Thread", id, "a thread")


def revision_id(id: str) -> int:
    """Which revision `id` names. Raises NotFound."""
    return _wanted("Revision", id, "a revision")


def tag_id(id: str) -> int:
    """Which tag `id` names. Raises NotFound."""
    return _wanted("Tag", id, "a tag")


def user_id(id: str) -> int:
    """Which user `id` names. Raises NotFound."""
    return _wanted("User", id, "a user")


def batch_id(id: str) -> int:
    """Which batch of moderation `id` names. Raises NotFound."""
    return _wanted("ModerationBatch", id, "a batch of moderation")


def entry_id(id: str) -> int:
    """Which entry of the log `id` names. Raises NotFound."""
    return _wanted("ModerationEntry", id, "an entry of the log")


def _wanted(kind: str, id: str, what: str) -> int:
    key = key_of(kind, id)
    if key is None:
        named = split_id(id)
        found = f"it names a {named[0]}" if named else "it names nothing here"
        raise NotFound(f"{id[:40]!r} is not the id of {what}: {found}.")
    return key


def type_name(row: Model) -> str:
    """The GraphQL type that a row is shown as."""
    return _POST_TYPES[row.kind] if isinstance(row, models.Post) else _NAMES[type(row)]


class OfRow:
    """A type whose values are rows."""

    @classmethod
    @overload
    def of(cls, row: Model) -> Self: ...
    @classmethod
    @overload
    def of(cls, row: Model | None) -> Self | None: ...
    @classmethod
    def of(cls, row: Model | None) -> Self | None:
        """The row, looked at as this type."""
        return cast("Self | None", row)

    @classmethod
    def of_each(cls, rows: Sequence[Model | None]) -> list[Self]:
        """The rows, looked at as this type."""
        return cast("list[Self]", rows)


@strawberry.interface(description="Something with an id of its own: it can be asked for again by `node`.")
class Node(OfRow):
    id: strawberry.ID = of_model(ids_of, description="Opaque, and never given to anything else.")

    @classmethod
    def resolve_type(cls, row: Any, _info: GraphQLResolveInfo[Any], _type: object) -> str:
        return type_name(row)

    @classmethod
    def is_type_of(cls, row: Any, _info: GraphQLResolveInfo[Any]) -> bool:
        return type_name(row) == cls.__name__
