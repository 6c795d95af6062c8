"""What may be told to a user whose wish was not granted; everything else that is raised is a bug.

Refusal
  + InvalidInput   what was sent is wrong: every wrong field, at once
  + NotFound       it does not exist, or the viewer may not know that it does
  + NotPermitted   it exists, but the actor may not: why, and what it would take
  + RateLimited    too much at once: when to try again
  + Conflict       somebody else was first
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class RefusalReason(StrEnum):
    """Why somebody may not do something, for a program to act on."""

    SIGN_IN = "sign_in"
    CONFIRM_EMAIL = "confirm_email"
    LEVEL = "level"
    POINTS = "points"
    OWN_POST = "own_post"
    CLOSED = "closed"
    HIDDEN = "hidden"
    QUEUED = "queued"
    BLOCKED = "blocked"
    RATE_LIMIT = "rate_limit"
    DISABLED = "disabled"
    ALREADY_DONE = "already_done"


class Refusal(Exception):
    """The root of all refusals; its message is a sentence for the user."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class WrongField:
    """One wrong field: its names from the input down, and what would be right."""

    path: tuple[str, ...]
    message: str


class InvalidInput(Refusal):
    """What was sent is wrong."""

    def __init__(self, fields: Sequence[WrongField]) -> None:
        super().__init__(" ".join(f"{'.'.join(wrong.path)}: {wrong.message}" for wrong in fields))
        self.fields = list(fields)


class NotFound(Refusal):
    """There is no such thing that the actor may see."""


class NotPermitted(Refusal):
    """The actor may not do it."""

    def __init__(self, reason: RefusalReason, message: str, *, points_required: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.points_required = points_required


class RateLimited(Refusal):
    """Too much at once."""

    def __init__(self, message: str, *, retry_at: datetime) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class Conflict(Refusal):
    """Somebody else was first, or it exists already."""


@dataclass
class Findings:
    """Collects what is wrong with an input, so that all of it is told at once."""

    wrong: list[WrongField] = field(default_factory=list)

    def add(self, *path: str, message: str) -> None:
        """Note that the field at `path` is wrong, and what would be right."""
        self.wrong.append(WrongField(path, message))

    def raise_if_any(self) -> None:
        """Raise InvalidInput with all that was noted."""
        if self.wrong:
            raise InvalidInput(self.wrong)
