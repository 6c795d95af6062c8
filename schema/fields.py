"""The fields of the graph, each made from the word that says how it gets its value (`planner.sources`).

What stands here is the definition of right: the resolvers that graphql-core executes. The planner reads the same
words and must give the same answers.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from functools import wraps
from typing import Annotated, Any

import strawberry
from strawberry import UNSET, Parent
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

from models.paging import Page, Window
from planner.sources import (
    Batch,
    ById,
    Column,
    Counted,
    Listing,
    Many,
    Mine,
    Named,
    OfModel,
    One,
    Pages,
    ParentKey,
    Pure,
    Same,
    Source,
    ToOne,
)
from schema.connections import After, Before, Connection, First, Last, cursor_at, page_window
from schema.context import Info
from services import actors

Resolve = Callable[..., Any]
_POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD


def column(name: str, *, description: str) -> Any:
    """The column `name` of the row; a field that is called like its column need not say so."""

    def resolve(row: Parent[Any]) -> Any:
        return getattr(row, name)

    return _field(Column(name), resolve, description)


def same(*, unless: str | None = None, description: str) -> Any:
    """The row itself as another type; null where the column `unless` is null."""

    def resolve(row: Parent[Any]) -> Any:
        return None if unless is not None and getattr(row, unless) is None else row

    return _field(Same(unless), resolve, description)


def to_one(relation: str, *, description: str) -> Any:
    """The row that the foreign key `relation` names, if the viewer may see it."""

    def resolve(row: Parent[Any], info: Info) -> Any:
        return _related(info, row, relation)

    return _field(ToOne(relation), resolve, description)


def one(
    listing: Listing[Any], parent: ParentKey | None = None, *, order: tuple[str, ...] = (), description: str
) -> Any:
    """The one row of a listing, or null."""

    async def resolve(row: Any, info: Info, **arguments: Any) -> Any:
        key = _key(row, info, parent, arguments)
        if key is None:
            return None
        page = await _page(info, listing, key, Window(order or ("id",), 1))
        return page.rows[0] if page.rows else None

    return _field(One(listing, parent, order), resolve, description, parent)


def many(
    listing: Listing[Any],
    order: tuple[str, ...],
    parent: ParentKey | None = None,
    *,
    show: str | None = None,
    description: str,
) -> Any:
    """All rows of a listing, or what each of them shows."""

    async def resolve(row: Any, info: Info, **arguments: Any) -> Any:
        page = await _page(info, listing, _key(row, info, parent, arguments), Window(order, None))
        return page.rows if show is None else [getattr(each, show) for each in page.rows]

    return _field(Many(listing, order, show, parent), resolve, description, parent)


def named(listing: Listing[Any], by: str, *, column: str, names: Callable[[Any], list[Any]], description: str) -> Any:
    """The rows of the names that are made of a column."""

    async def resolve(row: Parent[Any], info: Info) -> Any:
        wanted = names(getattr(row, column))
        return [page.rows[0] for page in await _pages(info, listing, wanted, Window((by,), 1)) if page.rows]

    return _field(Named(listing, by, column, names), resolve, description)


def pages(
    listing: Listing[Any], order: Enum | tuple[str, ...], parent: ParentKey | None = None, *, description: str
) -> Any:
    """A listing as a connection. Where its order is an enum, the client may choose another member of it."""

    def resolve(row: Any, info: Info, order_by: Any = order, **arguments: Any) -> Connection[Any]:
        ends = {end: arguments.pop(end, UNSET) for end in ("first", "after", "last", "before")}
        columns = order_by.value if isinstance(order_by, Enum) else order_by
        return Connection(
            listing=listing,
            parent=_key(row, info, parent, arguments),
            window=page_window(listing.model, columns, **ends),
        )

    source = Pages(listing, order, page_window, cursor_at, parent)
    ends = [
        inspect.Parameter(name, _POSITIONAL, annotation=kind, default=UNSET)
        for name, kind in (("first", First), ("after", After), ("last", Last), ("before", Before))
    ]
    if isinstance(order, Enum):
        choice = strawberry.argument(description="Which come first.")
        ends = [
            inspect.Parameter("order_by", _POSITIONAL, annotation=Annotated[type(order), choice], default=order),
            *ends,
        ]
    return _field(source, resolve, description, parent, ends)


def counted(listing: Listing[Any], *, description: str) -> Any:
    """How many rows a listing has."""

    def resolve(row: Parent[Any], info: Info) -> Any:
        return info.context.loaders.count_of(listing).load(row.pk)

    return _field(Counted(listing), resolve, description)


def pure(
    function: Callable[..., Any],
    *columns: str,
    viewer: bool = False,
    facts: Callable[..., Any] | None = None,
    description: str,
) -> Any:
    """A function of columns, and of the field's arguments: see `planner.sources.Pure`."""

    async def resolve(shown: Any, info: Info, **arguments: Any) -> Any:
        who = (info.context.viewer,) if viewer else ()
        values = [await _value(info, shown, path) for path in columns]
        return function(*who, *(values if facts is None else [facts(*values)]), **arguments)

    given = (len(columns) if facts is None else 1) + viewer
    parameters = list(inspect.signature(function).parameters.values())[given:]
    resolver = _with_signature(resolve, parameters)
    return _field(Pure(function, columns, viewer, facts), resolver, description, signed=True)


