"""A run: the servers of a database started, what could not be started noted, what was measured gathered."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from rich.console import Console

from benchmarks.databases import Kind
from benchmarks.live.figures import Churn, Turn
from benchmarks.measure import Effort, Figures
from benchmarks.peers import NoPeers
from benchmarks.serving import DidNotStart, Served
from benchmarks.variants import Variant


@dataclass(frozen=True)
class Line:
    """What was measured of a variant: on what page (or in what row of a growth table), over how many connections."""

    database: Kind
    page: str
    connections: int
    variant: str
    figures: Figures
    #: The length of a typical answer in bytes.
    size: int
    #: SQL statements a request, where they were counted.
    statements: int | None = None


@dataclass
class Run:
    """What a run has measured so far, and what it could not. `part` is a chapter of the report."""

    effort: Effort
    console: Console
    parts: dict[str, list[Line]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    #: What was measured of live votes, and on which database.
    live_on: Kind = "sqlite"
    live: list[Turn] = field(default_factory=list)
    churn: Churn | None = None

    def add(self, part: str, lines: Sequence[Line]) -> None:
        """Keep lines for a chapter."""
        self.parts.setdefault(part, []).extend(lines)

    def note(self, text: str) -> None:
        """Say something now, and in the report."""
        if text not in self.notes:
            self.notes.append(text)
            self.console.print(f"[yellow]{text}[/]", highlight=False)

    @contextmanager
    def servers(self, variants: Sequence[Variant], url: str) -> Iterator[list[tuple[Variant, Served]]]:
        """The running servers of those variants that start here."""
        with ExitStack() as stack:
            running = []
            for variant in variants:
                try:
                    served = Served(variant.command, variant.environment_at(url), self.effort.server_core)
                    running.append((variant, stack.enter_context(served)))
                except (DidNotStart, NoPeers) as reason:
                    self.note(f"{variant.name} is left out: {_last_words(str(reason))}")
            yield running


def _last_words(said: str) -> str:
    """What a server said last before it ended: the error, not what uvicorn says of it afterwards."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and "Application startup failed" not in line]
    return lines[-1] if lines else "it ended without a word"


def with_statements(line: Line, statements: int) -> Line:
    """The line, and how many statements a request took."""
    return replace(line, statements=statements)
