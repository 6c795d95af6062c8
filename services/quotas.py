"""Quotas: how much of an hour's limit somebody has used, counted by account and by address.

Windows are the hours of the clock, as Question2Answer's (`app/limits.php`): at the full hour counting begins anew.
Counted in memory and without waiting, so that `viewerCan` can tell what is left, and a crowd of requests that arrive at
once cannot get past. (The `limits` library starts a thread every 10 ms under load, which walks all that it counts.)
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services import clock, origin
from services.actors import Actor, Writer
from services.errors import RateLimited
from services.policy import LIMITS, Limited
from settings import settings

_HOUR = timedelta(hours=1)
_used: Counter[tuple[Limited, str]] = Counter()
_hour = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Quota:
    """What is left: so often, until the limit begins anew."""

    remaining: int
    resets_at: datetime


class Spending:
    """A deed that counts, unless it turns out that it changed nothing."""

    def __init__(self, keys: list[tuple[Limited, str]]) -> None:
        self._keys = keys

    def give_back(self) -> None:
        """Nothing was done after all."""
        for key in self._keys:
            _used[key] -= 1
        self._keys = []


def left(limited: Limited, actor: Actor) -> Quota | None:
    """What is left to the actor, from where this request comes; None where nothing limits them."""
    if not settings().rate_limits:
        return None
    origin.look()
    begin = _this_hour()
    amounts = [most - _used[limited, who] for who, most in _counted(limited, actor)]
    return Quota(max(min(amounts), 0), begin + _HOUR) if amounts else None


def spend(limited: Limited, actor: Actor) -> Spending:
    """Count a deed. Raises RateLimited where nothing is left."""
    quota = left(limited, actor)
    if quota is None:
        return Spending([])
    if quota.remaining == 0:
        raise RateLimited(refusal_message(quota), retry_at=quota.resets_at)
    keys = [(limited, who) for who, _ in _counted(limited, actor)]
    _used.update(keys)
    return Spending(keys)


def spend_on(login: str) -> Spending:
    """Count a try to sign in to an account, from wherever it comes: an account that there is not is counted alike.

    Raises RateLimited where nothing is left.
    """
    limit = LIMITS[Limited.SIGN_INS].per_user
    if limit is None or origin.address() is None or not settings().rate_limits:
        return Spending([])
    resets_at, key = _this_hour() + _HOUR, (Limited.SIGN_INS, f"account {login}")
    if _used[key] >= limit:
        raise RateLimited(refusal_message(Quota(0, resets_at)), retry_at=resets_at)
    _used[key] += 1
    return Spending([key])


@contextmanager
def spending(limited: Limited, actor: Actor) -> Iterator[Spending]:
    """Count the deed that the block is, unless it fails, or gives back. Raises RateLimited."""
    spent = spend(limited, actor)
    try:
        yield spent
    except BaseException:
        spent.give_back()
        raise


@contextmanager
def free() -> Iterator[Spending]:
    """The same for a deed that does not count."""
    yield Spending([])


def refusal_message(quota: Quota) -> str:
    """What somebody is told who has used up their quota."""
    return f"That is enough for this hour: go on at {quota.resets_at:%H:%M} UTC."


def forget() -> None:
    """Begin anew: for tests."""
    _used.clear()


def _this_hour() -> datetime:
    global _hour
    begin = clock.now().replace(minute=0, second=0, microsecond=0)
    if begin > _hour:  # never back: a clock that is set back gives nobody a second hour
        _hour = begin
        _used.clear()
    return _hour


def _counted(limited: Limited, actor: Actor) -> list[tuple[str, int]]:
    """By whom the actor is counted, and how much each may: nobody who acts from within, as a command does."""
    limit, address = LIMITS[limited], origin.neighbourhood()
    if address is None:
        return []
    found = [(f"address {address}", limit.per_address)]
    if actor is not None and limit.per_user is not None:
        who = f"writer {actor.key}" if isinstance(actor, Writer) else f"user {actor.id}"
        found.append((who, limit.per_user))
    return found
