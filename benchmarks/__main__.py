"""`make bench`, or `python -m benchmarks`: makes the data, measures all servers in one run, writes the report."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from benchmarks import growth, report, slow_disk, voting
from benchmarks.databases import Kind, scratch
from benchmarks.forum import Shape
from benchmarks.live import churn, turns
from benchmarks.live.servers import RAW, SERVERS
from benchmarks.load import WrongAnswer
from benchmarks.measure import Effort
from benchmarks.pages import growing, pages
from benchmarks.reading import read
from benchmarks.running import Run
from benchmarks.variants import BOTH, BY_HAND, OURS, VARIANTS, Variant
from models.database import DatabaseUnavailable

HERE = Path(__file__).parent
USUAL = Shape(users=20_000, threads=20_000)
SMALL = Shape(users=2_000, threads=1_000)
#: A quick run's listeners.
QUICK = (100,)
PAGES = tuple(pages(SMALL))
LIVE = ("live", "live churn")
SLOW_DISK = "vote, slow disk"
PARTS = (*PAGES, "vote", SLOW_DISK, "growth", *LIVE)
NAMES = tuple(dict.fromkeys(each.name for each in (*VARIANTS, *SERVERS)))


def _one_of(known: Sequence[str], chosen: Sequence[str] | None, option: str) -> list[str]:
    """What was chosen, or all. Raises BadParameter with what is known."""
    for name in chosen or ():
        if name not in known:
            raise typer.BadParameter(f"{name!r} is none of: {', '.join(known)}.", param_hint=option)
    return [name for name in known if not chosen or name in chosen]


def main(
    part: Annotated[
        list[str] | None, typer.Option(help=f"Only this: {'; '.join(PARTS)}. May be given several times.")
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this, beside by hand (live: beside the raw writer): {'; '.join(NAMES)}."),
    ] = None,
    on: Annotated[list[str] | None, typer.Option(help="Only this database: sqlite or postgres.")] = None,
    connections: Annotated[list[int] | None, typer.Option(help="Read over so many connections: 1 and 16.")] = None,
    listeners: Annotated[
        list[int] | None,
        typer.Option(min=1, help=f"Live: so many listeners; {', '.join(map(str, turns.LISTENERS))} if not said."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help=f"Turns of each server; live: {turns.MOST_ROUNDS} at most.")] = 7,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long a turn is.")] = 1.0,
    quick: Annotated[
        bool, typer.Option("--quick", help="A small forum and few, short turns: to see that all works.")
    ] = False,
    large: Annotated[bool, typer.Option("--large", help="Let the forum grow to a million posts.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the databases: the next run of the same shape uses them again.")
    ] = False,
    postgres: Annotated[
        str, typer.Option(envvar="BENCH_POSTGRES_URL", help="A PostgreSQL server where databases may be made.")
    ] = "postgres://postgres@127.0.0.1:5432/postgres",
    output: Annotated[Path | None, typer.Option(help="The folder for REPORT.md; only a whole run has one.")] = None,
) -> None:
    """Measure pages and votes here beside the same written by hand, and beside other servers, in one run.

    A whole run takes an hour or more, and wants the machine for itself. Without Node.js, npm or PostgreSQL what needs
    them is left out, and the report says so. To compare one page with the one by hand, for example:

        python -m benchmarks --keep --part "question page" --variant plainspoken --on sqlite --connections 1

    And live votes with a thousand listeners, every server once:

        python -m benchmarks --part live --listeners 1000 --rounds 1
    """
    console = Console()
    # Told to stop, it stops its servers first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parts = _one_of(PARTS, part, "--part")
    names = _one_of(NAMES, variant, "--variant")
    chosen = [each for each in VARIANTS if each.name in (*names, BY_HAND)]
    databases = [kind for kind in BOTH if kind in _one_of(BOTH, on, "--on")]
    if quick:
        rounds, seconds = min(rounds, 3), min(seconds, 0.4)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[0]})
    run = Run(Effort(rounds, seconds, cores[-1]), console)
    if len(cores) == 1:
        run.note("There is one core only: the client's share of it slows the servers down.")
    shape = SMALL if quick else USUAL
    sizes = growth.SMALL if quick else growth.LARGE if large else growth.USUAL
    try:
        for database in databases:
            here = [each for each in chosen if database in each.databases]
            with _noted(run):
                if {*parts} - {*LIVE}:
                    with scratch(database, shape, postgres, keep=keep, console=console) as url:
                        _measure(run, parts, database, here, url, shape, connections or (1, 16))
                if "growth" in parts:
                    _grow(run, database, here, sizes, postgres, keep)
        if {*parts} & {*LIVE}:
            run.live_on = databases[0]
            amounts = listeners or (QUICK if quick else turns.LISTENERS)
            with _noted(run), scratch(run.live_on, turns.SHAPE, postgres, keep=False, console=console) as url:
                _live(run, parts, names, url, amounts, churn.QUICK if quick else churn.CONNECTIONS)
    except WrongAnswer as error:
        console.print(f"[red]{error}[/]", highlight=False)
        raise typer.Exit(1) from error
    is_whole = not (part or variant or on or connections or listeners or quick)
    folder = output or (HERE if is_whole else None)
    if folder:
        console.print(f"Written: {report.write(run, shape, postgres, folder)}", highlight=False)
    console.print(Markdown(report.tables(run)))


def _measure(
    run: Run,
    parts: Sequence[str],
    database: Kind,
    variants: Sequence[Variant],
    url: str,
    shape: Shape,
    connections: Sequence[int],
) -> None:
    """The parts that are measured on one forum."""
    wanted = [page for name, page in pages(shape).items() if name in parts]
    if wanted:
        run.add(report.READS, read(run, database, wanted, variants, url, connections))
    if "growth" in parts:
        run.add(report.ANSWERS, growth.grow(run, database, growing(shape), variants, url))
    has_slow_disk = SLOW_DISK in parts and database == "sqlite"
    if "vote" in parts or has_slow_disk:
        who = asyncio.run(voting.pairs(url, shape))
        if "vote" in parts:
            run.add(report.VOTES, voting.vote(run, database, variants, url, who, voting.CONNECTIONS))
        if has_slow_disk:
            run.add(report.VOTES, slow_disk.vote(run, variants, url, who))
        asyncio.run(voting.audit(url))


def _live(
    run: Run,
    parts: Sequence[str],
    names: Sequence[str],
    url: str,
    amounts: Sequence[int],
    connections: int,
) -> None:
    """Live votes, on a small forum of their own."""
    if "live" in parts:
        chosen = [each for each in SERVERS if each.name in (*names, RAW)]
        run.live += turns.measure(run, chosen, url, amounts)
    if "live churn" in parts:
        run.churn = churn.measure(run, next(each for each in SERVERS if each.name == OURS), url, connections)


@contextmanager
def _noted(run: Run) -> Iterator[None]:
    """Go on without a database that cannot be had."""
    try:
        yield
    except DatabaseUnavailable as error:
        run.note(str(error))


def _grow(run: Run, database: Kind, variants: Sequence[Variant], sizes: Sequence[int], server: str, keep: bool) -> None:
    """The same pages on larger and larger forums."""
    for posts in sizes:
        shape = growth.shape_of(posts)
        with scratch(database, shape, server, keep=keep, console=run.console) as url:
            wanted = [pages(shape)[name] for name in ("question page", "home")]
            lines = growth.grow(run, database, wanted, variants, url)
            run.add(report.POSTS, [replace(line, page=f"{line.page}, {posts:,} posts") for line in lines])


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
