"""What changed: every deed says which rows it wrote, and after the commit all who keep copies of them are told.

    Read    what a copy was made of: rows by the value of one column (those of thread 7), and which columns counted
    Change  a row that was written, its columns that did, and values by which it may be found among what was read

News carries no data, only what may no longer be true.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from tortoise.fields import TextField
from tortoise.models import Model

from models.database import after_commit

#: The "column" of rows that were seen, not looked for: its values are their keys.
ROW = "row"
#: The "column" of all rows of a table; its one value is None. And the "table" of a change that may have been any.
ANY = "any"


@dataclass(frozen=True, slots=True)
class Read:
    """Rows of a table whose `column` has one of `values`, those that are there and those that may come."""

    table: str
    column: str
    values: Sequence[Any]
    #: What was looked at in these rows: to choose them, to order them, or to show them.
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """A row that was written: its table, and the columns that may hold something else now; None if it came or went.

    `known` are values that the row has, and unless they are among `columns` always had: where rows with other values
    there were read, this one was not among them.
    """

    table: str
    columns: frozenset[str] | None
    known: Mapping[str, Any]


#: What may have been any change.
ANYTHING = Change(ANY, None, {})

Hearer = Callable[[Change], None]
_hearers: list[Hearer] = []
_is_cut_off = False
_told = 0


@contextmanager
def hearing(hearer: Hearer) -> Iterator[None]:
    """Have `hearer` told of every change while the block lasts: after its commit, and before its author is answered."""
    _hearers.append(hearer)
    try:
        yield
    finally:
        _hearers.remove(hearer)


def appeared(*rows: Model) -> None:
    """Tell after the commit that these rows are new. Call it inside the transaction."""
    for row in rows:
        _note(row, None)


def vanished(*rows: Model) -> None:
    """Tell after the commit that these rows are gone, which were in hand. Call it inside the transaction.

    Who kept a copy of one forgets it: also those who saw it only as what a reference led to. What goes with it by
    itself (the votes on a post) is told apart, if anybody reads it for visitors.
    """
    for row in rows:
        _note(row, None)


def appeared_with(model: type[Model], **known: Any) -> None:
    """The same of a row, or several, that nobody has in hand, with what is known of them."""
    if _hearers:
        after_commit(partial(tell, Change(model._meta.db_table, None, {**known, ROW: None})))


def changed(row: Model, *columns: str) -> None:
    """Tell after the commit that these columns of a row were written. Call it inside the transaction."""
    _note(row, frozenset(columns))


def changed_by_key(model: type[Model], key: int, *columns: str) -> None:
    """The same of a row that nobody has in hand: whoever may have a copy of it forgets that."""
    if _hearers:
        meta = model._meta
        after_commit(partial(tell, Change(meta.db_table, frozenset(columns), {ROW: key, meta.pk_attr: key})))


def tell(change: Change, besides: Hearer | None = None) -> None:
    """Tell all who hear, but the one who brought it. Call it after the commit, never before."""
    global _told
    _told += 1
    for hearer in tuple(_hearers):
        if hearer != besides:
            hearer(change)


def told() -> int:
    """How many changes were told so far."""
    return _told


def cut_off(is_so: bool) -> None:
    """Note whether what others write is not told here (`services.bus`). Either way, anything may have changed."""
    global _is_cut_off
    _is_cut_off = is_so
    tell(ANYTHING)


def is_cut_off() -> bool:
    """Whether a copy made now would not be known to be true for long."""
    return _is_cut_off


def _note(row: Model, columns: frozenset[str] | None) -> None:
    if not _hearers:
        return
    meta = row._meta
    known = {column: value for column, value in vars(row).items() if column in _short(type(row))}
    known[ROW] = row.pk
    if row.pk is None:  # written together with others, and nobody was told their keys
        del known[meta.pk_attr]
    after_commit(partial(tell, Change(meta.db_table, columns, known)))


@cache
def _short(model: type[Model]) -> frozenset[str]:
    """The columns that rows may be found by: all but long texts, which news must not carry about."""
    meta = model._meta
    return frozenset(column for column in meta.db_fields if not isinstance(meta.fields_map[column], TextField))
