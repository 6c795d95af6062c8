"""The report of a run: tables in Markdown, and the pictures beside it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import about, slow_disk
from benchmarks.forum import Shape
from benchmarks.live import report as live
from benchmarks.measure import WARM_UP
from benchmarks.plot import picture
from benchmarks.running import Line, Run
from benchmarks.variants import BY_HAND, CACHED, HELLO, ONE_BY_ONE, OURS, PEERS, PLAIN

#: Databases by the name they go by.
_CALLED = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
READS, VOTES, ANSWERS, POSTS = "reads", "votes", "answers", "posts"
#: The connections that headline figures are of.
HEADLINE = 16
_INTRODUCTION = """# What a page and a vote cost

Medians of the servers' own CPU time a request, in one run; every server is one process on one core, the client is on
another. Answers were compared before anything was timed, and looked at while it was. *Ratio* is to the same page
written by hand (Starlette, SQL and orjson; no ORM, no GraphQL) in the same run: ratios hold where milliseconds swing
with the machine. Readers are signed in, by a token that is looked up; home and what says so is a visitor's.
"""

Row = Sequence[str]


def write(run: Run, shape: Shape, server: str, folder: Path) -> Path:
    """Write REPORT.md and its pictures into `folder`; the report's path. `server` is the PostgreSQL of the run."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [_INTRODUCTION, *_headlines(run), *live.headlines(run.live), *_panels(run, folder)]
    parts += [*live.draw(run.live, folder), tables(run)]
    parts += ["## How this was made", _how(run, shape, server)]
    if run.notes:
        parts += ["Left out:", "\n".join(f"- {note}" for note in run.notes)]
    report = folder / "REPORT.md"
    report.write_text("\n\n".join(part.strip() for part in parts) + "\n")
    return report


def tables(run: Run) -> str:
    """All that was measured, as tables in Markdown."""
    parts: list[str] = []
    for part, title in ((READS, "Pages"), (VOTES, "Votes")):
        if part in run.parts:
            parts.append(f"## {title}")
        for database, page, connections in _unique(run.parts.get(part, ())):
            parts.append(f"### {page.capitalize()}, {_CALLED[database]}, {_amount(connections)}")
            parts.append(_figures(_those(run, part, database, page, connections)))
    parts += _growth(
        run, ANSWERS, "Growth of the answer", "a question page with so many answers, five comments on each"
    )
    parts += _growth(run, POSTS, "Growth of the forum", "the same pages in forums of so many posts")
    parts += live.chapter(_CALLED[run.live_on], run.live, run.churn)
    return "\n\n".join(part.strip() for part in parts)


def _headlines(run: Run) -> Iterable[str]:
    """The ratios that matter, where the run has what they compare."""
    found: list[Row] = []

    def compare(
        what: str, one: str, other: str, part: str, database: str, page: str, connections: int = HEADLINE
    ) -> None:
        lines = {line.variant: line.figures.cpu for line in _those(run, part, database, page, connections)}
        if one in lines and lines.get(other):
            found.append((f"{what}, {_CALLED[database]}", f"{lines[one] / lines[other]:.2f}"))

    for database in ("postgres", "sqlite"):
        for page in ("question page", "home", "deep page"):
            compare(f"{page}: {OURS} / by hand", OURS, BY_HAND, READS, database, page)
        for page in ("question page", "home"):
            for peer in PEERS:
                compare(f"{page}: {OURS} / {peer}", OURS, peer, READS, database, page)
            compare(f"{page}: {PLAIN} / {OURS}", PLAIN, OURS, READS, database, page)
        for page in ("question page, visitor", "home"):
            compare(f"{page}: {CACHED} / hello world", CACHED, HELLO, READS, database, page)
        for peer in PEERS:
            compare(f"vote: {OURS} / {peer}", OURS, peer, VOTES, database, "vote")
    for page in ("vote", slow_disk.PAGE):
        votes = {line.variant: line.figures.requests_per_second for line in _those(run, VOTES, "sqlite", page, 64)}
        for called, alone in ((ONE_BY_ONE, ONE_BY_ONE), ("one transaction each, by hand", BY_HAND)):
            if OURS in votes and votes.get(alone):
                what = f"{page}, a second, 64 connections: {OURS} / {called}, SQLite"
                found.append((what, f"{votes[OURS] / votes[alone]:.2f}"))
    if found:
        yield f"## In short\n\nCPU a request, {_amount(HEADLINE)}:"
        yield _table(("", "ratio"), found)


