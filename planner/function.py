"""From shapes to one Python function: it makes the whole answer of what the statements read.

The function is text, compiled once: nested comprehensions over rows, a dictionary display for each object, and no
call for a field that is a column. What it works with (tables, functions, constants) is bound to names; nothing of the
document or of the data becomes part of the text, but the keys of the answer, which are names of GraphQL.

    def answer(run):
        groups0 = run.groups[0]
        groups1 = run.groups[1]
        return {'threads': [{'title': r0_0, 'tags': [r1_0 for r1_0, r1_1, in groups1.get(r0_1, ())]}
            for r0_0, r0_1, in groups0.get(None, ())]}

Rows are taken apart where they are met: Python reads a name in a third of the time that a place in a tuple takes it.
"""

from collections.abc import Callable
from typing import Any

from planner.selection import CannotPlan
from planner.shapes import (
    Applied,
    Cell,
    Constant,
    Counted,
    Cursor,
    First,
    Listed,
    Looked,
    Object,
    OneOf,
    PageFlag,
    Rows,
    Shape,
    Switch,
    Value,
)
from planner.values import Reader, Unplanned

#: Python's own parser takes fewer than a hundred parentheses inside one another.
MOST_DEPTH = 30


def first(items: list[Any]) -> Any:
    """The one item, or null."""
    return items[0] if items else None


def only(items: list[Any]) -> Any:
    """The one item. Raises Unplanned where there is none."""
    if not items:
        raise Unplanned("a row that must be there is not")
    return items[0]


def missing() -> Any:
    """What stands for an object that must be there. Raises Unplanned."""
    raise Unplanned("a row that must be there is not")


