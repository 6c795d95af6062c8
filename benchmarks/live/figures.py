"""What is measured of live votes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Change:
    """One vote, in seconds until the last listener knew it: after the mutation's answer (nothing, if the answer came
    later), and after the mutation was sent; and the share of the latter that the load client was busy."""

    after_answer: float
    after_sending: float
    client: float


@dataclass(frozen=True)
class Burst:
    """Many votes at once: how many, seconds from the first's sending until the last listener knew the end, and from the
    last one's sending: its commit is between the two. And how many messages a listener got for them."""

    votes: int
    seconds: float
    after_last: float
    messages: float


@dataclass(frozen=True)
class Turn:
    """One server's turn with so many listeners. Memory is in bytes a listener: what a socket takes that is
    acknowledged and asks for nothing, and what a subscription takes beyond that."""

    variant: str
    listeners: int
    socket: float
    subscription: float
    burst: Burst
    #: The longest burst, for how many changes a second the listeners can follow.
    sustained: Burst
    changes: Sequence[Change]
    #: CPU seconds of the server a change.
    cpu: float


@dataclass(frozen=True)
class Line:
    """The turns of one server with so many listeners, as one row of a table; seconds and bytes."""

    variant: str
    listeners: int
    turns: Sequence[Turn]

    def lag(self, percent: float) -> float:
        """From the mutation's answer to the last delivery."""
        return percentile([change.after_answer for change in self.changes], percent)

    def whole(self, percent: float) -> float:
        """From the mutation's sending to the last delivery."""
        return percentile([change.after_sending for change in self.changes], percent)

    @property
    def changes(self) -> list[Change]:
        """All changes of all turns."""
        return [change for turn in self.turns for change in turn.changes]

    @property
    def client(self) -> float:
        """The load client's share."""
        return median(change.client for change in self.changes)

    @property
    def rate(self) -> float:
        """Changes a second whose end all listeners get."""
        return median(turn.sustained.votes / turn.sustained.seconds for turn in self.turns)

    @property
    def cpu(self) -> float:
        """CPU seconds of the server a change."""
        return median(turn.cpu for turn in self.turns)

    @property
    def socket(self) -> float:
        """Bytes of a socket."""
        return median(turn.socket for turn in self.turns)

    @property
    def subscription(self) -> float:
        """Bytes of a subscription beyond its socket."""
        return median(turn.subscription for turn in self.turns)

    @property
    def burst(self) -> Burst:
        """The burst whose end came latest."""
        return max((turn.burst for turn in self.turns), key=lambda burst: burst.after_last)


@dataclass(frozen=True)
class Churn:
    """This server's memory in bytes after so many connections that came, listened and went, one step after the other;
    the first is after warming up. All of it in so many seconds."""

    steps: Sequence[tuple[int, int]]
    seconds: float


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent of `values` do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(math.ceil(len(ranked) * percent / 100) - 1, 0)]


def lines(turns: Sequence[Turn]) -> list[Line]:
    """The turns of each server with each number of listeners, in the order in which they came first."""
    keys = dict.fromkeys((turn.listeners, turn.variant) for turn in turns)
    return [
        Line(variant, amount, [turn for turn in turns if (turn.listeners, turn.variant) == (amount, variant)])
        for amount, variant in keys
    ]
