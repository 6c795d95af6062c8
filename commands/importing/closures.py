"""Closed questions: when, why and by whom, from what the dump tells of it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commands.importing.attributes import NO_TIME, identity, maybe_time
from commands.importing.history import CLOSED, History
from commands.importing.staging import Row, Staging
from models import ClosureReason

# Close reasons by their ids, with a sentence where ours says less. The ids are those of CloseReasonTypes at
# data.stackexchange.com; below 100 are those of before 2013.
_REASONS: dict[int, tuple[ClosureReason, str | None]] = {
    1: (ClosureReason.DUPLICATE, None),
    2: (ClosureReason.OFF_TOPIC, None),
    3: (ClosureReason.UNCLEAR, "Closed as not constructive."),
    4: (ClosureReason.UNCLEAR, "Closed as not a real question."),
    7: (ClosureReason.OTHER, "Closed as too localized."),
    10: (ClosureReason.OTHER, "Closed as general reference."),
    20: (ClosureReason.OTHER, "Closed as noise or pointless."),
    101: (ClosureReason.DUPLICATE, None),
    102: (ClosureReason.OFF_TOPIC, None),
    103: (ClosureReason.UNCLEAR, None),
    104: (ClosureReason.OTHER, "Closed as too broad: it needs more focus."),
    105: (ClosureReason.OTHER, "Closed as primarily opinion-based."),
}
_UNKNOWN = (ClosureReason.OTHER, None)


@dataclass(frozen=True)
class Closure:
    """That a question takes no more answers."""

    closed_at: datetime
    reason: ClosureReason
    note: str | None
    closed_by_id: int | None
    #: The questions that it is a duplicate of, by their Ids in the dump, the likeliest first.
    original_ids: list[int]


def closure(question: Row, history: History, staging: Staging) -> Closure | None:
    """Why a question of the dump is closed; None if it is open.

    It is closed where it has a ClosedDate, or where the last that happened to it of the two is a closing.
    """
    last = history.closings[-1] if history.closings else None
    is_closed = last is not None and last["PostHistoryTypeId"] == CLOSED
    closed_at = maybe_time(question["ClosedDate"], last["CreationDate"] if last and is_closed else None)
    if closed_at is None and not is_closed:
        return None
    linked = [
        row["RelatedPostId"]
        for row in staging.rows(
            "SELECT RelatedPostId FROM PostLinks WHERE PostId = ? AND LinkTypeId = 3 ORDER BY Id", question["Id"]
        )
    ]
    event = next((row for row in reversed(history.closings) if row["PostHistoryTypeId"] == CLOSED), None)
    if event is None:
        reason = ClosureReason.DUPLICATE if linked else ClosureReason.OTHER
        return Closure(closed_at or NO_TIME, reason, None, None, linked)
    details = _details(event["Text"])
    reason, note = _REASONS.get(_whole(event["Comment"]), _UNKNOWN)
    return Closure(
        closed_at or NO_TIME,
        reason,
        note,
        closed_by_id=event["EditorId"] or _last_voter(details, staging),
        original_ids=linked
        + [found for each in _list(details, "OriginalQuestionIds") if (found := identity(str(each)))],
    )


def _details(text: str | None) -> dict[str, Any]:
    """The JSON of a closing: `OriginalQuestionIds` and `Voters`; empty where it is none."""
    try:
        details = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return details if isinstance(details, dict) else {}


def _list(details: dict[str, Any], name: str) -> list[Any]:
    found = details.get(name)
    return found if isinstance(found, list) else []


def _last_voter(details: dict[str, Any], staging: Staging) -> int | None:
    voters = [voter["Id"] for voter in _list(details, "Voters") if isinstance(voter, dict) and "Id" in voter]
    return staging.local("User", identity(str(voters[-1]))) if voters else None


def _whole(text: str | None) -> int:
    return int(text) if text and text.strip().isdecimal() else 0
