"""Connections of the Relay specification: their fields are the planner's own, whatever their nodes are."""

from collections.abc import Callable
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from graphql import get_named_type, get_nullable_type

from planner import sources
from planner.arguments import Arguments
from planner.selection import TYPENAME, CannotPlan, Chosen, arguments_text
from planner.shapes import (
    Cell,
    Constant,
    Counted,
    Cursor,
    Listed,
    Object,
    PageFlag,
    Paging,
    Root,
    Rows,
    Shape,
    Value,
)

if TYPE_CHECKING:
    from planner.tree import Tree


class ConnectionOf:
    """One connection of a tree: the page of a listing for the parents in `parent`, or for the root's."""

    def __init__(self, tree: "Tree", chosen: Chosen, pages: sources.Pages, parent: Cell | None) -> None:
        self.tree = tree
        self.chosen = chosen
        self.pages = pages
        self.cell = parent
        self.arguments = Arguments(tree.schema, chosen.definition, chosen.node)
        self.parent = parent or Root(pages.parent, self.arguments)

        order = self.arguments.read(tree.variables).get("order_by", pages.order)
        self.paging = Paging(pages, order.value if isinstance(order, Enum) else order, self.arguments)

    @cached_property
    def rows(self) -> Rows:
        """The rows of the page; they are read only where something of them is asked for."""
        alike = arguments_text(self.chosen.node)
        return self.tree.steps.rows(
            self.pages.listing, self.parent, alike=alike, order=self.paging.order, paging=self.paging
        )

    @cached_property
    def position(self) -> tuple[Value, ...]:
        """Where a row stands in the list."""
        return tuple(self.tree.python_value(self.rows, (), column.removeprefix("-")) for column in self.rows.order)

    def shape(self) -> Object:
        """The connection as an object of the answer."""
        shape = self._object(self.chosen, self._field, get_nullable_type(self.chosen.definition.type))
        if "rows" not in vars(self):
            self.tree.steps.check(self.pages.listing, self.paging, self.parent)
        return shape

    def _field(self, chosen: Chosen) -> Shape:
        match chosen.name:
            case "totalCount":
                return Counted(self.tree.steps.count(self.pages.listing, self.parent), self.cell)
            case "nodes":
                return Listed(self.rows, self.cell, self.tree.row(chosen, self.rows, ()))
            case "edges":
                edge = get_named_type(chosen.definition.type)
                return Listed(self.rows, self.cell, self._object(chosen, self._edge_field, edge))
            case "pageInfo":
                return self._object(chosen, self._page_field, get_named_type(chosen.definition.type))
        raise CannotPlan(f"{chosen.name}: no field of a connection")

    def _edge_field(self, chosen: Chosen) -> Shape:
        match chosen.name:
            case "cursor":
                return Cursor(self.rows, self.position)
            case "node":
                return self.tree.row(chosen, self.rows, ())
        raise CannotPlan(f"{chosen.name}: no field of an edge")

    def _page_field(self, chosen: Chosen) -> Shape:
        match chosen.name:
            case "startCursor":
                return Cursor(self.rows, self.position, self.cell, 0)
            case "endCursor":
                return Cursor(self.rows, self.position, self.cell, -1)
            case "hasNextPage" | "hasPreviousPage":
                self.rows.wants_more = True
                return PageFlag(self.rows, self.cell, chosen.name == "hasNextPage")
        raise CannotPlan(f"{chosen.name}: no field of a page's information")

    def _object(self, chosen: Chosen, field: Callable[[Chosen], Shape], owner: Any) -> Object:
        below = self.tree.chosen_below(owner, chosen)
        return Object(
            tuple((each.key, Constant(owner.name) if each.name == TYPENAME else field(each)) for each in below)
        )
