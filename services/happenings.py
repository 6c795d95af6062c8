"""Happenings: what a deed did in a thread, told after its commit to all who watch it, or wait for new threads.

News names the post and never shows it: each listener looks with their own eyes, and is not told of what they may not
see. A post that waits for approval happens when it is approved.
"""

from enum import StrEnum
from functools import partial

import models
from models import PostKind, PostState
from models.database import after_commit
from services import live
from services.live import ASKED, rights_topic, thread_topic


class ActivityKind(StrEnum):
    """What can happen in a thread. STATE is none of a deed: a listener gets it first, and where news was lost."""

    STATE = "STATE"
    ANSWERED = "ANSWERED"
    COMMENTED = "COMMENTED"
    EDITED = "EDITED"
    BEST_ANSWER_CHOSEN = "BEST_ANSWER_CHOSEN"
    CLOSED = "CLOSED"
    REOPENED = "REOPENED"
    HIDDEN = "HIDDEN"
    RESTORED = "RESTORED"


_POSTED = {PostKind.ANSWER: ActivityKind.ANSWERED, PostKind.COMMENT: ActivityKind.COMMENTED}


def tell(thread_id: int, what: ActivityKind, post_id: int | None = None) -> None:
    """Tell after the commit what happened in a thread, and to which post. Call it inside the transaction."""
    after_commit(partial(live.publish, thread_topic(thread_id), what, post_id))


def tell_of_new(post: models.Post) -> None:
    """Tell of a post that has just been written, or approved."""
    if post.state is not PostState.VISIBLE:
        _tell_of_rights(post)
    elif post.kind in _POSTED:
        tell(post.thread_id, _POSTED[post.kind], post.id)
    else:
        after_commit(partial(live.publish, ASKED, "ASKED", post.id))


def tell_of_state(post: models.Post, before: PostState) -> None:
    """Tell of a post whose state was `before`."""
    if post.state is before:
        return
    if post.state is not PostState.VISIBLE:
        if before is PostState.VISIBLE:
            tell(post.thread_id, ActivityKind.HIDDEN, post.id)
    elif before is PostState.QUEUED:
        tell_of_new(post)
    else:
        tell(post.thread_id, ActivityKind.RESTORED, post.id)
    _tell_of_rights(post)


def _tell_of_rights(post: models.Post) -> None:
    """Its author sees of it what others do not, or no longer so."""
    if post.author_id is not None:
        after_commit(partial(live.publish, rights_topic(post.author_id)))
