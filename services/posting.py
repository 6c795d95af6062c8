"""Posting: a question, an answer, a comment."""

from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import F

import models
from models import PointsReason, PostKind, PostState
from models.database import transaction
from services import changes, classification, clock, points
from services.errors import Findings, NotFound
from services.hotness import hotness
from services.markdown import render
from services.permissions import (
    answer_refusal,
    ask_refusal,
    choose_best_refusal,
    comment_refusal,
    visible_posts,
    visible_threads,
)
from services.points import Payment
from services.text import check_text, slug

# Question2Answer's limits (`app/options.php`), in characters; its limit on bodies is that of a database column,
# so Stack Exchange's stands in, whose dumps are imported.
TITLE_LENGTH = 12, 120
QUESTION_LENGTH = 0, 30_000
REPLY_LENGTH = 12, 30_000


@dataclass(frozen=True)
class Asked:
    """A question as somebody asks it."""

    title: str
    body: str
    category_path: str | None = None
    tags: tuple[str, ...] = ()


async def ask_question(actor: models.User | None, asked: Asked) -> models.Thread:
    """Open a thread with a question. Raises NotPermitted, and InvalidInput with every wrong field."""
    if refusal := ask_refusal(actor):
        raise refusal
    assert actor is not None  # noqa: S101  visitors were refused above
    findings = Findings()
    title = check_text(findings, "title", asked.title, least=TITLE_LENGTH[0], most=TITLE_LENGTH[1], lines=False)
    body = check_text(findings, "body", asked.body, least=QUESTION_LENGTH[0], most=QUESTION_LENGTH[1])
    tag_names = classification.check_tags(findings, asked.tags)
    async with transaction():
        category = await classification.check_category(findings, asked.category_path)
        findings.raise_if_any()
        now = clock.now()
        rules = await points.rules_in_force()
        thread = await models.Thread.create(
            title=title,
            slug=slug(title),
            category=category,
            author=actor,
            hotness=hotness(rules, asked_at=now, newest_answer_at=None, answers=0, score=0, views=0),
            created_at=now,
            last_activity_at=now,
        )
        changes.appeared(thread)
        post = await _write(actor, thread.id, PostKind.QUESTION, body, now)
        await classification.classify(thread, category, tag_names)
        await _pay_for_posting(actor, post, rules)
    return thread


async def post_answer(actor: models.User | None, thread_id: int, body: str) -> tuple[models.Thread, models.Post]:
    """Answer in a thread; returns it with the answer. Raises NotFound, NotPermitted and InvalidInput."""
    findings = Findings()
    body = check_text(findings, "body", body, least=REPLY_LENGTH[0], most=REPLY_LENGTH[1])
    async with transaction():
        thread = await visible_threads(actor).select_for_update(no_key=True).get_or_none(id=thread_id)
        if thread is None:
            raise NotFound("There is no such thread.")
        if refusal := answer_refusal(actor, thread):
            raise refusal
        assert actor is not None  # noqa: S101  visitors were refused above
        findings.raise_if_any()
        now = clock.now()
        post = await _write(actor, thread.id, PostKind.ANSWER, body, now)
        rules = await points.rules_in_force()
        thread.answer_count += 1
        thread.last_activity_at = now
        thread.hotness = hotness(
            rules,
            asked_at=thread.created_at,
            newest_answer_at=now,
            answers=thread.answer_count,
            score=thread.score,
            views=thread.view_count,
        )
        written = ("answer_count", "last_activity_at", "hotness")
        await thread.save(update_fields=written)
        changes.changed(thread, *written)
        await _pay_for_posting(actor, post, rules)
    return thread, post


