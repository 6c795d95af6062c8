"""Repeats: what was just said is not said again, as when a button is pressed twice (Question2Answer, a12)."""

import re
from itertools import groupby
from zlib import crc32

import models
from models import PostKind, PostState
from models.database import dialect, execute
from services.errors import Conflict
from services.text import folded, is_word_character

_LETTERS = re.compile(r"[^\W_]+")

#: A question is compared with so many of the newest visible ones.
RECENT = 5
#: Among PostgreSQL's advisory locks of two numbers, those for titles.
_SPACE = 1


async def refuse_question_again(title: str, body: str) -> None:
    """Raise Conflict if one of the newest visible questions has these words, in its title and in its body.

    Call it inside the transaction: of two that are asked at the same instant, the second waits for the first.
    """
    if dialect() == "postgres":  # SQLite has one writer
        await execute(
            "SELECT pg_advisory_xact_lock($1, $2)", [_SPACE, crc32(repr(_words(folded(title))).encode()) - 2**31]
        )
    newest = models.Thread.filter(state=PostState.VISIBLE).order_by("-created_at", "-id").limit(RECENT)
    titles = {thread.id: thread.title for thread in await newest.only("id", "title")}
    alike = [thread_id for thread_id, other in titles.items() if _are_alike(other, title)]
    for question in await models.Post.filter(thread_id__in=alike, kind=PostKind.QUESTION) if alike else ():
        if _are_alike(question.body, body):
            raise Conflict(f"This was asked a moment ago: see the thread with the number {question.thread_id}.")


async def refuse_reply_again(under: models.Post, kind: PostKind, body: str) -> None:
    """Raise Conflict if another visible answer to a question, or comment on a post, has these words."""
    siblings = models.Post.filter(kind=kind, state=PostState.VISIBLE)
    siblings = siblings.filter(thread_id=under.thread_id) if kind is PostKind.ANSWER else siblings.filter(parent=under)
    said: list[str] = await siblings.values_list("body", flat=True)  # type: ignore[assignment]
    if any(_are_alike(other, body) for other in said):
        raise Conflict("This was said here already, in the same words.")


def _are_alike(one: str, other: str) -> bool:
    """Whether two texts have the same words, without regard to case and to what stands between them."""
    one, other = folded(one), folded(other)
    # Which letters there are is seen in a tenth of the time, and nearly always tells them apart.
    return _LETTERS.findall(one) == _LETTERS.findall(other) and _words(one) == _words(other)


def _words(text: str) -> list[str]:
    """The words of `text`; where it has none, its signs are one."""
    return ["".join(letters) for is_word, letters in groupby(text, is_word_character) if is_word] or [text]
