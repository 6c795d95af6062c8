"""Why somebody may not do something in, or with, a thread."""

from models import PostState
from services.actors import Actor, wrote
from services.errors import NotPermitted, RefusalReason
from services.permissions.facts import ThreadFacts
from services.permissions.standing import closed_it, own_or_trusted, standing_refusal, trusted_unless, unseen
from services.policy import Privilege


def ask_refusal(actor: Actor) -> NotPermitted | None:
    """Why `actor` may not ask a question."""
    return standing_refusal(actor, Privilege.ASK, "ask a question")


def answer_refusal(actor: Actor, thread: ThreadFacts) -> NotPermitted | None:
    """Why `actor` may not answer in `thread`. Closed ones take no answers (Question2Answer, `question-view.php`)."""
    if refusal := standing_refusal(actor, Privilege.ANSWER, "answer", thread.category_id):
        return refusal
    if thread.state is not PostState.VISIBLE:
        return unseen(thread.state)
    if thread.closed_at is not None:
        return NotPermitted(RefusalReason.CLOSED, "This thread is closed: it takes no more answers.")
    return None


def close_refusal(actor: Actor, thread: ThreadFacts) -> NotPermitted | None:
    """Why `actor` may not close `thread`: who asked may, and editors."""
    if refusal := own_or_trusted(actor, thread, Privilege.CLOSE, "close a thread"):
        return refusal
    if thread.state is not PostState.VISIBLE:
        return unseen(thread.state)
    if thread.closed_at is not None:
        return NotPermitted(RefusalReason.ALREADY_DONE, "This thread is closed already.")
    return None


def reopen_refusal(actor: Actor, thread: ThreadFacts) -> NotPermitted | None:
    """Why `actor` may not open `thread` again: who asked may if they closed it themselves, and editors."""
    own = wrote(actor, thread) and (thread.closed_at is None or closed_it(actor, thread))
    if refusal := trusted_unless(own, actor, Privilege.CLOSE, "open a thread that another closed", thread.category_id):
        return refusal
    if thread.state is not PostState.VISIBLE:
        return unseen(thread.state)
    if thread.closed_at is None:
        return NotPermitted(RefusalReason.ALREADY_DONE, "This thread is open.")
    return None


def move_refusal(actor: Actor, thread: ThreadFacts) -> NotPermitted | None:
    """Why `actor` may not move `thread` to another category: who asked may, and editors; also while it is closed."""
    if refusal := own_or_trusted(actor, thread, Privilege.MOVE, "move a thread"):
        return refusal
    return _unless_own_queued(actor, thread)


def retag_refusal(actor: Actor, thread: ThreadFacts) -> NotPermitted | None:
    """Why `actor` may not change the tags of `thread`: who asked may, and editors; also while it is closed."""
    if refusal := own_or_trusted(actor, thread, Privilege.RETAG, "change a thread's tags"):
        return refusal
    return _unless_own_queued(actor, thread)


def choose_best_refusal(actor: Actor, thread: ThreadFacts) -> NotPermitted | None:
    """Why `actor` may not choose the best answer of `thread`: its asker may, and experts and above."""
    if refusal := own_or_trusted(actor, thread, Privilege.CHOOSE_BEST_ANSWER, "choose the best answer"):
        return refusal
    return None if thread.state is PostState.VISIBLE else unseen(thread.state)


def _unless_own_queued(actor: Actor, thread: ThreadFacts) -> NotPermitted | None:
    """Who asked changes their question while it waits, as they may edit it then."""
    is_own_queued = thread.state is PostState.QUEUED and wrote(actor, thread)
    return None if thread.state is PostState.VISIBLE or is_own_queued else unseen(thread.state)
