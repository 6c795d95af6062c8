"""Budgets: what the operations of somebody may cost in a minute (COST_PER_MINUTE), and what they have cost so far.

A user has a budget wherever they come from; visitors from one address share theirs, also those who are known by a
cookie, since anybody may have as many of these as they like. Minutes are those of the clock. Counted in memory, in each
process by itself, as the limits of an hour are (`services.quotas`).
"""

from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime

from services import clock, origin
from services.actors import Actor, user
from services.errors import RateLimited
from settings import settings

_SECONDS = 60
_used: Counter[str] = Counter()
_minute = 0


@dataclass(frozen=True)
class Budget:
    """The budget of a minute after an operation: what that cost, and how things stand."""

    cost: int
    limit: int
    used: int
    resets_at: datetime

    @property
    def remaining(self) -> int:
        """What is left of it."""
        return max(self.limit - self.used, 0)


_current: ContextVar[Budget | None] = ContextVar("budget of the operation", default=None)


def current() -> Budget | None:
    """The budget after this operation; None where nothing limits it."""
    return _current.get()


def spend(actor: Actor, cost: int) -> None:
    """Take the cost of an operation out of the budget of who asks for it.

    Raises RateLimited where not so much is left: then nothing is taken.
    """
    address = origin.neighbourhood()
    if address is None or not settings().rate_limits:
        _current.set(None)
        return
    global _minute
    now = clock.now()
    minute = int(now.timestamp()) // _SECONDS
    if minute > _minute:  # never back: a clock that is set back gives nobody a second budget
        _minute = minute
        _used.clear()
    account = user(actor)
    who = f"address {address}" if account is None else f"user {account.id}"
    limit, used = settings().cost_per_minute, _used[who]
    resets_at = datetime.fromtimestamp((_minute + 1) * _SECONDS, UTC)
    if used + cost > limit:
        raise RateLimited(
            f"This costs {cost:,}, and {max(limit - used, 0):,} of {limit:,} a minute are left: go on at "
            f"{resets_at:%H:%M:%S} UTC, or ask for smaller pages.",
            retry_at=resets_at,
        )
    _used[who] = used + cost
    _current.set(Budget(cost, limit, used + cost, resets_at))


def forget() -> None:
    """Begin anew: for tests."""
    global _minute
    _minute = 0
    _used.clear()
