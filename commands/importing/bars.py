"""How far an import is: a bar for each part on a terminal, a line for each part elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Literal

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

Unit = Literal["bytes", "rows", "steps"]


class Bars:
    """The progress of an import, shown while this context is open."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[amount]:>12}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    @contextmanager
    def bar(self, description: str, total: int, unit: Unit) -> Iterator[Callable[[int], None]]:
        """A part of so many bytes, rows or steps: call what you get with how many more are done."""
        amount = decimal(total) if unit == "bytes" else f"{total:,} {unit}"
        task = self._progress.add_task(description, total=total, amount=amount)
        yield lambda more: self._progress.advance(task, more)
        # An empty part is done too, and one may turn out shorter than it seemed.
        self._progress.update(task, total=total or 1, completed=total or 1)
        if not self._console.is_terminal:
            self._console.print(f"{description:<28} {amount:>12}", highlight=False)
