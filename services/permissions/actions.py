"""What `viewerCan` answers for each action: the refusal of its deed, and what is left of the hour's limit."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from models import PostKind, VoteValue
from services import quotas
from services.actors import Actor
from services.errors import NotPermitted, RefusalReason
from services.permissions.facts import PostFacts, ThreadFacts, UserFacts
from services.permissions.posts import (
    approve_refusal,
    claim_refusal,
    comment_refusal,
    convert_refusal,
    delete_refusal,
    edit_refusal,
    flag_refusal,
    hide_refusal,
    restore_refusal,
    vote_refusal,
)
from services.permissions.threads import (
    answer_refusal,
    choose_best_refusal,
    close_refusal,
    move_refusal,
    reopen_refusal,
    retag_refusal,
)
from services.permissions.users import block_refusal, set_level_refusal, unblock_refusal
from services.policy import Limited
from services.quotas import Quota


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


class UserAction(StrEnum):
    """What can be done about a user."""

    BLOCK = "block"
    UNBLOCK = "unblock"
    SET_LEVEL = "set_level"


@dataclass(frozen=True)
class Permission:
    """Whether somebody may do something: why not, and how often still."""

    refusal: NotPermitted | None
    quota: Quota | None = None


_Rule = tuple[Callable[[Actor, PostFacts], NotPermitted | None], Limited | None]
#: What a post that is converted counts as: what it becomes.
_CONVERTED = {PostKind.ANSWER: Limited.COMMENTS, PostKind.COMMENT: Limited.ANSWERS}
_ON_POSTS: dict[PostAction, _Rule] = {
    PostAction.VOTE_UP: (lambda actor, post: vote_refusal(actor, post, VoteValue.UP), Limited.VOTES),
    PostAction.VOTE_DOWN: (lambda actor, post: vote_refusal(actor, post, VoteValue.DOWN), Limited.VOTES),
    PostAction.COMMENT: (comment_refusal, Limited.COMMENTS),
    PostAction.EDIT: (edit_refusal, None),
    PostAction.FLAG: (flag_refusal, Limited.FLAGS),
    PostAction.HIDE: (hide_refusal, None),
    PostAction.RESTORE: (restore_refusal, None),
    PostAction.DELETE: (delete_refusal, None),
    PostAction.APPROVE: (approve_refusal, None),
    PostAction.CLAIM: (claim_refusal, None),
    PostAction.CONVERT: (convert_refusal, None),
}
_ON_THREADS: dict[ThreadAction, tuple[Callable[[Actor, ThreadFacts], NotPermitted | None], Limited | None]] = {
    ThreadAction.ANSWER: (answer_refusal, Limited.ANSWERS),
    ThreadAction.CLOSE: (close_refusal, None),
    ThreadAction.REOPEN: (reopen_refusal, None),
    ThreadAction.MOVE: (move_refusal, None),
    ThreadAction.RETAG: (retag_refusal, None),
    ThreadAction.CHOOSE_BEST_ANSWER: (choose_best_refusal, None),
}
_ON_USERS: dict[UserAction, Callable[[Actor, UserFacts], NotPermitted | None]] = {
    UserAction.BLOCK: block_refusal,
    UserAction.UNBLOCK: unblock_refusal,
    UserAction.SET_LEVEL: set_level_refusal,
}


def post_permission(actor: Actor, post: PostFacts, action: PostAction) -> Permission:
    """The answer to `viewerCan` for a post."""
    refusal, limited = _ON_POSTS[action]
    if action is PostAction.CONVERT:
        limited = _CONVERTED.get(post.kind)
    return _permission(refusal(actor, post), limited, actor)


def thread_permission(actor: Actor, thread: ThreadFacts, action: ThreadAction) -> Permission:
    """The answer to `viewerCan` for a thread."""
    if action not in _ON_THREADS:
        return Permission(NotPermitted(RefusalReason.DISABLED, "This server does not offer that."))
    refusal, limited = _ON_THREADS[action]
    return _permission(refusal(actor, thread), limited, actor)


def user_permission(actor: Actor, user: UserFacts, action: UserAction) -> Permission:
    """The answer to `viewerCan` for a user."""
    return Permission(_ON_USERS[action](actor, user))


def _permission(refusal: NotPermitted | None, limited: Limited | None, actor: Actor) -> Permission:
    if refusal is not None or limited is None or (quota := quotas.left(limited, actor)) is None:
        return Permission(refusal)
    if quota.remaining == 0:
        return Permission(NotPermitted(RefusalReason.RATE_LIMIT, quotas.refusal_message(quota)), quota)
    return Permission(None, quota)
