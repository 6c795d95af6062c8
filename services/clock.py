"""The time, as the deeds see it: now, or the moment that is being replayed."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_standing_at: ContextVar[datetime | None] = ContextVar("standing_at", default=None)


def now() -> datetime:
    """This moment, in UTC."""
    return _standing_at.get() or datetime.now(UTC)


def not_before(moment: datetime) -> datetime:
    """This moment; or `moment`, where the clock was set back since: what came later shall not seem to be earlier."""
    return max(now(), moment)


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Do what is inside as though it were `moment`."""
    token = _standing_at.set(moment)
    try:
        yield
    finally:
        _standing_at.reset(token)
