"""What became of each row of a dump, as the table that closes an import."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass
class Tally:
    """How many rows of one kind there were and what became of them: every row is in one of these figures."""

    found: int | None = None
    imported: int = 0
    present: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


class Report:
    """The figures of an import, by kind of row in the order of their first mention, and what else is worth telling."""

    def __init__(self) -> None:
        self.kinds: defaultdict[str, Tally] = defaultdict(Tally)
        self.notes: Counter[str] = Counter()

    def __getitem__(self, kind: str) -> Tally:
        return self.kinds[kind]

    def skip(self, kind: str, reason: str, amount: int = 1) -> None:
        """Count rows that were not imported; `reason` completes the sentence "so many rows of this kind ..."."""
        if amount:
            self.kinds[kind].skipped[reason] += amount

    def note(self, sentence: str, amount: int = 1) -> None:
        """Count something that was done differently; `sentence` is told after the number."""
        if amount:
            self.notes[sentence] += amount

    def print(self, console: Console) -> None:
        """Write the table, then why rows were skipped, then what else there is to tell."""
        table = Table("", title="Imported", title_justify="left")
        for heading in ("in the dump", "imported", "already there", "skipped"):
            table.add_column(heading, justify="right")
        for kind, tally in self.kinds.items():
            found = "" if tally.found is None else f"{tally.found:,}"
            skipped = tally.skipped.total()
            table.add_row(kind, found, f"{tally.imported:,}", f"{tally.present:,}", f"{skipped:,}")
        console.print(table)
        reasons = [
            f"{amount:>9,} {kind} {reason}"
            for kind, tally in self.kinds.items()
            for reason, amount in tally.skipped.most_common()
        ]
        for heading, lines in (
            ("Skipped:", reasons),
            ("Worth knowing:", [f"{amount:>9,} {sentence}" for sentence, amount in self.notes.most_common()]),
        ):
            if lines:
                console.print(heading)
            for line in lines:
                console.print(line, highlight=False, markup=False, soft_wrap=True)
