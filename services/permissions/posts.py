"""Why somebody may not do something with a post."""

from models import HiddenBy, PostKind, PostState, VoteValue
from services.actors import Actor, user, wrote
from services.errors import NotPermitted, RefusalReason
from services.permissions.facts import PostFacts
from services.permissions.standing import (
    closed_it,
    own_or_trusted,
    standing_refusal,
    trusted_unless,
    unseen,
)
from services.policy import Privilege


def comment_refusal(actor: Actor, parent: PostFacts) -> NotPermitted | None:
    """Why `actor` may not comment on `parent`. Closed threads can still be commented on."""
    if refusal := standing_refusal(actor, Privilege.COMMENT, "comment", parent.category_id):
        return refusal
    if parent.kind is PostKind.COMMENT:
        return NotPermitted(RefusalReason.DISABLED, "Comments stand under questions and answers, not under comments.")
    return _unseen_post(parent)


def vote_refusal(actor: Actor, post: PostFacts, value: VoteValue) -> NotPermitted | None:
    """Why `actor` may not set their vote on `post` to `value` (Question2Answer, `app/votes.php`).

    Never on one's own post, nor on one that is hidden or queued. In a closed thread votes go on.
    """
    if refusal := standing_refusal(actor, Privilege.VOTE, "vote"):
        return refusal
    if value is VoteValue.DOWN and (refusal := standing_refusal(actor, Privilege.VOTE_DOWN, "vote down")):
        return refusal
    if wrote(actor, post):
        return NotPermitted(RefusalReason.OWN_POST, "Nobody votes on their own posts.")
    return _unseen_post(post)


_WRITERS = {
    PostKind.QUESTION: (Privilege.ASK, "claim questions"),
    PostKind.ANSWER: (Privilege.ANSWER, "claim answers"),
    PostKind.COMMENT: (Privilege.COMMENT, "claim comments"),
}
_EDITORS = {
    PostKind.QUESTION: (Privilege.EDIT_QUESTIONS, "edit the questions of others"),
    PostKind.ANSWER: (Privilege.EDIT_ANSWERS, "edit the answers of others"),
    PostKind.COMMENT: (Privilege.EDIT_COMMENTS, "edit the comments of others"),
}


def edit_refusal(actor: Actor, post: PostFacts) -> NotPermitted | None:
    """Why `actor` may not edit `post` (Question2Answer, a5).

    Its author may, and those trusted with it. Not while it is hidden, a queued post by its author alone, and a
    question not while it is closed.
    """
    privilege, to_do = _EDITORS[post.kind]
    if refusal := own_or_trusted(actor, post, privilege, to_do):
        return refusal
    is_own_queued = post.state is PostState.QUEUED and wrote(actor, post)
    if not is_own_queued and (refusal := _unseen_post(post)):
        return refusal
    if post.kind is PostKind.QUESTION and post.closed_at is not None:
        return NotPermitted(RefusalReason.CLOSED, "This thread is closed: its question stays as it is.")
    return None


def edit_silently_refusal(actor: Actor, post: PostFacts) -> NotPermitted | None:
    """Why `actor` may not edit without a mark, be it their own post."""
    return standing_refusal(actor, Privilege.EDIT_SILENTLY, "edit silently", post.category_id)


def flag_refusal(actor: Actor, post: PostFacts) -> NotPermitted | None:
    """Why `actor` may not flag `post`: never their own, nor one that is hidden or queued."""
    if refusal := standing_refusal(actor, Privilege.FLAG, "flag posts", post.category_id):
        return refusal
    if wrote(actor, post):
        return NotPermitted(RefusalReason.OWN_POST, "Nobody flags their own posts.")
    return _unseen_post(post)


def clear_flags_refusal(actor: Actor, post: PostFacts) -> NotPermitted | None:
    """Why `actor` may not find the flags on `post` settled."""
    if refusal := standing_refusal(actor, Privilege.HIDE, "clear flags", post.category_id):
        return refusal
    if not post.flag_count:
        return NotPermitted(RefusalReason.ALREADY_DONE, "No flag stands on this.")
    return None


def hide_refusal(actor: Actor, post: PostFacts) -> NotPermitted | None:
    """Why `actor` may not hide `post`: its author may, but not a question that another closed; and editors."""
    closed_by_other = post.kind is PostKind.QUESTION and post.closed_at is not None and not closed_it(actor, post)
    own = wrote(actor, post) and not closed_by_other
    if refusal := trusted_unless(own, actor, Privilege.HIDE, "hide this", post.category_id):
        return refusal
    if post.state is PostState.HIDDEN:
        return NotPermitted(RefusalReason.ALREADY_DONE, "This is hidden already.")
    if post.state is PostState.QUEUED and not own:
        return unseen(post.state)
    return None


