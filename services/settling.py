"""Settling: what follows from the rows of a thread, put right after a deed that changed some of them.

A deed of the staff may change the state, the kind, the author or the place of posts. What follows (who is buried, the
counts of posts, threads, categories and tags, hotness, everybody's points) is reckoned before and after, and the
difference is written. So each such deed says only what it changes:

    async with transaction(), settled(thread.id):
        await models.Post.filter(id=post.id).update(state=PostState.HIDDEN)

It reads whole threads. Voting, asking, answering and commenting are done too often for that, and count for themselves.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from tortoise.functions import Count

import models
from models import PointsReason, PostKind, PostState, VoteValue
from models.database import after_commit
from services import changes, classification, live, points
from services.hotness import hotness
from services.points import Payment

#: Who is paid, for what, because of which post.
_Due = Counter[tuple[int, PointsReason, int]]


@asynccontextmanager
async def settled(*thread_ids: int) -> AsyncIterator[None]:
    """Put right, after the block, all that follows from the rows of these threads. Use it inside a transaction.

    Their posts and then they themselves are locked, in the order of their ids. The block writes rows of posts,
    threads, links of tags, and votes, and leaves to this whatever is counted or paid for them.
    """
    ids = sorted(set(thread_ids))
    await models.Post.filter(thread_id__in=ids).order_by("id").select_for_update(no_key=True).only("id")
    await models.Thread.filter(id__in=ids).order_by("id").select_for_update(no_key=True).only("id")
    rules = await points.rules_in_force()
    before = await _Books.of(ids, rules)
    yield
    after = await _Books.of(ids, rules)
    await after.write_posts()
    await after.write_threads(rules)
    after.categories.subtract(before.categories)
    after.tags.subtract(before.tags)
    await classification.count(after.categories, after.tags)
    await points.pay(list(after.payments_since(before)), rules)


@dataclass
class _Books:
    """Some threads as they stand: their rows, and what follows from those."""

    threads: Sequence[models.Thread]
    posts: dict[int, models.Post]
    duplicates: dict[int, int]
    due: _Due = field(default_factory=Counter)
    #: The categories and the tags by id, for each visible thread that counts in them.
    categories: Counter[int] = field(default_factory=Counter)
    tags: Counter[int] = field(default_factory=Counter)

    @classmethod
    async def of(cls, ids: Sequence[int], rules: models.PointsRules) -> "_Books":
        threads = await models.Thread.filter(id__in=ids).order_by("id")
        posts = {post.id: post for post in await models.Post.filter(thread_id__in=ids).order_by("id")}
        grouped = models.Thread.filter(duplicate_of_id__in=ids).annotate(amount=Count("id")).group_by("duplicate_of_id")
        books = cls(threads, posts, dict(await grouped.values_list("duplicate_of_id", "amount")))
        # As visible as their questions: their own rows follow, and may not do so yet.
        visible = [thread for thread in threads if books.question(thread.id).state is PostState.VISIBLE]
        for thread in visible:
            books.categories.update(await classification.ids_down_to(thread.category_id))
        links = models.ThreadTag.filter(thread_id__in=[thread.id for thread in visible])
        books.tags.update(await links.values_list("tag_id", flat=True))  # type: ignore[arg-type]
        votes = models.Vote.filter(post__thread_id__in=ids).exclude(value=VoteValue.NONE)
        books.due = _due(rules, books.posts.values(), await votes.values_list("user_id", "post_id"))
        return books

    def question(self, thread_id: int) -> models.Post:
        """The question of a thread."""
        [found] = (p for p in self.posts.values() if p.thread_id == thread_id and p.kind is PostKind.QUESTION)
        return found

    async def write_posts(self) -> None:
        """Bury what stands under something that is not visible, and count what stands under each."""
        questions = {post.thread_id: post for post in self.posts.values() if post.kind is PostKind.QUESTION}
        shown, children = Counter[int](), Counter[int]()
        for post in self.posts.values():
            if post.kind is PostKind.COMMENT and post.state is PostState.VISIBLE:
                shown[post.parent_id or 0] += 1
            if post.kind is not PostKind.QUESTION:
                children[post.parent_id or questions[post.thread_id].id] += 1
        for post in self.posts.values():
            above = [questions[post.thread_id]] if post.kind is not PostKind.QUESTION else []
            if post.parent_id is not None:
                above.append(self.posts[post.parent_id])
            right: dict[str, Any] = {
                "is_buried": any(each.state is not PostState.VISIBLE for each in above),
                "comment_count": shown[post.id],
                "child_count": children[post.id],
            }
            await _write(post, right, version=post.version + 1)

    async def write_threads(self, rules: models.PointsRules) -> None:
        """Have each thread be as its question is, with its answers counted."""
        answers: dict[int, list[datetime]] = defaultdict(list)
        for post in self.posts.values():
            if post.kind is PostKind.ANSWER and post.state is PostState.VISIBLE:
                answers[post.thread_id].append(post.created_at)
        for thread in self.threads:
            question, given = self.question(thread.id), answers[thread.id]
            right = {name: getattr(question, name) for name in ("score", "state", "author_id", "writer_key")}
            right |= {"answer_count": len(given), "duplicate_count": self.duplicates.get(thread.id, 0)}
            right["hotness"] = hotness(
                rules,
                asked_at=thread.created_at,
                newest_answer_at=max(given, default=None),
                answers=len(given),
                score=question.score,
                views=thread.view_count,
            )
            await _write(thread, right)

    def payments_since(self, before: "_Books") -> Iterable[Payment]:
        """What is owed now and was not before, and the other way round, in an order that repeats itself."""
        for user_id, reason, post_id in sorted({*self.due, *before.due}):
            key = user_id, reason, post_id
            cause = post_id if post_id in self.posts else None  # it may be gone
            yield Payment(user_id, self.due[key] - before.due[key], reason, cause)


async def _write(row: models.Post | models.Thread, right: dict[str, Any], **on_change: Any) -> None:
    """Write of a row what is not as it should be, and `on_change` with it."""
    wrong = {name: value for name, value in right.items() if getattr(row, name) != value}
    if not wrong:
        return
    written = wrong | on_change
    await type(row).filter(id=row.id).update(**written)
    changes.changed(row, *written)
    if isinstance(row, models.Post):
        after_commit(partial(live.publish, live.post_topic(row.id)))
    for name, value in written.items():
        setattr(row, name, value)


def _due(rules: models.PointsRules, posts: Iterable[models.Post], votes: Iterable[Any]) -> _Due:
    """What these posts, and the votes that stand on them, are worth to whom (see `services.invariants`)."""
    due: _Due = Counter()
    of = {post.id: post for post in posts}
    questions = {post.thread_id: post for post in of.values() if post.kind is PostKind.QUESTION}

    def owe(user_id: int | None, reason: PointsReason, post: models.Post, amount: int) -> None:
        if user_id is not None and amount:
            due[user_id, reason, post.id] += amount

    for post in of.values():
        question, is_shown = questions[post.thread_id], post.state is PostState.VISIBLE
        if is_shown and post.kind is not PostKind.COMMENT and not post.is_imported:
            amount, reason = points.for_posting(rules, post.kind)
            owe(post.author_id, reason, post, amount)
        if post.is_best and not post.is_best_imported:
            if question.state is PostState.VISIBLE:
                owe(question.author_id, PointsReason.BEST_ANSWER_CHOSEN, question, rules.best_answer_chosen)
            if is_shown and (question.author_id is None or question.author_id != post.author_id):
                owe(post.author_id, PointsReason.CHOSEN_AS_BEST, post, rules.chosen_as_best)
        owe(post.author_id, PointsReason.VOTE_RECEIVED, post, points.for_votes(rules, post))
    for user_id, post_id in votes:
        post = of[post_id]
        owe(user_id, PointsReason.VOTE_CAST, post, points.for_casting(rules, post.kind))
    return due
