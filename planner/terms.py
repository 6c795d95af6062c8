"""The pieces of SQL that pypika has no words for: values that come later, and lists of keys as a table."""

from typing import Any

from pypika_tortoise.context import SqlContext
from pypika_tortoise.queries import QueryBuilder, Table
from pypika_tortoise.terms import Parameter, Parameterizer, Term

from models import PostKind, PostState

VIEWER, WRITER, PARENT, KEYS = "viewer", "writer", "parent", "keys"
#: What a slot holds: the parent's key or keys, the viewer's id, or a value of the cursor that a page begins or ends at.
SlotName = str | tuple[str, int] | object
#: Words that rules compare with. As parameters, SQLite would plan the statement anew whenever it is run, since there
#: are indexes of the rows that have them alone.
_OURS = frozenset(word.value for words in (PostKind, PostState) for word in words)


class Slots(Parameterizer):
    """The parameters of one statement in their order: named ones, whose values come with each request, and values."""

    def __init__(self, dialect: str) -> None:
        super().__init__()
        self.dialect = dialect
        #: Which of several steps is being written, where one statement is that of several.
        self.step: int | None = None
        self._places: dict[Any, int] = {}

    def placeholder(self, name: Any) -> str:
        """The placeholder of a named slot: `$1`, or SQLite's `?1`. A slot has one, however often it is used."""
        if self.step is not None and name not in (VIEWER, WRITER):
            name = (self.step, name)
        if name not in self._places:
            self.values.append(Slot(name, self))
            self._places[name] = len(self.values)
        return f"{'$' if self.dialect == 'postgres' else '?'}{self._places[name]}"

    def create_param(self, value: Any) -> Parameter:
        if isinstance(value, bool):
            return Parameter(str(value).lower())
        if isinstance(value, str) and value in _OURS:
            return Parameter(f"'{value}'")
        self.values.append(value)
        return Parameter(f"{'$' if self.dialect == 'postgres' else '?'}{len(self.values)}")


class Slot(Term):
    """A value that is known only when the statement is run."""

    def __init__(self, name: Any, slots: Slots) -> None:
        super().__init__()
        self.name = name
        self._slots = slots

    def get_sql(self, ctx: SqlContext) -> str:
        return self._slots.placeholder(self.name)


class Keys(Table):
    """The parents' keys, one row each: the statement is run once for all of them.

    They are a parameter, or what the query `found` gives.
    """

    def __init__(self, slots: Slots, array: str, found: str = "") -> None:
        super().__init__("keys", alias="keys")
        self._slots = slots
        self._array = array
        self._found = found

    @property
    def column(self) -> str:
        return "value" if self._slots.dialect == "sqlite" else "key"

    def get_sql(self, ctx: SqlContext) -> str:
        if self._found:
            return f'({self._found}) "keys"("{self.column}")'
        placeholder = self._slots.placeholder(KEYS)
        if self._slots.dialect == "sqlite":
            return f'json_each({placeholder}) "keys"'
        return f'unnest({placeholder}::{self._array}) "keys"("key")'


class Lateral(Table):
    """A subquery that is run for each row before it: the first rows of each parent (PostgreSQL)."""

    def __init__(self, query: QueryBuilder) -> None:
        super().__init__("page", alias="page")
        self._query = query

    def get_sql(self, ctx: SqlContext) -> str:
        inner = ctx.copy(subquery=True, with_alias=False)
        return f'LATERAL {self._query.get_sql(inner)} "page"'