def restore_refusal(actor: Actor, post: PostFacts) -> NotPermitted | None:
    """Why `actor` may not show `post` again: editors may; its author if they hid it, and nobody has flagged it."""
    is_theirs = post.state is not PostState.HIDDEN or (post.hidden_by is HiddenBy.AUTHOR and not post.flag_count)
    own = wrote(actor, post) and is_theirs
    if refusal := trusted_unless(own, actor, Privilege.HIDE, "show this again", post.category_id):
        return refusal
    if post.state is PostState.QUEUED:
        return unseen(post.state)
    if post.state is PostState.VISIBLE:
        return NotPermitted(RefusalReason.ALREADY_DONE, "This is not hidden.")
    return None


def delete_refusal(actor: Actor, post: PostFacts) -> NotPermitted | None:
    """Why `actor` may not delete `post` for good: it is hidden first, and nothing stands under it or refers to it."""
    if refusal := standing_refusal(actor, Privilege.DELETE, "delete posts", post.category_id):
        return refusal
    if post.state is not PostState.HIDDEN:
        return NotPermitted(RefusalReason.DISABLED, "Only what is hidden can be deleted: hide it first.")
    if post.child_count:
        return NotPermitted(RefusalReason.DISABLED, "Something stands under this: delete that first.")
    if post.kind is PostKind.QUESTION and post.duplicate_count:
        return NotPermitted(RefusalReason.DISABLED, "Threads are closed as duplicates of this: reopen those first.")
    return None


def approve_refusal(actor: Actor, post: PostFacts) -> NotPermitted | None:
    """Why `actor` may neither approve nor reject `post`."""
    if refusal := standing_refusal(actor, Privilege.APPROVE, "approve posts", post.category_id):
        return refusal
    if post.state is not PostState.QUEUED:
        return NotPermitted(RefusalReason.ALREADY_DONE, "This does not wait for approval.")
    return None


def convert_refusal(actor: Actor, post: PostFacts) -> NotPermitted | None:
    """Why `actor` may not make a comment of an answer, or of a comment an answer, which no closed thread takes."""
    if refusal := standing_refusal(actor, Privilege.CONVERT, "convert posts", post.category_id):
        return refusal
    if post.kind is PostKind.QUESTION:
        return NotPermitted(RefusalReason.DISABLED, "A question stays one.")
    if refusal := _unseen_post(post):
        return refusal
    if post.kind is PostKind.COMMENT and post.closed_at is not None:
        return NotPermitted(RefusalReason.CLOSED, "This thread is closed: it takes no more answers.")
    return None


def claim_refusal(actor: Actor, post: PostFacts) -> NotPermitted | None:
    """Why `actor` may not claim `post` into their account: whoever might have written it there may (a5).

    Whoever does shows its claim token, too.
    """
    account = user(actor)
    if account is None:
        return NotPermitted(RefusalReason.SIGN_IN, "Sign in to claim what you wrote without an account.")
    privilege, to_do = _WRITERS[post.kind]
    if refusal := standing_refusal(actor, privilege, to_do, post.category_id):
        return refusal
    if wrote(actor, post):
        return NotPermitted(RefusalReason.ALREADY_DONE, "This is yours already.")
    if post.author_id is not None or post.writer_key is None:
        return NotPermitted(RefusalReason.DISABLED, "This was not written without an account.")
    if post.is_buried:
        return NotPermitted(RefusalReason.HIDDEN, "What this stands under is hidden.")
    return None


def notice_refusal(actor: Actor, post: PostFacts) -> NotPermitted | None:
    """Why `actor` may not decide who is told of replies to `post`: its writer may, always, and nobody else."""
    if wrote(actor, post):
        return None
    if actor is None:
        return NotPermitted(RefusalReason.SIGN_IN, "Sign in, or give the claim token that came with the post.")
    return NotPermitted(RefusalReason.DISABLED, "Only who wrote a post is told of replies to it.")


def _unseen_post(post: PostFacts) -> NotPermitted | None:
    if post.state is not PostState.VISIBLE:
        return unseen(post.state)
    if post.is_buried:
        return NotPermitted(RefusalReason.HIDDEN, "What this stands under is hidden.")
    return None
