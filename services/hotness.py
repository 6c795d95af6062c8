"""Hotness: how far up a thread belongs on a list of what is talked about.

Question2Answer's formula (`app/db/hotness.php`). It never decays: what is newer starts higher. Weights come with the
points rules; everything is counted in whole seconds, so that adding up changes gives exactly what recomputing gives.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import models
from models import PointsRules, PostKind, PostState
from models.raw import Statement, run

_EPOCH = datetime(2010, 1, 1, tzinfo=UTC)
#: What one answer or one net vote is worth, in seconds of recency; and one view.
ANSWER_SECONDS = VOTE_SECONDS = 160_000
VIEW_SECONDS = 4_000

_QUESTIONS_LOCKED = Statement(
    "SELECT post.id FROM given JOIN post ON post.thread_id = given.id AND post.kind = 'question' "
    "ORDER BY post.id FOR NO KEY UPDATE OF post",
    id="bigint",
)


def hotness(
    rules: PointsRules,
    *,
    asked_at: datetime,
    newest_answer_at: datetime | None,
    answers: int,
    score: int,
    views: int,
) -> float:
    """The hotness of a thread, from its visible answers and its question's score."""
    return float(
        rules.hot_question_age * _seconds(asked_at)
        + rules.hot_answer_age * _seconds(newest_answer_at or asked_at)
        + rules.hot_answers * ANSWER_SECONDS * answers
        + rules.hot_votes * VOTE_SECONDS * score
        + rules.hot_views * VIEW_SECONDS * views
    )


async def reckoned(rules: PointsRules, threads: Sequence[models.Thread]) -> list[float]:
    """The hotness that each of these threads should have, which are neighbours by their ids."""
    if not threads:
        return []
    ids = [thread.id for thread in threads]
    answers = models.Post.filter(
        thread_id__gte=min(ids), thread_id__lte=max(ids), kind=PostKind.ANSWER, state=PostState.VISIBLE
    )
    newest = dict(await answers.order_by("created_at").values_list("thread_id", "created_at"))
    return [
        hotness(
            rules,
            asked_at=thread.created_at,
            newest_answer_at=newest.get(thread.id),
            answers=thread.answer_count,
            score=thread.score,
            views=thread.view_count,
        )
        for thread in threads
    ]


async def lock_threads(ids: Sequence[int]) -> None:
    """Lock many threads at once, after their questions: whoever counts votes writes threads in any order."""
    await run(_QUESTIONS_LOCKED, [(each,) for each in ids])
    await models.Thread.filter(id__in=list(ids)).order_by("id").select_for_update(no_key=True).only("id")


def _seconds(at: datetime) -> int:
    return int((at - _EPOCH).total_seconds() // 1)
