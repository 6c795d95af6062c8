"""Why somebody may not set another's votes aside."""

from models import User, UserLevel
from services.actors import Actor, user
from services.errors import NotPermitted, RefusalReason
from services.permissions.standing import standing_refusal
from services.policy import Privilege


def set_aside_refusal(actor: Actor, voter: User) -> NotPermitted | None:
    """Why `actor` may neither set the votes of `voter` aside nor restore them.

    Never one's own, and of those who are trusted as far as oneself only the owner (as Question2Answer, a4, has it of
    whoever changes another's level).
    """
    if refusal := standing_refusal(actor, Privilege.SET_ASIDE_VOTES, "set votes aside"):
        return refusal
    account = user(actor)
    if account is None or account.id == voter.id:
        return NotPermitted(RefusalReason.DISABLED, "Nobody decides on their own votes: ask another of the staff.")
    if voter.level >= account.level and account.level < UserLevel.OWNER:
        message = (
            f"It takes a level above {voter.level.name.lower()}, which {voter.name} has, to set their votes aside."
        )
        return NotPermitted(RefusalReason.LEVEL, message)
    return None
