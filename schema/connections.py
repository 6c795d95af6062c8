"""Connections: lists in pages, in the shape of the Relay cursor specification, by keyset.

A cursor holds where its row stands in the order, not how many rows come before it: pages neither skip nor repeat rows
while others come and go, and the thousandth page costs what the first one does.
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

import orjson
import strawberry
from strawberry import UNSET
from tortoise.models import Model

from models.paging import DEFAULT_PAGE_SIZE, MOST_PAGE_SIZE, Page, Position, Window, position_of
from planner.sources import Listing
from schema.context import Info
from schema.errors import BadRequest
from services.text import searchable

NodeType = TypeVar("NodeType")

First = Annotated[
    int | None,
    strawberry.argument(description=f"The size of the page, from the list's beginning. At most {MOST_PAGE_SIZE}."),
]
After = Annotated[str | None, strawberry.argument(description="The cursor that the page begins after.")]
Last = Annotated[
    int | None, strawberry.argument(description=f"The size of the page, from the list's end. At most {MOST_PAGE_SIZE}.")
]
Before = Annotated[str | None, strawberry.argument(description="The cursor that the page ends before.")]


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follows this page.")
    has_previous_page: bool = strawberry.field(description="Whether something comes before this page.")
    start_cursor: str | None = strawberry.field(description="The first node's cursor; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The last node's cursor; null on an empty page.")


@strawberry.type(description="A node's place in a list.")
class Edge(Generic[NodeType]):
    cursor: str = strawberry.field(description="Where the node stands, for `after` and `before`.")
    node: NodeType = strawberry.field(description="What stands there.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeType]):
    listing: strawberry.Private[Listing[Any]]
    parent: strawberry.Private[Any]
    window: strawberry.Private[Window]

    async def page(self, info: Info) -> Page[Any]:
        return await info.context.loaders.page_of(self.listing, self.window).load(self.parent)

    @strawberry.field(description="The nodes, each with its cursor.")
    async def edges(self, info: Info) -> list[Edge[NodeType]]:
        return [edge(row, self.window.order) for row in (await self.page(info)).rows]

    @strawberry.field(description="The nodes alone.")
    async def nodes(self, info: Info) -> list[NodeType]:
        return (await self.page(info)).rows

    @strawberry.field(description="Where this page lies in the list.")
    async def page_info(self, info: Info) -> PageInfo:
        page = await self.page(info)
        return PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=cursor(page.rows[0], self.window.order) if page.rows else None,
            end_cursor=cursor(page.rows[-1], self.window.order) if page.rows else None,
        )

    @strawberry.field(description="How many nodes the whole list has. Counted only where it is asked for.")
    async def total_count(self, info: Info) -> int:
        return await info.context.loaders.count_of(self.listing).load(self.parent)


def page_window(
    model: type[Model],
    order: tuple[str, ...],
    first: Any = UNSET,
    after: Any = UNSET,
    last: Any = UNSET,
    before: Any = UNSET,
) -> Window:
    """The part of a list that a client asks for. Raises BadRequest, which names the argument."""
    first, last = (None if size is UNSET else size for size in (first, last))
    after, before = (None if place is UNSET else place for place in (after, before))
    if first is not None and last is not None:
        raise BadRequest("Give first or last, not both: a page begins at one end of the list.", "first", "last")
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 0 <= size <= MOST_PAGE_SIZE:
            raise BadRequest(f"{name} must lie between 0 and {MOST_PAGE_SIZE}; it is {size}.", name)
    limit = first if first is not None else last
    return Window(
        order=order,
        limit=DEFAULT_PAGE_SIZE if limit is None else limit,
        after=None if after is None else _position("after", after, model, order),
        before=None if before is None else _position("before", before, model, order),
        backward=last is not None or (before is not None and first is None),
    )


def edge(row: Model, order: tuple[str, ...]) -> Edge[Any]:
    """A row's place in a list of that order."""
    return Edge(cursor=cursor(row, order), node=row)


def cursor(row: Model, order: tuple[str, ...]) -> str:
    """Where a row stands in a list of that order, as clients get it."""
    return cursor_at(order, position_of(row, order))


def cursor_at(order: tuple[str, ...], position: Position) -> str:
    """A position in a list of that order, as clients get it."""
    place = orjson.dumps([",".join(order), *position])
    return base64.urlsafe_b64encode(place).rstrip(b"=").decode()


def _position(argument: str, text: str, model: type[Model], order: tuple[str, ...]) -> Position:
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        place = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(place, list) or place[:1] != [",".join(order)] or len(place) != 1 + len(order):
            raise ValueError("not a place in this order")
        return tuple(_value(model, column, value) for column, value in zip(order, place[1:], strict=True))
    except (ValueError, UnicodeError, binascii.Error):
        raise BadRequest(
            f"{argument} is not a cursor of this list in this order: take endCursor or startCursor of its pageInfo.",
            argument,
        ) from None


def _value(model: type[Model], column: str, value: Any) -> Any:
    """`value` as a value of a column. Raises ValueError where it cannot be one."""
    field = model._meta.fields_map[column.removeprefix("-")]
    if field.field_type is datetime and isinstance(value, str):
        return _moment(value)
    if field.field_type is float and type(value) in (float, int):
        return float(value)
    if field.field_type is int and type(value) is int:
        limits = field.constraints
        if limits.get("ge", value) <= value <= limits.get("le", value):
            return value
    if field.field_type is bool and type(value) is bool:
        return value
    if (
        field.field_type is str
        and isinstance(value, str)
        and searchable(value, field.constraints["max_length"]) == value
    ):
        return value
    raise ValueError(f"{value!r} is not a {column}")


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a moment has an offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("it lies beyond the calendar") from None
