"""Hotness: how far up a thread belongs on a list of what is talked about.

Question2Answer's formula (`app/db/hotness.php`). It never decays: what is newer starts higher. Weights come with the
points rules; everything is counted in whole seconds, so that adding up changes gives exactly what recomputing gives.
"""

from datetime import UTC, datetime

from models import PointsRules

_EPOCH = datetime(2010, 1, 1, tzinfo=UTC)
#: What one answer or one net vote is worth, in seconds of recency; and one view.
ANSWER_SECONDS = VOTE_SECONDS = 160_000
VIEW_SECONDS = 4_000


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


def _seconds(at: datetime) -> int:
    return int((at - _EPOCH).total_seconds() // 1)
