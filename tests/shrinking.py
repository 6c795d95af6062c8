"""Making a document smaller for as long as it shows what it shows: who must look for the cause reads less."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

from graphql import REMOVE, DocumentNode, GraphQLError, Node, VariableNode, Visitor, print_ast, visit
from random_documents import Asked

from schema import schema

_DROPPED = {
    *("operation_definition", "field", "fragment_spread", "inline_fragment", "argument", "directive", "object_field")
}


class _Dropping(Visitor):
    """Leaves out the part with a certain number, counted as they stand."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._left = number

    def enter(self, node: Node, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]) -> Any:
        of = getattr(ancestors[-1], "kind", "") if ancestors else ""
        if node.kind in _DROPPED or of == "list_value":
            self._left -= 1
            if self._left < 0:
                self._left = 10**9
                return REMOVE
        return None


class _Naming(Visitor):
    """Notes which fragments and variables are used."""

    def __init__(self) -> None:
        super().__init__()
        self.used: set[str] = set()

    def enter_fragment_spread(self, node: Any, *_: Any) -> None:
        self.used.add(f"...{node.name.value}")

    def enter_variable(self, node: VariableNode, _key: Any, parent: Any, *_: Any) -> None:
        if getattr(parent, "kind", "") != "variable_definition":
            self.used.add(f"${node.name.value}")


class _Tidying(Visitor):
    """Leaves out the fragments and variables that are not among the used ones."""

    def __init__(self, used: set[str]) -> None:
        super().__init__()
        self._used = used

    def enter_fragment_definition(self, node: Any, *_: Any) -> Any:
        return None if f"...{node.name.value}" in self._used else REMOVE

    def enter_variable_definition(self, node: Any, *_: Any) -> Any:
        return None if f"${node.variable.name.value}" in self._used else REMOVE


async def shrunk(asked: Asked, is_wrong: Callable[[Asked], Awaitable[bool]]) -> Asked:
    """The smallest document found by leaving out parts of `asked` that still `is_wrong`."""
    while True:
        for smaller in _smaller(asked):
            if await is_wrong(smaller):
                asked = smaller
                break
        else:
            return asked


def _smaller(asked: Asked) -> Iterator[Asked]:
    number = 0
    document = schema.documents.read(asked.query).node
    while (dropped := visit(document, _Dropping(number))) != document:
        number += 1
        try:
            text = print_ast(_tidy(dropped))
            if "{}" not in text and not schema.documents.read(text).errors:
                yield replace(asked, query=text)
        except GraphQLError:
            continue  # an empty selection


def _tidy(document: DocumentNode) -> DocumentNode:
    """The document without fragments and variables that nobody uses."""
    while True:
        naming = _Naming()
        visit(document, naming)
        tidy: DocumentNode = visit(document, _Tidying(naming.used))
        if tidy == document:
            return document
        document = tidy
