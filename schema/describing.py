"""How an enum of Python becomes one of the graph, each of its values with words for the client."""

from enum import Enum
from typing import TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

EnumType = TypeVar("EnumType", bound=type[Enum])


def described(enum: EnumType, description: str, *, name: str | None = None, **values: str) -> None:
    """Make `enum` a GraphQL enum; `values` describe each of its members by name."""
    strawberry.enum(enum, name=name, description=description)
    definition: StrawberryEnumDefinition = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values.pop(value.name)
    assert not values, f"{enum.__name__} has no {', '.join(values)}"  # noqa: S101  a slip of the pen in this file
