"""Who may see what, and who may do what: each rule once, for the deed and for the question `viewerCan`.

`visible_<things>(viewer)` is where every read begins. `<deed>_refusal(actor, ...)` says why a deed would be
refused, or None. Both are pure: they look at the rows they are given and nothing else.
"""

from collections.abc import Callable, Hashable
from enum import StrEnum
from typing import Any, TypeVar

from tortoise.models import Model
from tortoise.queryset import QuerySet

import models
from models import PostKind, PostState, UserLevel, VoteValue
from services.errors import NotPermitted, RefusalReason

Row = TypeVar("Row", bound=Model)


class ThreadAction(StrEnum):
    """What can be done with a thread."""

    ANSWER = "answer"
    CLOSE = "close"
    REOPEN = "reopen"
    MOVE = "move"
    RETAG = "retag"
    CHOOSE_BEST_ANSWER = "choose_best_answer"
    FOLLOW = "follow"


class PostAction(StrEnum):
    """What can be done with a post."""

    VOTE_UP = "vote_up"
    VOTE_DOWN = "vote_down"
    COMMENT = "comment"
    EDIT = "edit"
    FLAG = "flag"
    HIDE = "hide"
    RESTORE = "restore"
    DELETE = "delete"
    APPROVE = "approve"
    CLAIM = "claim"
    CONVERT = "convert"


def visible_threads(viewer: models.User | None) -> QuerySet[models.Thread]:
    """The threads that `viewer` may see."""
    return models.Thread.filter(state=PostState.VISIBLE)


def visible_posts(viewer: models.User | None) -> QuerySet[models.Post]:
    """The posts that `viewer` may see."""
    return models.Post.filter(state=PostState.VISIBLE)


def everybody_sees(post: models.Post) -> bool:
    """Whether `visible_posts` has the post for every viewer, so that nobody needs to ask."""
    return post.state is PostState.VISIBLE


def visible_revisions(viewer: models.User | None) -> QuerySet[models.Revision]:
    """The saved states of the posts that `viewer` may see."""
    return models.Revision.filter(post__state=PostState.VISIBLE)


_VISIBLE: dict[type[Model], Callable[[models.User | None], QuerySet[Any]]] = {
    models.Thread: visible_threads,
    models.Post: visible_posts,
    models.Revision: visible_revisions,
}


def visible(model: type[Row], viewer: models.User | None) -> QuerySet[Row]:
    """The rows of any model that `viewer` may see; what has no rule of its own is for all to see."""
    return _VISIBLE[model](viewer) if model in _VISIBLE else model.all()


def sight(viewer: models.User | None) -> Hashable:
    """What the rules above look at in a viewer, beside their id: who have it in common read by the same statements."""
    return None if viewer is None else viewer.level


def ask_refusal(actor: models.User | None) -> NotPermitted | None:
    """Why `actor` may not ask a question."""
    return _sign_in("ask a question") if actor is None else None


def answer_refusal(actor: models.User | None, thread: models.Thread) -> NotPermitted | None:
    """Why `actor` may not answer in `thread`. Closed ones take no answers (Question2Answer, `question-view.php`)."""
    if actor is None:
        return _sign_in("answer")
    if thread.state is not PostState.VISIBLE:
        return _unseen(thread.state)
    if thread.closed_at is not None:
        return NotPermitted(RefusalReason.CLOSED, "This thread is closed: it takes no more answers.")
    return None


def comment_refusal(actor: models.User | None, parent: models.Post) -> NotPermitted | None:
    """Why `actor` may not comment on `parent`. Closed threads can still be commented on."""
    if actor is None:
        return _sign_in("comment")
    if parent.kind is PostKind.COMMENT:
        return NotPermitted(RefusalReason.DISABLED, "Comments stand under questions and answers, not under comments.")
    if parent.state is not PostState.VISIBLE:
        return _unseen(parent.state)
    return None


def vote_refusal(actor: models.User | None, post: models.Post, value: VoteValue) -> NotPermitted | None:
    """Why `actor` may not set their vote on `post` to `value` (Question2Answer, `app/votes.php`).

    Never on one's own post, nor on one that is hidden or queued. In a closed thread votes go on.
    """
    if actor is None:
        return _sign_in("vote")
    if post.author_id == actor.id:
        return NotPermitted(RefusalReason.OWN_POST, "Nobody votes on their own posts.")
    if post.state is not PostState.VISIBLE:
        return _unseen(post.state)
    return None


def choose_best_refusal(actor: models.User | None, thread: models.Thread) -> NotPermitted | None:
    """Why `actor` may not choose the best answer of `thread`: its asker may, and experts and above."""
    if actor is None:
        return _sign_in("choose the best answer")
    if thread.author_id != actor.id and actor.level < UserLevel.EXPERT:
        return NotPermitted(RefusalReason.LEVEL, "The best answer is chosen by who asked, or by an expert.")
    return None


def thread_action_refusal(
    actor: models.User | None, thread: models.Thread, action: ThreadAction
) -> NotPermitted | None:
    """The answer to `viewerCan` for a thread: why `actor` may not, or None."""
    match action:
        case ThreadAction.ANSWER:
            return answer_refusal(actor, thread)
        case _:
            return _not_offered()


def post_action_refusal(actor: models.User | None, post: models.Post, action: PostAction) -> NotPermitted | None:
    """The answer to `viewerCan` for a post: why `actor` may not, or None."""
    match action:
        case PostAction.VOTE_UP:
            return vote_refusal(actor, post, VoteValue.UP)
        case PostAction.VOTE_DOWN:
            return vote_refusal(actor, post, VoteValue.DOWN)
        case PostAction.COMMENT:
            return comment_refusal(actor, post)
        case _:
            return _not_offered()


def _sign_in(deed: str) -> NotPermitted:
    return NotPermitted(RefusalReason.SIGN_IN, f"Sign in to {deed}.")


def _unseen(state: PostState) -> NotPermitted:
    if state is PostState.QUEUED:
        return NotPermitted(RefusalReason.QUEUED, "This waits to be approved first.")
    return NotPermitted(RefusalReason.HIDDEN, "This is hidden.")


def _not_offered() -> NotPermitted:
    return NotPermitted(RefusalReason.DISABLED, "This server does not offer that.")