def _panels(run: Run, folder: Path) -> Iterable[str]:
    panels = {
        f"{page.capitalize()}, {_CALLED[database]}": lines
        for page in ("question page", "home")
        for database in ("postgres", "sqlite")
        if (lines := _those(run, READS, database, page, HEADLINE))
    }
    if panels:
        (folder / "report.svg").write_text(picture(panels))
        yield f"![CPU time of a request, {_amount(HEADLINE)}](report.svg)"
        yield "The axis is logarithmic; the dashed line is the page by hand."


def _figures(lines: Sequence[Line]) -> str:
    columns: list[tuple[str, Callable[[Line], str]]] = [
        ("", lambda line: f"**{line.variant}**" if line.variant == OURS else line.variant),
        ("CPU ms", lambda line: f"{line.figures.cpu:.3f}"),
        ("ratio", lambda line: _ratio(line, lines)),
        ("requests/s", lambda line: f"{line.figures.requests_per_second:,.0f}"),
        ("p50 ms", lambda line: f"{line.figures.p50:.2f}"),
        ("p99 ms", lambda line: f"{line.figures.p99:.2f}"),
        ("memory MB", lambda line: f"{line.figures.memory / 2**20:.0f}"),
        ("answer bytes", lambda line: f"{line.size:,}"),
    ]
    if any(line.figures.postgres for line in lines):
        columns.insert(3, ("PostgreSQL's CPU ms", lambda line: f"{line.figures.postgres:.3f}"))
    return _table([name for name, _ in columns], [[shown(line) for _, shown in columns] for line in lines])


def _growth(run: Run, part: str, title: str, what: str) -> Iterable[str]:
    """For each database a table: a row for each step, and for each variant its CPU and statements."""
    lines = run.parts.get(part, ())
    if lines:
        yield f"## {title}"
        yield f"CPU milliseconds and SQL statements of {what}, over one connection."
    for database in dict.fromkeys(line.database for line in lines):
        here = [line for line in lines if line.database == database]
        variants = list(dict.fromkeys(line.variant for line in here))
        rows = []
        for step in dict.fromkeys(line.page for line in here):
            those = [line for line in here if line.page == step]
            by_variant = {line.variant: line for line in those}
            cells = [f"{line.figures.cpu:.2f} ms, {line.statements}" for line in map(by_variant.get, variants) if line]
            rows.append((step, f"{those[0].size:,}", *cells, _ratio(by_variant[OURS], those)))
        yield f"### {_CALLED[database]}"
        yield _table(("", "answer bytes", *variants, f"{OURS}: ratio"), rows)


def _how(run: Run, shape: Shape, server: str) -> str:
    pages = ", ".join(f"{threads} with {answers}" for answers, threads in shape.pages)
    effort = run.effort
    return f"""{datetime.now(UTC):%Y-%m-%d}: `{about.command()}`

- {about.machine()}
- {about.python()}
- {about.postgres(server)}
- {about.node()}
- Data: {shape.users:,} users and {shape.threads:,} threads, the same in both databases; of measured threads {pages}
  answers; see `forum.py`. SQLite with `synchronous=FULL`, PostgreSQL as it is installed.
- {effort.rounds} rounds of {effort.seconds:g} s for each server in turn, in another order each time, after
  {WARM_UP:g} s of warming up. CPU is the process's user and system time, with all its threads."""


def _ratio(line: Line, lines: Sequence[Line]) -> str:
    by_hand = next((each.figures.cpu for each in lines if each.variant == BY_HAND), None)
    return f"{line.figures.cpu / by_hand:.2f}" if by_hand else ""


def _those(run: Run, part: str, database: str, page: str, connections: int) -> list[Line]:
    wanted = (database, page, connections)
    return [line for line in run.parts.get(part, ()) if (line.database, line.page, line.connections) == wanted]


def _unique(lines: Iterable[Line]) -> Iterable[tuple[str, str, int]]:
    return dict.fromkeys((line.database, line.page, line.connections) for line in lines)


def _amount(connections: int) -> str:
    return f"{connections} connection{'s' * (connections > 1)}"


def _table(head: Row, rows: Iterable[Row]) -> str:
    align = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, align, *rows))
