"""CREATE TABLE taken apart into its columns and constraints, so that one can change and the others stay as they are."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|/\*.*?\*/|--[^\n]*|.""", re.DOTALL)

#: A part's first word, quoted or not, or the two of a named constraint.
LABEL = re.compile(
    r"""(?:\s|/\*.*?\*/)*(?P<constraint>CONSTRAINT\s+)?(?:"(?P<quoted>(?:[^"]|"")+)"|(?P<bare>\w+))""",
    re.DOTALL | re.IGNORECASE,
)

UNNAMED_CONSTRAINTS = {"CHECK", "FOREIGN", "PRIMARY", "UNIQUE"}


@dataclass(frozen=True)
class TableText:
    """What stands before the parentheses of CREATE TABLE, the parts between them, and what stands after them."""

    head: str
    parts: tuple[str, ...]
    tail: str

    @classmethod
    def parse(cls, sql: str) -> Self:
        """Take the first CREATE TABLE of `sql` apart."""
        pieces, depth = [""], 0
        rest = ""
        for token in TOKEN.finditer(sql):
            text = token[0]
            depth += (text == "(") - (text == ")")
            if depth == 1 and text in ("(", ","):
                pieces.append("")
            elif text == ")" and depth == 0:
                rest = sql[token.end() :]
                break
            elif not text.startswith("--"):  # which would swallow the comma behind it
                pieces[-1] += text
        head, *parts = pieces
        return cls(head.strip(), tuple(part.strip() for part in parts), rest.partition(";")[0].strip())

    def named(self, table: str) -> str:
        """The statement again, for a table of another name."""
        parts = ",\n    ".join(self.parts)
        return f'CREATE TABLE "{table}" (\n    {parts}\n) {self.tail}'.rstrip()

    def part(self, label: str) -> str:
        """The column, or for `CONSTRAINT name` the constraint, of that name; KeyError if there is none."""
        for part in self.parts:
            if label_of(part) == label:
                return part
        raise KeyError(label)

    @property
    def columns(self) -> list[str]:
        """The columns' names."""
        return [label for label in map(label_of, self.parts) if not label.startswith("CONSTRAINT ")]

    def without(self, label: str) -> Self:
        """The table without that part."""
        return self._changed(lambda part: None if label_of(part) == label else part)

    def replacing(self, label: str, new: str) -> Self:
        """The table with another definition for that part."""
        return self._changed(lambda part: new if label_of(part) == label else part)

    def with_column(self, definition: str) -> Self:
        """The table with one more column, behind the others and before the constraints."""
        place = len(self.columns)
        return replace(self, parts=(*self.parts[:place], definition, *self.parts[place:]))

    def with_constraint(self, definition: str) -> Self:
        """The table with one more constraint."""
        return replace(self, parts=(*self.parts, definition))

    def _changed(self, change: Callable[[str], str | None]) -> Self:
        return replace(self, parts=tuple(part for part in map(change, self.parts) if part is not None))


def label_of(part: str) -> str:
    """A column's name, or `CONSTRAINT name`, or `CONSTRAINT ` for one without a name."""
    found = LABEL.match(part)
    if found is None:
        raise ValueError(f"This is neither a column nor a constraint: {part!r}")
    name = found["quoted"] or found["bare"]
    if found["constraint"]:
        return f"CONSTRAINT {name}"
    if found["bare"] and name.upper() in UNNAMED_CONSTRAINTS:
        return "CONSTRAINT "
    return name
