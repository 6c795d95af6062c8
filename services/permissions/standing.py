"""What an actor is trusted with in general, whatever the post or thread: the policy's matrix, blocks, approval."""

from models import PostState, User, UserLevel
from services import origin
from services.actors import Actor, level, user, wrote
from services.errors import NotPermitted, RefusalReason
from services.permissions.facts import PostFacts, ThreadFacts
from services.policy import Privilege, Requirement, requirement
from settings import settings


def standing_refusal(
    actor: Actor, privilege: Privilege, to_do: str, category_id: int | None = None
) -> NotPermitted | None:
    """Why `actor` is not trusted with `privilege` (in that category). `to_do` says what it would be: "vote".

    In Question2Answer's order: an account, its level or points, not blocked, a confirmed address.
    """
    wanted, account = requirement(privilege), user(actor)
    trusted = level(actor, category_id) or UserLevel.REGISTERED
    if wanted.level is not None:
        if account is None:
            return NotPermitted(RefusalReason.SIGN_IN, f"Sign in to {to_do}.")
        if trusted < wanted.level:
            return NotPermitted(RefusalReason.LEVEL, f"It takes the level {wanted.level.name.lower()} to {to_do}.")
        if not _has_points(account, trusted, wanted):
            message = f"It takes {wanted.points:,} points to {to_do}; you have {account.points:,}."
            return NotPermitted(RefusalReason.POINTS, message, points_required=wanted.points)
    if refusal := writing_refusal(actor):
        return refusal
    if account is not None and not _is_known(account, trusted, wanted):
        return NotPermitted(RefusalReason.CONFIRM_EMAIL, f"Confirm your e-mail address to {to_do}.")
    return None


def is_trusted(actor: Actor, privilege: Privilege, category_id: int | None = None) -> bool:
    """Whether `actor` has an account that is trusted with `privilege` (in that category), wherever they ask from.

    What somebody sees hangs on it: never on their address, and never for all who have no account.
    """
    wanted, account = requirement(privilege), user(actor)
    if account is None or account.blocked_at is not None:
        return False
    trusted = level(actor, category_id) or UserLevel.REGISTERED
    return (
        trusted >= (wanted.level or UserLevel.REGISTERED)
        and _has_points(account, trusted, wanted)
        and _is_known(account, trusted, wanted)
    )


def nowhere_refusal(actor: Actor, privilege: Privilege, to_do: str) -> NotPermitted | None:
    """Why `actor` is not trusted with `privilege` anywhere: neither everywhere, nor in some category."""
    account = user(actor)
    places = [None, *map(int, account.levels_in or ())] if account else [None]
    refusals = [standing_refusal(actor, privilege, to_do, category_id) for category_id in places]
    return None if None in refusals else refusals[0]


def writing_refusal(actor: Actor) -> NotPermitted | None:
    """Why `actor` may write nothing at all from where they are."""
    account = user(actor)
    if account is not None and account.blocked_at is not None:
        return NotPermitted(RefusalReason.BLOCKED, "Your account is blocked: it can read, and no more.")
    if origin.is_blocked():
        return NotPermitted(RefusalReason.BLOCKED, "Nobody may write from your address.")
    return None


def own_or_trusted(
    actor: Actor, written: ThreadFacts | PostFacts, privilege: Privilege, to_do: str
) -> NotPermitted | None:
    """Why `actor` may not do something with what they did not write, and lack the privilege for."""
    return trusted_unless(wrote(actor, written), actor, privilege, to_do, written.category_id)


def trusted_unless(
    own: bool, actor: Actor, privilege: Privilege, to_do: str, category_id: int | None
) -> NotPermitted | None:
    """The same where more than having written it makes it the actor's `own` to decide."""
    return writing_refusal(actor) if own else standing_refusal(actor, privilege, to_do, category_id)


def closed_it(actor: Actor, thread: ThreadFacts | PostFacts) -> bool:
    """Whether `actor` closed the thread themselves; of a writer's own nobody is known to have."""
    account = user(actor)
    if account is None:
        return thread.closed_by_id is None and wrote(actor, thread)
    return bool(account.id == thread.closed_by_id)


def is_confirmed(account: User) -> bool:
    """Whether the address counts as the user's: nobody can confirm theirs where the site sends no mail."""
    return (
        account.email_confirmed_at is not None or account.level >= UserLevel.APPROVED or settings().mail_server is None
    )


def _has_points(account: User, trusted: UserLevel, wanted: Requirement) -> bool:
    return account.points >= wanted.points or trusted >= UserLevel.EXPERT


def _is_known(account: User, trusted: UserLevel, wanted: Requirement) -> bool:
    return not wanted.confirmed or trusted >= UserLevel.APPROVED or is_confirmed(account)


def waits_for_approval(actor: Actor, category_id: int | None) -> bool:
    """Whether what `actor` writes is held until somebody approves it (Question2Answer, a13)."""
    hold, account = settings().hold, user(actor)
    if account is None:
        return "anonymous" in hold
    trusted = level(actor, category_id) or UserLevel.REGISTERED
    if trusted >= (requirement(Privilege.APPROVE).level or UserLevel.EXPERT):
        return False
    is_new = "new" in hold and trusted < UserLevel.APPROVED
    return is_new or ("low_points" in hold and account.points < settings().hold_below_points)


def unseen(state: PostState) -> NotPermitted:
    """Nothing is done with what is not visible."""
    if state is PostState.QUEUED:
        return NotPermitted(RefusalReason.QUEUED, "This waits to be approved first.")
    return NotPermitted(RefusalReason.HIDDEN, "This is hidden.")
