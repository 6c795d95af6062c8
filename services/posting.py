"""Posting: a question, an answer, a comment; with an account or without one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.expressions import F

import models
from models import PostKind, PostState
from models.database import transaction
from services import changes, classification, clock, happenings, notices, notifying, points, quotas
from services.actors import Actor, Writer, user
from services.errors import Findings, NotFound
from services.hotness import hotness
from services.markdown import render
from services.notices import NOBODY, Wanted
from services.permissions import (
    PostFacts,
    ThreadFacts,
    answer_refusal,
    ask_refusal,
    comment_refusal,
    waits_for_approval,
)
from services.points import Payment
from services.policy import Limited, Measured
from services.repeats import refuse_question_again, refuse_reply_again
from services.text import check_length, slug
from services.visibility import visible_posts, visible_threads


@dataclass(frozen=True)
class Asked:
    """A question as somebody asks it."""

    title: str
    body: str
    category_path: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Beside:
    """What is given beside the words: without an account a name to display, and who is told of replies."""

    display_name: str | None = None
    notify: Wanted = NOBODY


NOTHING_BESIDE = Beside()


async def ask_question(actor: Actor, asked: Asked, beside: Beside = NOTHING_BESIDE) -> models.Thread:
    """Open a thread with a question. Raises NotPermitted, RateLimited, Conflict, and InvalidInput."""
    if refusal := ask_refusal(actor):
        raise refusal
    findings = Findings()
    title = check_length(findings, "title", asked.title, Measured.TITLE, lines=False)
    body = check_length(findings, "body", asked.body, Measured.QUESTION)
    beside = _check_beside(findings, beside)
    tag_names = classification.check_tags(findings, asked.tags)
    async with transaction():
        category = await classification.check_category(findings, asked.category_path)
        findings.raise_if_any()
        await refuse_question_again(title, body)
        with quotas.spending(Limited.QUESTIONS, actor):
            now = clock.now()
            rules = await points.rules_in_force()
            state = _state(actor, category.id if category else None)
            thread = await models.Thread.create(
                title=title,
                slug=slug(title),
                category=category,
                **_by(actor),
                state=state,
                hotness=hotness(rules, asked_at=now, newest_answer_at=None, answers=0, score=0, views=0),
                created_at=now,
                last_activity_at=now,
            )
            changes.appeared(thread)
            post = await _write(actor, thread.id, PostKind.QUESTION, body, now, state=state, beside=beside)
            await classification.classify(thread, tag_names)
            await _pay_for_posting(post, rules)
    return thread


async def post_answer(
    actor: Actor,
    thread_id: int,
    body: str,
    beside: Beside = NOTHING_BESIDE,
) -> tuple[models.Thread, models.Post]:
    """Answer in a thread; returns it with the answer. Raises any refusal."""
    findings = Findings()
    body = check_length(findings, "body", body, Measured.ANSWER)
    beside = _check_beside(findings, beside)
    async with transaction():
        # Posts are locked before threads, everywhere.
        questions = models.Post.filter(thread_id=thread_id, kind=PostKind.QUESTION)
        question = await questions.select_for_update(no_key=True).get_or_none()
        thread = await visible_threads(actor).select_for_update(no_key=True).get_or_none(id=thread_id)
        if thread is None or question is None:
            raise NotFound("There is no such thread.")
        if refusal := answer_refusal(actor, ThreadFacts.of(thread)):
            raise refusal
        findings.raise_if_any()
        await refuse_reply_again(question, PostKind.ANSWER, body)
        with quotas.spending(Limited.ANSWERS, actor):
            now = clock.not_before(thread.last_activity_at)
            state = _state(actor, thread.category_id)
            post = await _write(actor, thread.id, PostKind.ANSWER, body, now, state=state, beside=beside)
            await models.Post.filter(id=question.id).update(child_count=F("child_count") + 1)
            changes.changed(question, "child_count")
            if state is PostState.VISIBLE:
                rules = await points.rules_in_force()
                await _count_answer(thread, now, rules)
                await _pay_for_posting(post, rules)
                await notifying.notify_of(post)
    return thread, post


async def post_comment(
    actor: Actor,
    parent_id: int,
    body: str,
    beside: Beside = NOTHING_BESIDE,
) -> tuple[models.Post, models.Post]:
    """Comment on a question or an answer; returns both. Raises any refusal."""
    findings = Findings()
    body = check_length(findings, "body", body, Measured.COMMENT)
    beside = _check_beside(findings, beside)
    async with transaction():
        parent = await visible_posts(actor).select_for_update(no_key=True).get_or_none(id=parent_id)
        if parent is None:
            raise NotFound("There is no such post.")
        thread = await models.Thread.get(id=parent.thread_id)
        if refusal := comment_refusal(actor, PostFacts.of(parent, thread)):
            raise refusal
        findings.raise_if_any()
        await refuse_reply_again(parent, PostKind.COMMENT, body)
        with quotas.spending(Limited.COMMENTS, actor):
            now = clock.not_before(thread.last_activity_at)
            state = _state(actor, thread.category_id)
            post = await _write(
                actor, parent.thread_id, PostKind.COMMENT, body, now, state=state, beside=beside, parent=parent
            )
            parent.child_count += 1
            parent.version += 1
            parent.comment_count += state is PostState.VISIBLE
            written = ("comment_count", "child_count", "version")
            await parent.save(update_fields=written)
            changes.changed(parent, *written)
            if state is PostState.VISIBLE:
                await models.Thread.filter(id=parent.thread_id).update(last_activity_at=now)
                changes.changed_by_key(models.Thread, parent.thread_id, "last_activity_at")
                await notifying.notify_of(post)
    return parent, post


def _check_beside(findings: Findings, beside: Beside) -> Beside:
    return Beside(check_display_name(findings, beside.display_name), notices.check(findings, beside.notify))


def check_display_name(findings: Findings, name: str | None) -> str | None:
    """The name to display of somebody without an account; None where they gave none, or only white space."""
    if name is None:
        return None
    within = Findings()
    name = check_length(within, "displayName", name, Measured.DISPLAY_NAME, lines=False)
    for wrong in within.wrong:
        findings.add("anonymous", *wrong.path, message=wrong.message)
    return name or None


def _state(actor: Actor, category_id: int | None) -> PostState:
    return PostState.QUEUED if waits_for_approval(actor, category_id) else PostState.VISIBLE


def _by(actor: Actor) -> dict[str, Any]:
    account = user(actor)
    return {
        "author_id": account.id if account else None,
        "writer_key": actor.key if isinstance(actor, Writer) else None,
    }


async def _write(
    actor: Actor,
    thread_id: int,
    kind: PostKind,
    body: str,
    at: datetime,
    *,
    state: PostState,
    beside: Beside,
    parent: models.Post | None = None,
) -> models.Post:
    rendered = render(body)
    post = await models.Post.create(
        thread_id=thread_id,
        kind=kind,
        parent=parent,
        **_by(actor),
        author_name=beside.display_name if user(actor) is None else None,
        body=body,
        body_html=rendered.html,
        body_text=rendered.text,
        state=state,
        created_at=at,
    )
    changes.appeared(post)
    happenings.tell_of_new(post)
    await notices.begin(post, actor, beside.notify)
    return post


async def _count_answer(thread: models.Thread, at: datetime, rules: models.PointsRules) -> None:
    """Count a new visible answer in its thread."""
    thread.answer_count += 1
    thread.last_activity_at = at
    thread.hotness = hotness(
        rules,
        asked_at=thread.created_at,
        newest_answer_at=at,
        answers=thread.answer_count,
        score=thread.score,
        views=thread.view_count,
    )
    written = ("answer_count", "last_activity_at", "hotness")
    await thread.save(update_fields=written)
    changes.changed(thread, *written)


async def _pay_for_posting(post: models.Post, rules: models.PointsRules) -> None:
    if post.state is PostState.VISIBLE:
        amount, reason = points.for_posting(rules, post.kind)
        await points.pay([Payment(post.author_id, amount, reason, post.id)], rules)
