"""Editing: a post is written anew, or as one of its revisions has it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import models
from models import ModerationDeed, PostKind
from models.database import transaction
from services import classification, log
from services.actors import Actor, wrote
from services.errors import Conflict, Findings, NotFound
from services.permissions import (
    PostFacts,
    ThreadFacts,
    edit_refusal,
    edit_silently_refusal,
    move_refusal,
    retag_refusal,
)
from services.policy import Measured
from services.revising import Content, Revised, revise
from services.settling import settled
from services.text import check_length
from services.visibility import visible_posts, visible_revisions

_MEASURED = {
    PostKind.QUESTION: Measured.QUESTION,
    PostKind.ANSWER: Measured.ANSWER,
    PostKind.COMMENT: Measured.COMMENT,
}


@dataclass(frozen=True)
class Edit:
    """A post as somebody would have it; what is None stays as it is. Title, tags and category are a question's."""

    body: str | None = None
    title: str | None = None
    tags: tuple[str, ...] | None = None
    category_path: str | None = None
    #: What the editor says of the change.
    comment: str | None = None
    #: The version that was edited: if the post has another one now, somebody was faster.
    expected_version: int | None = None
    is_silent: bool = False


async def edit_post(actor: Actor, post_id: int, edit: Edit) -> Revised:
    """Write a post anew, and keep how it was. The same again changes nothing.

    Raises NotFound, NotPermitted, InvalidInput with every wrong field, and Conflict if the post is not as expected.
    """
    async with _being_edited(actor, post_id, is_silent=edit.is_silent) as (post, thread):
        before = await Content.of(post, thread)
        findings = Findings()
        content = await _checked(findings, post, before, edit)
        comment = check_length(findings, "comment", edit.comment or "", Measured.NOTE) or None
        findings.raise_if_any()
        if edit.expected_version is not None and edit.expected_version != post.version:
            raise Conflict(
                f"This is version {post.version} by now, and you edited version {edit.expected_version}: read it again."
            )
        revised = await _revised(actor, post, thread, before, content, comment, is_silent=edit.is_silent)
    return await revised.counted()


async def restore_revision(actor: Actor, revision_id: int, comment: str | None = None) -> Revised:
    """Edit a post so that it is as a revision has it. A category that is gone leaves the thread where it is.

    Raises NotFound, NotPermitted, and InvalidInput if the comment is too long.
    """
    findings = Findings()
    comment = check_length(findings, "comment", comment or "", Measured.NOTE) or None
    wanted = await visible_revisions(actor).get_or_none(id=revision_id)
    if wanted is None:
        raise NotFound("There is no such revision.")
    async with _being_edited(actor, wanted.post_id) as (post, thread):
        findings.raise_if_any()
        before = await Content.of(post, thread)
        content = replace(before, body=wanted.body)
        if before.title is not None and wanted.title is not None:
            path = wanted.category_path
            category = await models.Category.get_or_none(path=path) or before.category if path else None
            content = Content(wanted.body, wanted.title, tuple(wanted.tags or ()), category)
        revised = await _revised(actor, post, thread, before, content, comment)
    return await revised.counted()


@asynccontextmanager
async def _being_edited(
    actor: Actor, post_id: int, *, is_silent: bool = False
) -> AsyncIterator[tuple[models.Post, models.Thread]]:
    """A post that `actor` may edit, and its thread, locked. Raises NotFound and NotPermitted."""
    async with transaction():
        seen = await visible_posts(actor).get_or_none(id=post_id)
        if seen is None:
            raise NotFound("There is no such post.")
        async with settled(seen.thread_id):
            # As they are, now that nobody else changes them.
            post = await visible_posts(actor).get_or_none(id=post_id)
            if post is None:
                raise NotFound("There is no such post.")
            thread = await models.Thread.get(id=post.thread_id)
            facts = PostFacts.of(post, thread)
            if refusal := edit_refusal(actor, facts):
                raise refusal
            if is_silent and (refusal := edit_silently_refusal(actor, facts)):
                raise refusal
            yield post, thread


async def _checked(findings: Findings, post: models.Post, before: Content, edit: Edit) -> Content:
    """The content that an edit asks for; notes a finding for each field that is wrong."""
    content = before
    if edit.body is not None:
        content = replace(content, body=check_length(findings, "body", edit.body, _MEASURED[post.kind]))
    given = {"title": edit.title, "tags": edit.tags, "categoryPath": edit.category_path}
    if post.kind is not PostKind.QUESTION:
        for field, value in given.items():
            if value is not None:
                findings.add(field, message="Only a question has this: leave it out.")
        return content
    if edit.title is not None and edit.title != before.title:  # an imported one may be longer
        content = replace(content, title=check_length(findings, "title", edit.title, Measured.TITLE, lines=False))
    if edit.tags is not None:
        content = replace(content, tags=tuple(classification.check_tags(findings, edit.tags)))
    if edit.category_path is not None:
        content = replace(content, category=await classification.check_category(findings, edit.category_path))
    return content


async def _revised(
    actor: Actor,
    post: models.Post,
    thread: models.Thread,
    before: Content,
    content: Content,
    comment: str | None,
    *,
    is_silent: bool = False,
) -> Revised:
    facts = ThreadFacts.of(thread)
    if content.category != before.category and (refusal := move_refusal(actor, facts)):
        raise refusal
    if content.tags != before.tags and (refusal := retag_refusal(actor, facts)):
        raise refusal
    revised = await revise(post, thread, content, actor, comment=comment, is_silent=is_silent)
    if revised.has_changed and not wrote(actor, post):
        await log.note(ModerationDeed.EDITED, actor, post=post, reason=comment)
    return revised
