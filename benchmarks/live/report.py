"""The chapter on live votes: tables in Markdown, and the picture beside them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.live.figures import Churn, Line, Turn, lines
from benchmarks.live.plot import picture
from benchmarks.live.servers import GRAPHQL_WS, RAW
from benchmarks.variants import OURS, PLAIN

_ABOUT = f"""## Live votes

One post; so many listeners of `votesChanged(postIds: [...]) {{ id score upVotes downVotes version }}` over
graphql-transport-ws, each a socket of its own; votes of signed-in users over HTTP. A server is on one core, and all
listeners are one client on another. *{RAW}* writes the same bytes to every socket after a vote and does nothing else:
what is left is the system's and the client's time, so it is the floor of every row. *{GRAPHQL_WS}* (on `ws`, with
graphql-js and Yoga's publish-subscribe) keeps posts and votes as objects in memory, which is generous: it reads and
commits nothing. *{PLAIN}* has a generator and a queue for each listener, each of which reads the post with Tortoise, as
the documentation shows.

- *After the answer*: from the mutation's answer to the last listener's delivery. It is nothing where the answer itself
  comes last, as it does where listeners keep the server from answering: so the ratios are of the other column.
  *From sending*: from when the vote was sent to the last delivery, whichever order a server keeps. *Ratio*: the latter,
  to this server's.
- *Client*: the share of that time in which the load client used its core; near 100 % it is what is measured.
- *Changes/s*: votes over 16 connections for some seconds, by the time until all listeners have the end of them.
- *Burst*: so many votes at once, and the time from the last one's sending until the last listener has the final state;
  its commit is in between. What every listener ended with is compared with the last vote's answer. *Messages*: how
  many a listener had got for the burst when all knew its end.
- *kB a socket*: connected, acknowledged, and nothing asked for; *kB a listener*: what the subscription adds to it.
"""


def chapter(database: str, turns: Sequence[Turn], churn: Churn | None) -> Iterable[str]:
    """The parts of the chapter, as far as there is something to tell. `database` is what was beneath the servers."""
    if turns:
        yield _ABOUT
        yield f"Where a server has a database, it is {database}."
        measured = lines(turns)
        for amount in dict.fromkeys(line.listeners for line in measured):
            yield f"### {amount:,} listeners"
            yield _figures([line for line in measured if line.listeners == amount])
    if churn:
        yield "### Live churn"
        yield f"Memory of {OURS} as connections come, listen and go, in {churn.seconds:.0f} s, after warming up:"
        rows = [(f"{amount:,}", f"{memory / 2**20:.1f}") for amount, memory in churn.steps]
        yield _table(("connections", "memory MB"), rows)


def headlines(turns: Sequence[Turn]) -> Iterable[str]:
    """The ratios of one change's time to the last listener."""
    found = []
    measured = {(line.listeners, line.variant): line for line in lines(turns)}
    for (amount, variant), line in measured.items():
        ours = measured.get((amount, OURS))
        if ours and variant not in (OURS, RAW):
            answer = f"{ours.lag(50) / line.lag(50):.2f}" if line.lag(50) else "–"
            found.append(
                (f"{OURS} / {variant}, {amount:,} listeners", answer, f"{ours.whole(50) / line.whole(50):.3f}")
            )
    if found:
        yield "One change until the last listener knows it, medians:"
        yield _table(("", "after the answer", "from sending"), found)


def draw(turns: Sequence[Turn], folder: Path) -> Iterable[str]:
    """Write the picture into `folder`; how a report shows it."""
    if turns:
        (folder / "live.svg").write_text(picture(lines(turns)))
        yield "![Time from a vote's sending until the last listener knows it](live.svg)"
        yield "Both axes are logarithmic: the median time from a vote's sending until the last listener knows it."


def _figures(those: Sequence[Line]) -> str:
    ours = next((line for line in those if line.variant == OURS), None)
    head = (
        *("", "after the answer: p50 ms", "p99 ms", "from sending: p50 ms", "p99 ms", "ratio", "changes", "client"),
        *("CPU ms a change", "changes/s", "burst: s", "messages", "kB a socket", "kB a listener"),
    )
    rows = []
    for line in those:
        rows.append(
            (
                f"**{line.variant}**" if line.variant == OURS else line.variant,
                *(f"{1000 * line.lag(percent):,.1f}" for percent in (50, 99)),
                *(f"{1000 * line.whole(percent):,.1f}" for percent in (50, 99)),
                f"{line.whole(50) / ours.whole(50):.2f}" if ours else "",
                str(len(line.changes)),
                f"{100 * line.client:.0f} %",
                f"{1000 * line.cpu:,.1f}",
                f"{line.rate:,.1f}" if line.rate < 100 else f"{line.rate:,.0f}",
                f"{line.burst.votes:,}: {line.burst.after_last:.2f}",
                f"{line.burst.messages:,.0f}",
                f"{line.socket / 1000:.1f}",
                f"{line.subscription / 1000:.1f}",
            )
        )
    return _table(head, rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    align = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, align, *rows))
