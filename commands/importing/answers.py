"""Answers, and what they change in their threads: counts, activity, hotness and the best answer."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import models
from commands.importing import posts
from commands.importing.attributes import maybe_time
from commands.importing.history import History
from commands.importing.posts import POSTS
from commands.importing.site import POSTS_AT_A_TIME, Advance, Site, ids
from commands.importing.staging import Row
from commands.importing.writing import execute_many, insert
from models import PostKind, PostState
from models.database import transaction
from services.hotness import hotness

_QUESTIONS = """
    JOIN LocalThread AS Thread ON Thread.Id = Posts.ParentId AND Thread.LocalId IS NOT NULL
    LEFT JOIN Posts AS Question ON Question.Id = Posts.ParentId
"""
NEW_ANSWERS = "WHERE Posts.PostTypeId = 2 AND Posts.Id NOT IN (SELECT Id FROM LocalPost)"

_ANSWERS = f"""
    SELECT Thread.LocalId AS ThreadId, Question.AcceptedAnswerId = Posts.Id AS IsAccepted,
    Question.LastActivityDate AS ThreadActivityDate, {POSTS} {_QUESTIONS} {NEW_ANSWERS}
    ORDER BY Posts.ParentId, Posts.Id
"""


async def import_answers(site: Site, advance: Advance) -> None:
    """Bring in the answers that are not here yet, with their revisions. Those without a question are skipped."""
    for rows in site.staging.chunks(_ANSWERS, POSTS_AT_A_TIME):
        async with transaction():
            await _import_chunk(site, rows)
        advance(len(rows))


async def _import_chunk(site: Site, rows: Sequence[Row]) -> None:
    local_ids = await site.numbers.of_posts(ids(rows))
    unseen = models.Thread.filter(id__in=[row["ThreadId"] for row in rows]).exclude(state=PostState.VISIBLE)
    buried: set[Any] = set(await unseen.values_list("id", flat=True))
    answers: list[dict[str, Any]] = []
    revisions: list[dict[str, Any]] = []
    for row in rows:
        history = History.of(site.staging, row["Id"])
        answer = posts.post(
            site, row, history, PostKind.ANSWER, local_id=local_ids[row["Id"]], thread_id=row["ThreadId"]
        )
        answers.append(answer | {"is_buried": row["ThreadId"] in buried})
        revisions += posts.revisions(history, answer["id"], title=None, body=answer["body"], tags=None)
    await _mark_best(site, rows, answers)
    await insert("post", answers)
    await insert("revision", revisions)
    await site.keep("Post", local_ids)
    await _recount(site, rows)
    site.report["revisions"].imported += len(revisions)


async def _mark_best(site: Site, rows: Sequence[Row], answers: Sequence[dict[str, Any]]) -> None:
    """Make accepted answers the best ones, unless somebody has chosen another since an earlier import."""
    accepted = [answer for row, answer in zip(rows, answers, strict=True) if row["IsAccepted"]]
    chosen = models.Post.filter(thread_id__in=[answer["thread_id"] for answer in accepted], is_best=True)
    decided: set[Any] = set(await chosen.values_list("thread_id", flat=True))
    for answer in accepted:
        if answer["thread_id"] not in decided:
            answer["is_best"] = answer["is_best_imported"] = True
            site.report["best answers"].imported += 1


async def _recount(site: Site, rows: Sequence[Row]) -> None:
    """Count new answers in their threads, which have now been active when the dump says so."""
    more = Counter[int](row["ThreadId"] for row in rows)
    active_at = {row["ThreadId"]: maybe_time(row["ThreadActivityDate"]) for row in rows}
    threads = await models.Thread.filter(id__in=list(more)).order_by("id").select_for_update(no_key=True)
    answers = models.Post.filter(thread_id__in=list(more), kind=PostKind.ANSWER, state=PostState.VISIBLE)
    newest: dict[int, datetime] = dict(await answers.order_by("created_at").values_list("thread_id", "created_at"))
    changed = []
    for thread in threads:
        count = thread.answer_count + more[thread.id]
        last_activity_at = max(thread.last_activity_at, active_at[thread.id] or thread.last_activity_at)
        hot = hotness(
            site.rules,
            asked_at=thread.created_at,
            newest_answer_at=newest[thread.id],
            answers=count,
            score=thread.score,
            views=thread.view_count,
        )
        changed.append((thread.id, count, last_activity_at, hot))
    await execute_many(
        "UPDATE post SET child_count = child_count + $2 WHERE thread_id = $1 AND kind = 'question'",
        sorted(more.items()),
    )
    await execute_many(
        "UPDATE thread SET answer_count = $2, last_activity_at = $3, hotness = $4 WHERE id = $1", changed
    )
