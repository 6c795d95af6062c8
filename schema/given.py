"""What a client leaves out of an input: to the deeds it is None, as null is."""

from collections.abc import Sequence
from typing import TypeVar

from strawberry import UNSET

Value = TypeVar("Value")


def given(value: Value | None) -> Value | None:
    """The value; None where it was left out."""
    return None if value is UNSET else value


def given_each(values: Sequence[Value] | None) -> tuple[Value, ...] | None:
    """The values of a list; None where it was left out."""
    return None if values is None or values is UNSET else tuple(values)
