"""Converting: an answer becomes a comment, a comment an answer, or a comment comes to stand under another post."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import models
from models import ModerationDeed, PostKind, PostState
from models.database import after_commit, transaction
from services import happenings, live, log, quotas
from services.actors import Actor, wrote
from services.changes import changed
from services.errors import Findings, NotFound
from services.happenings import ActivityKind
from services.permissions import PostFacts, convert_refusal
from services.policy import Limited
from services.settling import settled
from services.visibility import visible_posts


class Target(StrEnum):
    """What a post can become."""

    ANSWER = "answer"
    COMMENT = "comment"


_COUNTED_AS = {Target.ANSWER: Limited.ANSWERS, Target.COMMENT: Limited.COMMENTS}


@dataclass(frozen=True)
class Converted:
    """What came of it: the rows as they are now."""

    post: models.Post
    thread: models.Thread
    #: What a former comment stood under.
    former_parent: models.Post | None
    #: The comments of a former answer, which moved along.
    moved: Sequence[models.Post]


async def convert_post(actor: Actor, post_id: int, to: Target, parent_id: int | None = None) -> Converted:
    """Make an answer or a comment of a post; a comment stands under `parent_id`, or under the question.

    It keeps its id and its votes. Comments on an answer move along, and the best answer is no longer one
    (Question2Answer, a17). What it is already changes nothing. Raises NotFound, NotPermitted, RateLimited and
    InvalidInput.
    """
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
            if refusal := convert_refusal(actor, PostFacts.of(post, thread)):
                raise refusal
            under = await _parent(post, to, parent_id)
            former_id, moved = post.parent_id, list[models.Post]()
            if (PostKind(to), under) != (post.kind, former_id):
                moved = await models.Post.filter(parent_id=post.id).order_by("id")
                with quotas.spending(_COUNTED_AS[to], actor):
                    for each, kind in ((post, PostKind(to)), *((comment, PostKind.COMMENT) for comment in moved)):
                        await _place(each, kind, under)
                if not wrote(actor, post):
                    await log.note(ModerationDeed.CONVERTED, actor, post=post)
    concerned = [post.id, *(comment.id for comment in moved), *([former_id] if former_id is not None else [])]
    rows = {row.id: row for row in await models.Post.filter(id__in=concerned)}
    return Converted(
        rows[post.id],
        await models.Thread.get(id=post.thread_id),
        rows[former_id] if former_id is not None else None,
        [rows[comment.id] for comment in moved],
    )


async def _parent(post: models.Post, to: Target, parent_id: int | None) -> int | None:
    """What the post shall stand under: None for an answer. Raises InvalidInput."""
    findings = Findings()
    if to is Target.ANSWER:
        if parent_id is not None:
            findings.add("parentId", message="An answer stands under no other post: leave this out.")
        findings.raise_if_any()
        return None
    parents = models.Post.filter(thread_id=post.thread_id, state=PostState.VISIBLE).exclude(id=post.id)
    if parent_id is None:
        parents = parents.filter(kind=PostKind.QUESTION)
    else:
        parents = parents.filter(id=parent_id).exclude(kind=PostKind.COMMENT)
    parent = await parents.get_or_none()
    if parent is None:
        findings.add("parentId", message="Give the question, or another answer to it, that is visible.")
    findings.raise_if_any()
    return parent.id if parent else None


async def _place(post: models.Post, kind: PostKind, under: int | None) -> None:
    post.kind, post.parent_id = kind, under
    post.is_best = post.is_best_imported = False
    post.version += 1
    written = ("kind", "parent_id", "is_best", "is_best_imported", "version")
    await post.save(update_fields=written)
    changed(post, *written)
    after_commit(partial(live.publish, live.post_topic(post.id)))
    happenings.tell(post.thread_id, ActivityKind.EDITED, post.id)
