"""What became of each row of a dump, as the table that closes an import."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass
class Tally:
    """What became of the rows of one kind: each is in one of these figures."""

    imported: int = 0
    present: int = 0
    #: Why, in words that follow what kind they are of.
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def found(self) -> int:
        """How many the dump holds."""
        return self.imported + self.present + self.skipped.total()


class Report:
    """The figures of an import, by kind of row in the order of their first mention, and what else is worth telling."""

    def __init__(self) -> None:
        self.kinds: defaultdict[str, Tally] = defaultdict(Tally)
        self.notes: Counter[str] = Counter()

    def __getitem__(self, kind: str) -> Tally:
        return self.kinds[kind]

    def note(self, what: str, amount: int = 1) -> None:
        """Count something else that is worth knowing."""
        if amount:
            self.notes[what] += amount

    def print(self, console: Console) -> None:
        """Write the table, then why rows were skipped, then what else there is to tell."""
        table = Table("", title="Imported", title_justify="left")
        for heading in ("in the dump", "imported", "already there", "skipped"):
            table.add_column(heading, justify="right")
        for kind, tally in self.kinds.items():
            figures = tally.found, tally.imported, tally.present, tally.skipped.total()
            table.add_row(kind, *(f"{figure:,}" for figure in figures))
        console.print(table)
        reasons = [
            f"{amount:>9,}  {kind} {reason}"
            for kind, tally in self.kinds.items()
            for reason, amount in tally.skipped.most_common()
        ]
        for heading, lines in (
            ("Skipped:", reasons),
            ("Worth knowing:", [f"{amount:>9,}  {what}" for what, amount in self.notes.most_common()]),
        ):
            if lines:
                console.print(heading)
            for line in lines:
                console.print(line, highlight=False, markup=False, soft_wrap=True)