async def post_comment(actor: models.User | None, parent_id: int, body: str) -> tuple[models.Post, models.Post]:
    """Comment on a question or an answer; returns both. Raises NotFound, NotPermitted and InvalidInput."""
    findings = Findings()
    body = check_text(findings, "body", body, least=REPLY_LENGTH[0], most=REPLY_LENGTH[1])
    async with transaction():
        parent = await visible_posts(actor).select_for_update(no_key=True).get_or_none(id=parent_id)
        if parent is None:
            raise NotFound("There is no such post.")
        if refusal := comment_refusal(actor, parent):
            raise refusal
        assert actor is not None  # noqa: S101  visitors were refused above
        findings.raise_if_any()
        now = clock.now()
        post = await _write(actor, parent.thread_id, PostKind.COMMENT, body, now, parent)
        parent.comment_count += 1
        parent.version += 1
        await parent.save(update_fields=["comment_count", "version"])
        changes.changed(parent, "comment_count", "version")
        await models.Thread.filter(id=parent.thread_id).update(last_activity_at=now)
        changes.changed_by_key(models.Thread, parent.thread_id, "last_activity_at")
    return parent, post


async def choose_best_answer(actor: models.User | None, thread_id: int, answer_id: int | None) -> models.Thread:
    """Choose the best answer of a thread, or with None take the choice back. The same again changes nothing.

    Raises NotFound and NotPermitted. The asker is paid for choosing, the answerer for being chosen, unless they are
    one and the same (Question2Answer, `aselecteds`).
    """
    async with transaction():
        thread = await visible_threads(actor).get_or_none(id=thread_id)
        if thread is None:
            raise NotFound("There is no such thread.")
        if refusal := choose_best_refusal(actor, thread):
            raise refusal
        # The question's lock keeps two choices apart; posts are locked before threads, and users last, everywhere.
        question = (
            await models.Post.filter(thread_id=thread.id, kind=PostKind.QUESTION).select_for_update(no_key=True).get()
        )
        chosen = None
        if answer_id is not None:
            answers = visible_posts(actor).filter(thread_id=thread.id, kind=PostKind.ANSWER)
            chosen = await answers.get_or_none(id=answer_id)
            if chosen is None:
                raise NotFound("There is no such answer in this thread.")
        former = await models.Post.get_or_none(thread_id=thread.id, is_best=True)
        if former != chosen:
            rules = await points.rules_in_force()
            payments: list[Payment] = []
            # In the order of their ids, as votes lock them.
            answers = models.Post.filter(id__in=[answer.id for answer in (former, chosen) if answer is not None])
            await answers.order_by("id").select_for_update(no_key=True).only("id")
            for answer, sign in ((former, -1), (chosen, 1)):
                if answer is not None:
                    payments += _for_choice(rules, question, answer, sign)
                    await models.Post.filter(id=answer.id).update(
                        is_best=sign > 0, is_best_imported=False, version=F("version") + 1
                    )
                    changes.changed(answer, "is_best", "is_best_imported", "version")
            await points.pay(payments, rules)
    return thread


def _for_choice(rules: models.PointsRules, question: models.Post, answer: models.Post, sign: int) -> list[Payment]:
    """What choosing (sign 1) or no longer choosing (-1) `answer` pays: nothing for what an import brought along."""
    if answer.is_best_imported:
        return []
    payments = [
        Payment(question.author_id, sign * rules.best_answer_chosen, PointsReason.BEST_ANSWER_CHOSEN, question.id)
    ]
    if answer.author_id != question.author_id:
        payments.append(Payment(answer.author_id, sign * rules.chosen_as_best, PointsReason.CHOSEN_AS_BEST, answer.id))
    return payments


async def _write(
    actor: models.User,
    thread_id: int,
    kind: PostKind,
    body: str,
    at: datetime,
    parent: models.Post | None = None,
) -> models.Post:
    rendered = render(body)
    post = await models.Post.create(
        thread_id=thread_id,
        kind=kind,
        parent=parent,
        author=actor,
        body=body,
        body_html=rendered.html,
        body_text=rendered.text,
        state=PostState.VISIBLE,
        created_at=at,
    )
    changes.appeared(post)
    return post


async def _pay_for_posting(actor: models.User, post: models.Post, rules: models.PointsRules) -> None:
    amount, reason = points.for_posting(rules, post.kind)
    await points.pay([Payment(actor.id, amount, reason, post.id)], rules)
