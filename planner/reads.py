"""What an answer was made of: the rows that a plan's statements read, those they looked for, and what was looked at.

It is read off the statements themselves. Each table in one, under its alias, is one of three things:

    the list's own    t0        rows by the parent's key (all rows, where there is none), and each row that came
    a joined one      t1, t2..  rows by the key that led to them
    any other                   all rows: it stands in a condition

and every column of it that the statement names was looked at. A statement that names something in another way is not
understood, and its answer not kept: better to read again than to be wrong.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from tortoise.expressions import Q

from planner.running import CheckPage, CountRows, LookUp, ReadRows, Run, StepRunner
from planner.sources import Listing
from planner.statements import Builder
from planner.terms import Slot, Slots
from services.changes import ANY, ROW, Read

_KEYS = re.compile(r'(?:json_each|unnest)\([^)]*\) "keys"(?:\("key"\))?')
_TABLE = re.compile(r'(?:FROM|JOIN) "(\w+)"(?: "(\w+)")?')
_OTHER = re.compile(r"(?!t\d+$)")
_COLUMN = re.compile(r'"(\w+)"\."(\w+)"')
_NONE: frozenset[str] = frozenset()


class NotUnderstood(Exception):
    """A statement or a loader that does not tell what it reads."""


@dataclass(frozen=True)
class Mentioned:
    """What a statement names: tables by alias, their columns, and those of them that decide which rows it gives."""

    tables: Mapping[str, str]
    columns: Mapping[str, frozenset[str]]
    deciding: Mapping[str, frozenset[str]]


class Notes:
    """Tells of a plan's runs what they read. Make it before the plan's first run: it has the keys of rows read too."""

    def __init__(self, steps: tuple[StepRunner, ...], builder: Builder) -> None:
        self._steps = [_note(step, builder) for step in steps]

    def __call__(self, run: Run) -> list[Read] | None:
        """What a run read, or None where that is not known."""
        try:
            return [read for step in self._steps for read in step.reads(run) if read.values]
        except NotUnderstood:
            return None


class _RowsNote:
    """What a list's statement reads."""

    def __init__(self, step: ReadRows, builder: Builder) -> None:
        self.step = step
        self.builder = builder
        rows = step.rows
        self.table = rows.model._meta.db_table
        self.parent = parent_column(rows.listing)
        self.key = rows.cell((), rows.model._meta.pk_attr).index
        self.is_by_key = self.parent == rows.model._meta.pk_attr
        self.joins = [
            (join.listing.model._meta.db_table, parent_column(join.listing), rows.cell(join.path, join.column).index)
            for join in rows.joins.values()
        ]

    def reads(self, run: Run) -> Iterator[Read]:
        parent, found = run.parents[self.step.rows.number], run.rows[self.step.rows.number]
        if parent is None or parent == []:
            return
        mentioned = self.mentioned(run, parent)
        columns = mentioned.columns.get("t0", _NONE)
        yield from _listed(
            self.table, self.parent, parent, columns if self.is_by_key else mentioned.deciding.get("t0", _NONE)
        )
        if not self.is_by_key:
            yield Read(self.table, ROW, [row[self.key] for row in found], columns)
        for number, (table, column, key) in enumerate(self.joins, start=1):
            keys = {row[key] for row in found} - {None}
            yield from _listed(table, column, list(keys), mentioned.columns.get(f"t{number}", _NONE))
        yield from _others(mentioned)

    def mentioned(self, run: Run, parent: Any) -> Mentioned:
        """What the statement names: where a page begins and ends changes nothing about that."""
        if self.step.rows.listing.by_value:
            return mentioned_in(self.step.statement(self.step.window(run), parent).sql)
        return self._of_all_pages

    @cached_property
    def _of_all_pages(self) -> Mentioned:
        return mentioned_in(self.builder.rows(self.step.rows).sql)


class _CountNote:
    """What a count looks at."""

    def __init__(self, step: CountRows) -> None:
        self.step = step
        self.table = step.count.listing.model._meta.db_table
        self.parent = parent_column(step.count.listing)

    def reads(self, run: Run) -> Iterator[Read]:
        parent = run.parents[self.step.count.number]
        if parent is None or parent == []:
            return
        mentioned = mentioned_in(self.step.statement(parent).sql)
        yield from _listed(self.table, self.parent, parent, mentioned.columns.get("t0", _NONE))
        yield from _others(mentioned)


class _LookupNote:
    """What a loader reads, as it says itself."""

    def __init__(self, step: LookUp) -> None:
        self.lookup = step.lookup

    def reads(self, run: Run) -> Iterator[Read]:
        told = getattr(getattr(run.loaders, self.lookup.loader), "reads", None)
        if told is None:
            raise NotUnderstood(self.lookup.loader)
        yield from told(run.parents[self.lookup.number])


class _NoNote:
    """What reads nothing."""

    def reads(self, run: Run) -> Iterator[Read]:
        return iter(())


def _note(step: StepRunner, builder: Builder) -> _RowsNote | _CountNote | _LookupNote | _NoNote:
    match step:
        case ReadRows():
            return _RowsNote(step, builder)
        case CountRows():
            return _CountNote(step)
        case LookUp():
            return _LookupNote(step)
        case CheckPage():
            return _NoNote()


def _listed(table: str, column: str | None, keys: Any, columns: frozenset[str]) -> Iterator[Read]:
    if column is None:
        yield Read(table, ANY, [None], columns)
    else:
        yield Read(table, column, keys if isinstance(keys, list) else [keys], columns)


def _others(mentioned: Mentioned) -> Iterator[Read]:
    for alias, table in mentioned.tables.items():
        if _OTHER.match(alias):
            yield Read(table, ANY, [None], mentioned.columns.get(alias, _NONE))


def parent_column(listing: Listing[Any]) -> str | None:
    """The column that holds the parent's key in every row of a listing; None where there is none such."""
    if listing.by_value:
        return None
    parent = Slot("parent", Slots("sqlite"))
    return _equal_to(parent, Q(*listing.rows(None, parent)._q_objects))


def _equal_to(value: Any, condition: Q) -> str | None:
    """The column that a condition wants to be equal to `value`, whatever else it wants."""
    if condition._is_negated or condition.join_type != Q.AND:
        return None
    for column, wanted in condition.filters.items():
        if wanted is value and "__" not in column:
            return column
    return next((found for each in condition.children if (found := _equal_to(value, each)) is not None), None)


@lru_cache(maxsize=1_000)
def mentioned_in(sql: str) -> Mentioned:
    """What a statement names. Raises NotUnderstood."""
    text = _KEYS.sub("", sql)
    named = [(alias or table, table) for table, alias in _TABLE.findall(text)]
    tables = dict(named)
    left = _COLUMN.sub("", _TABLE.sub("", text))
    columns, deciding = _columns(text), _columns(text.partition(" FROM ")[2])
    is_plain = '"' not in left.replace('"keys"', "") and columns.keys() - {"keys"} <= tables.keys()
    if not is_plain or any(tables[alias] != table for alias, table in named):
        raise NotUnderstood(sql)
    return Mentioned(tables, columns, deciding)


def _columns(text: str) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for alias, column in _COLUMN.findall(text):
        found[alias].add(column)
    return {alias: frozenset(columns) for alias, columns in found.items()}
