"""Revising: a post, and with a question its thread, gets another content, and every saved state is kept.

A post that nobody edited has no revisions. The first change saves two: how it was written, and how it is now.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import models
from models import PostKind, PostState
from models.database import after_commit
from services import changes, classification, clock, happenings, live
from services.actors import Actor, user, wrote
from services.happenings import ActivityKind
from services.markdown import render
from services.text import slug

#: An author's own edit leaves no mark for so long after posting (Question2Answer, `app/format.php`).
UNMARKED = timedelta(seconds=300)


@dataclass(frozen=True)
class Content:
    """What a revision keeps of a post. Title, tags and category are a question's, and None elsewhere."""

    body: str
    title: str | None = None
    tags: tuple[str, ...] | None = None
    category: models.Category | None = None

    @classmethod
    async def of(cls, post: models.Post, thread: models.Thread) -> "Content":
        """That of a post as it is."""
        if post.kind is not PostKind.QUESTION:
            return cls(post.body)
        tags = tuple(await classification.tag_names_of(thread.id))
        return cls(post.body, thread.title, tags, await models.Category.get_or_none(id=thread.category_id))


@dataclass(frozen=True)
class Revised:
    """What came of it: the rows as they are now, and where the thread no longer counts."""

    post: models.Post
    thread: models.Thread
    revision: models.Revision
    has_changed: bool
    former_category: models.Category | None = None
    former_tags: Sequence[models.Tag] = ()

    async def counted(self) -> "Revised":
        """The same, with what `settled` has counted since."""
        category, tags = self.former_category, [tag.id for tag in self.former_tags]
        return replace(
            self,
            former_category=await models.Category.get(id=category.id) if category else None,
            former_tags=await models.Tag.filter(id__in=tags).order_by("name") if tags else (),
        )


async def revise(
    post: models.Post,
    thread: models.Thread,
    content: Content,
    by: Actor,
    *,
    comment: str | None = None,
    is_silent: bool = False,
) -> Revised:
    """Give a post this content, and save it as a revision. What changes nothing saves nothing.

    Call it inside `settled`, which counts the thread in its categories and tags. A silent change leaves no mark on
    the post, and neither does one of its author's within five minutes, or before it is approved.
    """
    before, now = await Content.of(post, thread), clock.now()
    newest = await models.Revision.filter(post_id=post.id).order_by("-number").first()
    if newest is None:
        newest = await _save(post, before, 1, editor_id=post.author_id, edited_at=post.created_at)
    if content.tags is not None and content.tags != before.tags:
        tags = await classification.find_or_make_tags(content.tags)
        content = replace(content, tags=tuple(tag.name for tag in tags))  # for a synonym there is its tag
    if content == before:
        return Revised(post, thread, newest, has_changed=False)
    await _write_post(post, content, by, now, is_marked=not is_silent and not _is_fresh(post, by, now))
    is_news = not is_silent and (content.body, content.title) != (before.body, before.title)
    await _write_thread(thread, content, now if is_news and post.state is PostState.VISIBLE else None)
    if content.tags is not None and content.tags != before.tags:
        await classification.replace_tags(thread.id, tags)
    editor = user(by)
    revision = await _save(
        post,
        content,
        newest.number + 1,
        editor_id=editor.id if editor else None,
        edited_at=now,
        comment=comment,
        is_silent=is_silent,
    )
    dropped = set(before.tags or ()) - set(content.tags or ())
    return Revised(
        post,
        thread,
        revision,
        has_changed=True,
        former_category=before.category if content.category != before.category else None,
        former_tags=await models.Tag.filter(name__in=list(dropped)).order_by("name") if dropped else (),
    )


def _is_fresh(post: models.Post, by: Actor, now: datetime) -> bool:
    """Whether an edit leaves no mark of itself (Question2Answer, a16)."""
    return post.state is PostState.QUEUED or (wrote(by, post) and now - post.created_at <= UNMARKED)


async def _write_post(post: models.Post, content: Content, by: Actor, now: datetime, *, is_marked: bool) -> None:
    written: dict[str, Any] = {"version": post.version + 1}
    if content.body != post.body:
        rendered = render(content.body)
        written |= {"body": content.body, "body_html": rendered.html, "body_text": rendered.text}
    if is_marked:
        editor = user(by)
        written |= {"edited_at": now, "editor_id": editor.id if editor else None}
    await _write(post, written)
    after_commit(partial(live.publish, live.post_topic(post.id)))
    happenings.tell(post.thread_id, ActivityKind.EDITED, post.id)


async def _write_thread(thread: models.Thread, content: Content, active_at: datetime | None) -> None:
    written: dict[str, Any] = {}
    if content.title is not None:  # a question's
        category_id = content.category.id if content.category else None
        if category_id != thread.category_id:
            written |= {"category_id": category_id}
        if content.title != thread.title:
            written |= {"title": content.title, "slug": slug(content.title)}
    if active_at is not None:
        written["last_activity_at"] = max(active_at, thread.last_activity_at)
    await _write(thread, written)


async def _write(row: models.Post | models.Thread, written: dict[str, Any]) -> None:
    for name, value in written.items():
        setattr(row, name, value)
    if written:
        await row.save(update_fields=list(written))
        changes.changed(row, *written)


async def _save(
    post: models.Post,
    content: Content,
    number: int,
    *,
    editor_id: int | None,
    edited_at: datetime,
    comment: str | None = None,
    is_silent: bool = False,
) -> models.Revision:
    revision = await models.Revision.create(
        post_id=post.id,
        number=number,
        title=content.title,
        body=content.body,
        body_html=post.body_html,
        tags=None if content.tags is None else list(content.tags),
        category_path=content.category.path if content.category else None,
        editor_id=editor_id,
        comment=comment,
        edited_at=edited_at,
        is_silent=is_silent,
    )
    changes.appeared(revision)
    return revision