def of_model(table: Callable[[type[Model]], Mapping[Any, Any]], *, description: str) -> Any:
    """What a table, of which each model has its own, has under the row's key."""

    def resolve(row: Parent[Any]) -> Any:
        return table(type(row))[row.pk]

    return _field(OfModel(table), resolve, description)


def mine(
    model: type[Model],
    *,
    user: str,
    key: str,
    column: str,
    otherwise: Enum | None,
    in_hand: str | None = None,
    unless: str | None = None,
    description: str,
) -> Any:
    """A column of the viewer's own row of `model` for this row."""
    source = Mine(model, user, key, column, otherwise, in_hand, unless)

    async def resolve(row: Parent[Any], info: Info) -> Any:
        if actors.user(info.context.viewer) is None:
            return otherwise
        return await info.context.loaders.mine(source).load(row.pk)

    return _field(source, resolve, description)


def batch(loader: str, column: str, *, pick: str | None = None, description: str) -> Any:
    """What a dataloader gives for a column."""

    async def resolve(row: Parent[Any], info: Info) -> Any:
        found = await getattr(info.context.loaders, loader).load(getattr(row, column))
        return found if pick is None else getattr(found, pick)

    return _field(Batch(loader, column, pick), resolve, description)


def by_id(
    split: Callable[[str], tuple[type[Model], int] | None],
    ids: Callable[..., list[str]],
    *,
    several: bool = False,
    description: str,
) -> Any:
    """Any row by its global id, or null; or each of several. `ids(viewer, **arguments)` are the ids."""

    async def resolve(row: Any, info: Info, **arguments: Any) -> Any:
        wanted = [split(each) for each in ids(info.context.viewer, **arguments)]
        found = await asyncio.gather(*(_found(info, *each) if each else _nothing() for each in wanted))
        return found if several else found[0]

    return _field(ById(split, ids, several), resolve, description, ids)


def _field(
    source: Source,
    resolve: Resolve,
    description: str,
    parent: ParentKey | None = None,
    more: list[inspect.Parameter] | None = None,
    *,
    signed: bool = False,
) -> Any:
    arguments = [] if parent is None else list(inspect.signature(parent).parameters.values())[1:]
    takes_arguments = "arguments" in inspect.signature(resolve).parameters and not signed
    resolver = _with_signature(resolve, arguments + (more or [])) if takes_arguments else resolve
    return strawberry.field(resolver=resolver, description=description, metadata={"source": source})


def _with_signature(resolve: Resolve, arguments: list[inspect.Parameter]) -> Resolve:
    """`resolve` as Strawberry shall see it: with the row, the operation's facts, and these GraphQL arguments."""
    parent: Any = Parent[Any]  # type: ignore[misc]  # mypy takes it for a value
    row = inspect.Parameter("row", _POSITIONAL, annotation=parent)
    info = inspect.Parameter("info", _POSITIONAL, annotation=Info)

    @wraps(resolve)
    def signed(row: Any, info: Info, **arguments: Any) -> Any:
        return resolve(row, info, **arguments)

    signed.__signature__ = inspect.Signature([row, info, *arguments])  # type: ignore[attr-defined]
    return signed


def _key(row: Any, info: Info, parent: ParentKey | None, arguments: dict[str, Any]) -> Any:
    return row.pk if parent is None else parent(info.context.viewer, **arguments)


async def _page(info: Info, listing: Listing[Any], key: Any, window: Window) -> Page[Any]:
    [page] = await _pages(info, listing, [key], window)
    return page


async def _pages(info: Info, listing: Listing[Any], keys: list[Any], window: Window) -> list[Page[Any]]:
    return await info.context.loaders.page_of(listing, window).load_many(keys)


async def _value(info: Info, row: Any, path: str) -> Any:
    *relations, name = path.split(".")
    for relation in relations:
        row = await _related(info, row, relation)
        if row is None:
            return None
    return getattr(row, name)


async def _found(info: Info, model: type[Model], key: int) -> Any:
    return await info.context.loaders.by_id(model).load(key)


async def _nothing() -> None:
    return None


def _related(info: Info, row: Any, relation: str) -> Awaitable[Any]:
    field: Any = row._meta.fields_map[relation]
    assert isinstance(field, ForeignKeyFieldInstance)  # noqa: S101  a slip of the pen beside the field
    return info.context.loaders.related(field.related_model, getattr(row, field.source_field or ""))
