"""Passwords: argon2id, off the event loop, a few at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import argon2

from services.errors import RateLimited

Result = TypeVar("Result")

# The OWASP Password Storage Cheat Sheet's choice for argon2id: 19 MiB, two passes, one lane.
_HASHER = argon2.PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
# argon2 lets go of the interpreter lock, so two threads use two cores; more would only share them.
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
#: How many may wait for their turn (some 30 ms each) before others are turned away.
MOST_WAITING = 64
_waiting = 0

# What a login without an account is checked against, so that it takes as long as one with a wrong password.
_NOBODYS = _HASHER.hash("nobody's password")


async def hashed(password: str) -> str:
    """The hash to keep of `password`. Raises RateLimited where too many wait."""
    return await _in_turn(lambda: _HASHER.hash(password))


async def is_right(password: str, password_hash: str | None) -> bool:
    """Whether `password` made `password_hash`; without a hash it never did, and saying so takes as long.

    Raises RateLimited where too many wait.
    """
    right = await _in_turn(lambda: _verified(password_hash or _NOBODYS, password))
    return right and password_hash is not None


def _verified(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except argon2.exceptions.VerifyMismatchError:
        return False


async def _in_turn(work: Callable[[], Result]) -> Result:
    global _waiting
    if _waiting >= MOST_WAITING:
        raise RateLimited(
            "Too many people are signing in at this moment. Try again in a few seconds.",
            retry_at=datetime.now(UTC) + timedelta(seconds=3),
        )
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
    finally:
        _waiting -= 1