class Writer:
    """Writes the function of one plan."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"first": first, "only": only, "missing": missing}
        self._bound: dict[int, str] = {}
        self._prologue: dict[str, str] = {}
        self._depth = 0

    def function(self, shape: Shape) -> tuple[Callable[[Any], Any], str]:
        """The function that makes the answer of a run, and its text."""
        value = self.code(shape)
        lines = ["def answer(run):", *(f"    {line}" for line in self._prologue.values()), f"    return {value}"]
        text = "\n".join(lines)
        try:
            exec(compile(text, "<plan>", "exec"), self.names)  # noqa: S102  text of ours, see above
        except (SyntaxError, RecursionError, MemoryError) as error:
            raise CannotPlan(f"too deep for one function ({type(error).__name__})") from error
        return self.names["answer"], text

    def code(self, shape: Shape) -> str:
        """The expression that makes a shape."""
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise CannotPlan(f"more than {MOST_DEPTH} levels")
        try:
            return self._code(shape)
        finally:
            self._depth -= 1

    def _code(self, shape: Shape) -> str:
        match shape:
            case Constant(value):
                return self.bound(value)
            case Value(cell, reader):
                return self.read(self.cell(cell), reader)
            case Object(fields, exists, is_required):
                pairs = ", ".join(f"{key!r}: {self.code(value)}" for key, value in fields)
                return self.if_there(f"{{{pairs}}}", exists, is_required)
            case Switch(cell, cases, exists, is_required):
                place = self.cell(cell)
                chain = "".join(
                    f"{self.code(made)} if {place} == {self.bound(value)} else " for value, made in cases.items()
                )
                return self.if_there(f"({chain}missing())", exists, is_required)
            case Listed(rows, parent, item):
                return f"[{self.code(item)} {self.over(rows, parent)}]"
            case First(rows, parent, item, is_required):
                return f"{'only' if is_required else 'first'}([{self.code(item)} {self.over(rows, parent)}])"
            case Applied():
                return self.applied(shape)
            case Looked(lookup, complete, pick):
                found = f"{self.of_run('found', lookup.number)}[{self.cell(lookup.key)}]"
                return f"{self.bound(complete)}({found if pick is None else f'{found}.{pick}'})"
            case Counted(count, parent):
                return f"{self.of_run('counts', count.number)}[{'None' if parent is None else self.cell(parent)}]"
            case PageFlag(rows, parent, is_next):
                flags = self.of_run("flags", rows.number)
                key = "None" if parent is None else self.cell(parent)
                return f"{flags}.get({key}, {self.of_run('flags_of_none', rows.number)})[{0 if is_next else 1}]"
            case Cursor():
                return self.cursor(shape)
            case OneOf():
                return self.one_of(shape)
        raise AssertionError(shape)

    def applied(self, shape: Applied) -> str:
        """A function's call, and what makes its result ready."""
        values = [self.code(value) for value in shape.values]
        if shape.facts is not None:
            values = [f"{self.bound(shape.facts)}({', '.join(values)})"]
        if shape.takes_viewer:
            values.insert(0, "run.viewer")
        if shape.arguments is not None and shape.arguments.is_constant:
            given = shape.arguments.read()
            values += [f"{name}={self.bound(value)}" for name, value in given.items()]
        elif shape.arguments is not None:
            values.append(f"**{self.arguments(shape.arguments)}")
        call = f"{self.bound(shape.function)}({', '.join(values)})"
        return call if shape.complete is None else f"{self.bound(shape.complete)}({call})"

    def cursor(self, shape: Cursor) -> str:
        """Where a row stands, or the row at one end of a page."""
        paging = shape.rows.paging
        assert paging is not None  # noqa: S101  cursors are of pages
        position = "".join(f"{self.code(value)}, " for value in shape.position)
        place = f"{self.bound(paging.source.cursor)}({self.bound(paging.order)}, ({position}))"
        if shape.end is None:
            return place
        end = "[:1]" if shape.end == 0 else "[-1:]"
        return f"first([{place} for {self.row(shape.rows)} in {self.group(shape.rows, shape.parent)}{end}])"

    def one_of(self, shape: OneOf) -> str:
        """What global ids name: a function for each kind, and the kinds by model."""
        kinds = []
        for model, (rows, item) in shape.kinds.items():
            name = f"kind{len(self._prologue)}"
            found = (
                f"first([{self.code(item)} for {self.row(rows)} in {self.of_run('groups', rows.number)}.get(key, ())])"
            )
            self._prologue[name] = f"{name} = lambda key: {found}"
            kinds.append(f"{self.bound(model)}: {name}")
        ids = f"{self.bound(shape.ids)}(run.viewer, **{self.arguments(shape.arguments)})"
        named = f"map({self.bound(shape.split)}, {ids})"
        objects = f"[None if named is None else {{{', '.join(kinds)}}}[named[0]](named[1]) for named in {named}]"
        return objects if shape.several else f"first({objects})"

    def read(self, place: str, reader: Reader) -> str:
        if reader.table is not None:
            return f"{self.bound(reader.table)}[{place}]"
        return place if reader.function is None else f"{self.bound(reader.function)}({place})"

    @staticmethod
    def if_there(made: str, exists: Cell | None, is_required: bool) -> str:
        if exists is None:
            return made
        return f"({made} if {Writer.cell(exists)} is not None else {'missing()' if is_required else 'None'})"

    def over(self, rows: Rows, parent: Cell | None) -> str:
        """The `for` of a comprehension over the rows of one parent."""
        if rows.names is not None and parent is not None:
            names = f"{self.bound(rows.names)}({self.cell(parent)})"
            return f"for name in {names} for {self.row(rows)} in {self.of_run('groups', rows.number)}.get(name, ())"
        return f"for {self.row(rows)} in {self.group(rows, parent)}"

    def group(self, rows: Rows, parent: Cell | None) -> str:
        return f"{self.of_run('groups', rows.number)}.get({'None' if parent is None else self.cell(parent)}, ())"

    def of_run(self, what: str, number: int) -> str:
        name = f"{what}{number}"
        self._prologue[name] = f"{name} = run.{what}[{number}]"
        return name

    def arguments(self, arguments: Any) -> str:
        name = f"arguments_{self.bound(arguments)}"
        self._prologue[name] = f"{name} = {self.bound(arguments)}.read(run.variables)"
        return name

    def bound(self, value: Any) -> str:
        """The name by which the function knows a value."""
        if id(value) not in self._bound:
            name = f"v{len(self._bound)}"
            self.names[name] = value
            self._bound[id(value)] = name
        return self._bound[id(value)]

    @staticmethod
    def cell(cell: Cell) -> str:
        return f"r{cell.rows.number}_{cell.index}"

    @staticmethod
    def row(rows: Rows) -> str:
        """What a row is taken apart into: the names of its columns."""
        return "".join(f"r{rows.number}_{index}, " for index in range(rows.width)).rstrip()
