"""Why somebody may not do something about a user."""

from models import UserLevel
from services.actors import Actor, user
from services.errors import NotPermitted, RefusalReason
from services.permissions.facts import UserFacts
from services.permissions.standing import standing_refusal, writing_refusal
from services.policy import Privilege

#: The highest level that each may give (Question2Answer, a4).
_MAY_GIVE = {
    UserLevel.OWNER: UserLevel.OWNER,
    UserLevel.ADMIN: UserLevel.MODERATOR,
    UserLevel.MODERATOR: UserLevel.EXPERT,
}
#: The highest that a blocked user can be given.
_MOST_WHILE_BLOCKED = UserLevel.EDITOR


def block_refusal(actor: Actor, about: UserFacts) -> NotPermitted | None:
    """Why `actor` may not block a user: never themselves, nor somebody at their own level or above it."""
    if refusal := standing_refusal(actor, Privilege.BLOCK, "block users") or _not_below(actor, about):
        return refusal
    if about.blocked_at is not None:
        return NotPermitted(RefusalReason.ALREADY_DONE, "This user is blocked already.")
    return None


def unblock_refusal(actor: Actor, about: UserFacts) -> NotPermitted | None:
    """Why `actor` may not let a user write again."""
    if refusal := standing_refusal(actor, Privilege.BLOCK, "unblock users") or _not_below(actor, about):
        return refusal
    if about.blocked_at is None:
        return NotPermitted(RefusalReason.ALREADY_DONE, "This user is not blocked.")
    return None


def set_level_refusal(actor: Actor, about: UserFacts, level: UserLevel = UserLevel.REGISTERED) -> NotPermitted | None:
    """Why `actor` may not trust a user so far, somewhere or everywhere (Question2Answer, a4).

    Owners give any level, admins up to moderator, moderators up to expert: to nobody at their own level or above it
    (owners to other owners, too), and never to themselves.
    """
    account = user(actor)
    if account is None:
        return NotPermitted(RefusalReason.SIGN_IN, "Sign in to change levels.")
    if (most := _MAY_GIVE.get(account.level)) is None:
        return NotPermitted(RefusalReason.LEVEL, "It takes the level moderator to change levels.")
    if refusal := writing_refusal(actor) or _not_below(actor, about, but_owners=account.level is UserLevel.OWNER):
        return refusal
    if level > most:
        return NotPermitted(RefusalReason.LEVEL, f"You may give levels up to {most.name.lower()}.")
    if about.blocked_at is not None and level > _MOST_WHILE_BLOCKED:
        return NotPermitted(RefusalReason.BLOCKED, "This user is blocked: no level above editor until they are not.")
    return None


def _not_below(actor: Actor, about: UserFacts, *, but_owners: bool = False) -> NotPermitted | None:
    account = user(actor)
    if account is None or account.id == about.id:
        return NotPermitted(RefusalReason.LEVEL, "Nobody decides about themselves: ask somebody else of the staff.")
    if about.level >= account.level and not but_owners:
        return NotPermitted(RefusalReason.LEVEL, "This user's level is not below yours.")
    return None
