"""What `viewerCan` ought to say, and a deed come to: the tables of `test_permission_table`, for rows of a world."""

from functools import cache
from typing import TYPE_CHECKING, Any

from access_rules import AUTHORS, Person
from test_permission_table import LETTERS, ON_POSTS, ON_THREADS, POST_STATES, THREAD_STATES, THREADS, read

import models
from models import HiddenBy, PostKind, PostState, UserLevel
from schema import schema

if TYPE_CHECKING:
    from access_eyes import Eyes

_HIDDEN = {
    HiddenBy.AUTHOR: "hidden by author",
    HiddenBy.STAFF: "hidden by staff",
    HiddenBy.FLAGS: "hidden by flags",
    HiddenBy.REJECTION: "rejected",
}
_LETTERS = {reason.name if reason else None: letter for letter, reason in LETTERS.items()}


def letter_of(reason: str | None) -> str:
    """The letter of the tables for a reason."""
    return _LETTERS[reason]


def permission(eyes: "Eyes", owner: str, row: Any, number: int) -> str:
    """The letter for the action of that number in its enum, done by the person of these eyes."""
    kind = {"Thread": "ThreadAction", "User": "UserAction"}.get(owner, "PostAction")
    action = list(schema._schema.type_map[kind].values)[number]  # type: ignore[attr-defined]
    if owner == "User":
        return on_user(eyes.person, eyes.world.account(eyes.person), row, action)
    return on_thread(eyes, row, action) if owner == "Thread" else on_post(eyes, row, action)


def on_post(eyes: "Eyes", post: models.Post, action: str) -> str:
    """Why they may not do this with a post."""
    rows = eyes.world.rows
    row = _row(eyes, post, post)
    letters = _posts()[action, post.kind.value][row]
    state = post.state.value
    if post.state is PostState.HIDDEN:
        state = _HIDDEN[post.hidden_by or HiddenBy.STAFF]
    elif post.state is PostState.VISIBLE and rows.is_under_something_unseen(post):
        state = "buried"
    thread = _closed(eyes, rows.thread(post))
    letter = letters[THREADS.index(thread) * len(POST_STATES) + list(POST_STATES).index(state)]
    if action == "CLAIM" and letter == "d" and post.author_id is None:
        # The table is of what accounts wrote: what nobody's account did is there to be claimed.
        return "h" if rows.is_under_something_unseen(post) else "."
    if action == "DELETE" and letter == "." and _has_something_under_it(eyes, post):
        return "d"
    return letter


def on_thread(eyes: "Eyes", thread: models.Thread, action: str) -> str:
    """Why they may not do this with a thread."""
    question = eyes.world.rows.question(thread.id)
    letters = _threads()[action][_row(eyes, question, thread)]
    return letters[THREADS.index(_closed(eyes, thread)) * len(THREAD_STATES) + THREAD_STATES.index(question.state)]


def on_user(person: Person, account: models.User | None, about: models.User, action: str) -> str:
    """Why they may not do this about a user (Question2Answer, a4): staff alone, to whom stands below them."""
    if person.level is None:
        return "s"
    if person.level < UserLevel.MODERATOR:
        return "l"
    if person.is_blocked:
        return "b"
    is_above_all = action == "SET_LEVEL" and person.level is UserLevel.OWNER
    if account is None or about.id == account.id or (about.level >= person.level and not is_above_all):
        return "l"
    is_done = {"BLOCK": about.blocked_at is not None, "UNBLOCK": about.blocked_at is None}
    return "a" if is_done.get(action) else "."


def standing(person: Person, path: str | None) -> str:
    """As whom the tables know somebody who looks at what another wrote in the category at `path`."""
    level = person.level_at(path)
    if level is None:
        return "writer" if person.is_writer else "visitor"
    if person.is_blocked:
        return "blocked" if level is UserLevel.REGISTERED else "blocked_owner"
    if level is UserLevel.REGISTERED:
        return "confirmed" if person.is_confirmed else "registered"
    return level.name.lower()


def _row(eyes: "Eyes", post: models.Post, written: models.Post | models.Thread) -> str:
    if eyes.wrote(written):
        return eyes.person.name if eyes.person.name in AUTHORS else "author"
    return standing(eyes.person, eyes.world.rows.category_path(post))


def _closed(eyes: "Eyes", thread: models.Thread) -> str:
    if thread.closed_at is None:
        return "open"
    account = eyes.world.account(eyes.person)
    return "closed by its author" if account and account.id == thread.closed_by_id else "closed by another"


def _has_something_under_it(eyes: "Eyes", post: models.Post) -> bool:
    rows = eyes.world.rows
    if post.kind is not PostKind.QUESTION:
        return bool(rows.those(models.Post, parent_id=post.id))
    in_thread = rows.those(models.Post, thread_id=post.thread_id)
    return len(in_thread) > 1 or bool(rows.those(models.Thread, duplicate_of_id=post.thread_id))


@cache
def _posts() -> dict[tuple[str, str], dict[str, str]]:
    found = {}
    for heading, rows in read(ON_POSTS, len(POST_STATES)).items():
        actions, kinds = (part.split() for part in heading.split(" on "))
        found.update({(action, kind): rows for action in actions for kind in kinds})
    return found


@cache
def _threads() -> dict[str, dict[str, str]]:
    return {
        action: rows for heading, rows in read(ON_THREADS, len(THREAD_STATES)).items() for action in heading.split()
    }
