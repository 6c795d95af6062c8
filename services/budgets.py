"""Budgets: what the operations of somebody may cost in a minute (COST_PER_MINUTE), and what they have cost so far.

A user has a budget wherever they come from; visitors from one address share theirs, also those who are known by a
cookie, since anybody may have as many of these as they like. Minutes are those of the clock. Counted in memory, in each
process by itself, as the limits of an hour are (`services.quotas`).
"""

from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services import clock, origin
from services.actors import Actor, user
from services.errors import RateLimited
from settings import settings

_MINUTE = timedelta(minutes=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_used: Counter[str | int] = Counter()
_resets_at = _LONG_AGO


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
    """The budget after this operation, if it was noted; None where nothing limits it."""
    return _current.get()


def note(cost: int, used: int | None) -> None:
    """Have the budget known in this operation, which asks for it."""
    _current.set(None if used is None else Budget(cost, settings().cost_per_minute, used, _resets_at))


def spend(actor: Actor, cost: int) -> int | None:
    """Take the cost of an operation out of the budget of who asks for it; what is used then.

    None where nothing limits them. Raises RateLimited where not so much is left: then nothing is taken.
    """
    address, rules = origin.neighbourhood(), settings()
    if address is None or not rules.rate_limits:
        return None
    global _resets_at
    now = clock.now()
    if now >= _resets_at:  # never back: a clock that is set back gives nobody a second budget
        _resets_at = now.replace(second=0, microsecond=0) + _MINUTE
        _used.clear()
    who = address if actor is None or (account := user(actor)) is None else account.id
    used, limit = _used[who] + cost, rules.cost_per_minute
    if used > limit:
        raise RateLimited(
            f"This costs {cost:,}, and {limit - used + cost:,} of {limit:,} a minute are left: go on at "
            f"{_resets_at:%H:%M:%S} UTC, or ask for smaller pages.",
            retry_at=_resets_at,
        )
    _used[who] = used
    return used


def forget() -> None:
    """Begin anew: for tests."""
    global _resets_at
    _resets_at = _LONG_AGO
    _used.clear()
