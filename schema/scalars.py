"""Scalars of the graph beyond GraphQL's own."""

from datetime import UTC, datetime
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

HTML = NewType("HTML", str)


def _aware(text: str) -> datetime:
    """A moment in UTC. Raises GraphQLError, which is told to the client as it is, where `text` is none."""
    if not isinstance(text, str):
        raise GraphQLError("DateTime must be a string such as 2026-11-23T09:30:00Z.")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise GraphQLError("DateTime must look like 2026-11-23T09:30:00Z.") from None
    if moment.tzinfo is None:
        raise GraphQLError("DateTime needs an offset: end it with Z, or with one such as +01:00.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise GraphQLError("DateTime must lie between the years 1 and 9999.") from None


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment, in UTC as RFC 3339 writes it: 2026-11-23T09:30:00Z. Input may have any offset.",
        serialize=_written,
        parse_value=_aware,
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
    ),
    HTML: strawberry.scalar(
        name="HTML", description="HTML that is safe to insert in a page.", serialize=str, parse_value=str
    ),
}
