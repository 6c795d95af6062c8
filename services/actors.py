"""Who looks, and who acts: a user, a writer without an account, or a visitor who has written nothing yet (None).

Where a request came from is not part of who makes it: see `services.origin`.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import models
from models import UserLevel


@dataclass(frozen=True)
class Writer:
    """Somebody without an account, known again by the secret that their browser keeps, or by a claim token."""

    #: The SHA-256 of the secret: what their posts have as `writer_key`.
    key: str
    #: Writers have no id; whoever asks every actor for one is told so.
    id: ClassVar[None] = None


Actor = models.User | Writer | None


class Written(Protocol):
    """What somebody wrote: a post, or a thread, which is as its question is."""

    @property
    def author_id(self) -> int | None: ...
    @property
    def writer_key(self) -> str | None: ...


def wrote(actor: Actor, written: Written) -> bool:
    """Whether it is the actor's own: by the account if it has one, else by the browser (Question2Answer, a5)."""
    if isinstance(actor, Writer):
        return written.author_id is None and written.writer_key == actor.key
    return actor is not None and written.author_id == actor.id


def user(actor: Actor) -> models.User | None:
    """The account that acts, if one does."""
    return actor if isinstance(actor, models.User) else None


def level(actor: Actor, category_id: int | None = None) -> UserLevel | None:
    """How far the actor is trusted, in that category if it is given; None without an account."""
    if not isinstance(actor, models.User):
        return None
    there = (actor.levels_in or {}).get(str(category_id), UserLevel.REGISTERED)
    return UserLevel(max(actor.level, there))
