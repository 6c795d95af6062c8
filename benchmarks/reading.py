"""The pages, read from every server: compared, warmed up and measured in turns."""

from collections.abc import Sequence
from itertools import cycle

from rich.progress import Progress

from benchmarks.databases import Kind
from benchmarks.load import Request, WrongAnswer
from benchmarks.measure import Turns, answers, compare, in_turns
from benchmarks.pages import Page
from benchmarks.running import Line, Run
from benchmarks.serving import Served
from benchmarks.variants import Variant

Running = Sequence[tuple[Variant, Served]]


def read(
    run: Run, database: Kind, pages: Sequence[Page], variants: Sequence[Variant], url: str, connections: Sequence[int]
) -> list[Line]:
    """Measure every page on every variant that has it. The first one's answers that are a page's are the right ones.

    Raises WrongAnswer where another's differ, and where a server changes its answer under load.
    """
    lines: list[Line] = []
    with run.servers(variants, url) as running, Progress(console=run.console, transient=True) as progress:
        task = progress.add_task("", total=len(pages) * len(connections) * len(running) * (1 + run.effort.rounds))
        for page in pages:
            progress.update(task, description=f"{database}: {page.name}")
            those = [(variant, served) for variant, served in running if page.document in variant.documents]
            those = [(variant, served) for variant, served in those if variant.reads(page.asked[0].user_id)]
            asked = _compared(page, those)
            for amount in connections:
                turns = []
                for (_, served), requests in zip(those, asked, strict=True):
                    postgres = url if database == "postgres" else None
                    turns.append(Turns(served, cycle(requests), amount, run.effort.seconds, postgres))
                    progress.advance(task)
                figures = in_turns(turns, run.effort.rounds, lambda: progress.advance(task))
                for (variant, _), requests, each in zip(those, asked, figures, strict=True):
                    size = len(requests[0].expected or b"")
                    lines.append(Line(database, page.name, amount, variant.name, each, size))
    return lines


def _compared(page: Page, running: Running) -> list[list[Request]]:
    """The requests to each server with their answers, after a look that these are the same."""
    found = []
    right = None
    for variant, served in running:
        try:
            given = answers(served, variant, page)
        except WrongAnswer as error:
            raise WrongAnswer(f"{variant.name}, {page.name}: {error}\n{served.said}") from error
        if variant.answers:
            right = right or given
            compare(page, right, given, variant)
        found.append(given)
    return found
