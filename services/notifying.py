"""Notifying: who is told of what by mail, and in which words (the triggers are Question2Answer's, a15).

    an answer              the writer of the question
    a comment              the writer of what it stands under, and all who have commented there before
    an answer is the best  its writer

Each address is told once, nobody of what they do themselves, and nobody of what not all may see.
"""

from collections.abc import Sequence
from urllib.parse import quote

import models
from models import PostKind, PostState
from services import notices, outbox, sealing
from services.actors import Actor, Writer, user, wrote
from services.markdown import excerpt
from services.outbox import Letter
from services.visibility import everybody_sees
from settings import settings

#: Characters of the post that a mail tells of.
EXCERPT = 300
_NAMES = {PostKind.QUESTION: "question", PostKind.ANSWER: "answer", PostKind.COMMENT: "comment"}


async def notify_of(post: models.Post) -> None:
    """Tell of an answer or a comment that has become visible: new, or approved. Call it inside the transaction.

    The row is as it stands. Nothing happens while not everybody sees it: whoever approves it calls this again.
    """
    if not outbox.sends_mail() or not everybody_sees(post) or post.kind is PostKind.QUESTION:
        return
    by: Actor = await models.User.get(id=post.author_id) if post.author_id else Writer(post.writer_key or "")
    thread = await models.Thread.get(id=post.thread_id)
    if post.kind is PostKind.ANSWER:
        told = await models.Post.filter(thread_id=thread.id, kind=PostKind.QUESTION)
        what, subject = "answered", "Answer"
    else:
        earlier = models.Post.filter(
            parent_id=post.parent_id, state=PostState.VISIBLE, created_at__lte=post.created_at
        ).exclude(id=post.id)
        told = [await models.Post.get(id=post.parent_id), *await earlier.order_by("id")]
        what, subject = "commented", "Comment"
    name = by.name if isinstance(by, models.User) else post.author_name or "Somebody"
    own_notice = await models.ReplyNotice.get_or_none(post_id=post.id)
    own = await notices.key_of(own_notice) if own_notice else None
    await _tell(told, by, own, f"{subject}: {thread.title}", f"{name} {what}", post, thread)


async def notify_of_choice(answer: models.Post, by: Actor) -> None:
    """Tell the writer of an answer that it was chosen as best. Call it inside the transaction."""
    if not outbox.sends_mail() or not everybody_sees(answer):
        return
    thread = await models.Thread.get(id=answer.thread_id)
    subject = f"Chosen as the best answer: {thread.title}"
    await _tell([answer], by, None, subject, "Your answer was chosen as the best one", answer, thread)


async def _tell(
    told: Sequence[models.Post],
    by: Actor,
    own_key: str | None,
    subject: str,
    what: str,
    post: models.Post,
    thread: models.Thread,
) -> None:
    """Write to all who want to know of replies to the posts `told`, but to nobody who is `by`."""
    posts = {each.id: each for each in told if not wrote(by, each)}
    account = user(by)
    done = {own_key, sealing.address_key(account.email) if account and account.email else None, None}
    # Locked, or one that ends meanwhile would leave its mail without a notice to belong to.
    wanted = models.ReplyNotice.filter(post_id__in=list(posts)).order_by("id").select_for_update(no_key=True)
    for notice in await wanted:
        key = await notices.key_of(notice)
        if key in done:
            continue
        done.add(key)
        letter = Letter(
            subject=subject,
            text=_text(what, post, thread) + _footer(posts[notice.post_id], notice),
            post_id=post.id,
        )
        await outbox.put(letter, notice)


def _text(what: str, post: models.Post, thread: models.Thread) -> str:
    return f"""{what} in

    {thread.title}

{excerpt(post.body_text, EXCERPT)}

{settings().public_url}/{thread.id}/{quote(thread.slug)}
"""


def _footer(own: models.Post, notice: models.ReplyNotice) -> str:
    promise = "" if notice.sealed_address is None else " Your address serves for that alone."
    return f"""
--
You wanted to be told of replies to your {_NAMES[own.kind]}.{promise} To end it:
{stop_link(notices.stop_token(notice.id))}
"""


def stop_link(token: str) -> str:
    """The address that ends a notice."""
    return f"{settings().public_url}/stop/{token}"
