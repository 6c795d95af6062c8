"""Who may do what, and if not, why: each rule once, for the deed and for the question `viewerCan`.

`<deed>_refusal(actor, ...)` says why a deed would be refused, or None. All are pure: they look at the facts that they
are given, at the policy and at where the request comes from, and at nothing else. Two kinds of rules meet in them:

    standing               what the actor is trusted with in general (`services.policy`)
    threads, posts, users  what the thing itself allows: its author may edit it, a closed thread takes no answers

How often an hour comes on top (`services.quotas`): the deed spends it, `viewerCan` tells what is left (`actions`).
"""

from services.permissions.actions import (
    Permission,
    PostAction,
    ThreadAction,
    UserAction,
    post_permission,
    thread_permission,
    user_permission,
)
from services.permissions.facts import OF_ITS_THREAD, PostFacts, ThreadFacts, UserFacts
from services.permissions.posts import (
    approve_refusal,
    claim_refusal,
    clear_flags_refusal,
    comment_refusal,
    convert_refusal,
    delete_refusal,
    edit_refusal,
    edit_silently_refusal,
    flag_refusal,
    hide_refusal,
    notice_refusal,
    restore_refusal,
    vote_refusal,
)
from services.permissions.standing import (
    is_confirmed,
    is_trusted,
    nowhere_refusal,
    standing_refusal,
    waits_for_approval,
    writing_refusal,
)
from services.permissions.tags import manage_tags_refusal
from services.permissions.threads import (
    answer_refusal,
    ask_refusal,
    choose_best_refusal,
    close_refusal,
    move_refusal,
    reopen_refusal,
    retag_refusal,
)
from services.permissions.users import block_refusal, set_level_refusal, unblock_refusal
from services.permissions.votes import set_aside_refusal

__all__ = [
    "OF_ITS_THREAD",
    "Permission",
    "PostAction",
    "PostFacts",
    "ThreadAction",
    "ThreadFacts",
    "UserAction",
    "UserFacts",
    "answer_refusal",
    "approve_refusal",
    "ask_refusal",
    "block_refusal",
    "choose_best_refusal",
    "claim_refusal",
    "clear_flags_refusal",
    "close_refusal",
    "comment_refusal",
    "convert_refusal",
    "delete_refusal",
    "edit_refusal",
    "edit_silently_refusal",
    "flag_refusal",
    "hide_refusal",
    "is_confirmed",
    "is_trusted",
    "manage_tags_refusal",
    "move_refusal",
    "notice_refusal",
    "nowhere_refusal",
    "post_permission",
    "reopen_refusal",
    "restore_refusal",
    "retag_refusal",
    "set_aside_refusal",
    "set_level_refusal",
    "standing_refusal",
    "thread_permission",
    "unblock_refusal",
    "user_permission",
    "vote_refusal",
    "waits_for_approval",
    "writing_refusal",
]
