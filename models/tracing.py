"""Where spans begin, where the settings ask for them: `transports.spans` makes them, with OpenTelemetry, out of these.

Without a tracer nothing is traced, and nothing of OpenTelemetry is loaded.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

Attributes = Mapping[str, str | int]


class Statement(Protocol):
    """The span of a statement that is under way."""

    def forget(self) -> None:
        """Tell nobody of it: it was given up, and is sent another way."""


class Trace(Protocol):
    """A span that is under way, with statements below it."""

    @property
    def id(self) -> str:
        """The trace that it belongs to, 32 hexadecimal digits, as the log has it."""

    def statement(self, texts: Sequence[str], system: str) -> AbstractContextManager[Statement]:
        """Trace a statement while the block lasts, or several that are sent at once; `system` is the database."""

    def failed(self, code: str, error_id: str | None = None) -> None:
        """Note an error of ours, and under which id the log has it."""

    def end(self, name: str, attributes: Attributes) -> None:
        """End it; only now its name is known."""


class Tracer(Protocol):
    """Who makes spans."""

    def begin(self, headers: Mapping[str, str] | None = None, *, is_part: bool = True) -> Trace | None:
        """A span of what a client asks; None where it is not sampled.

        Of the trace that the headers tell of it is a part, or one that only refers to it.
        """

    def together(self, traces: Sequence[Trace]) -> Trace:
        """A span of what is done for all of these at once: it is below the first, and all know of it."""


#: Who makes the spans of this process; None where nobody does.
tracer: Tracer | None = None
