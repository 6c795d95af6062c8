"""A vote by hand on SQLite: one transaction with all that `services/voting.py` accounts for."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

#: A post's id, score, votes up, votes down and version.
Counts = tuple[int, int, int, int, int]

_POST = """
    SELECT thread_id, kind, author_id, up_votes, down_votes
    FROM post WHERE id = ? AND is_buried = FALSE AND state = 'visible'
"""
_RECORD = """
    INSERT INTO vote (user_id, post_id, value, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
    ON CONFLICT (user_id, post_id) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
"""
_COUNT = """
    UPDATE post SET up_votes = up_votes + ?1, down_votes = down_votes + ?2, score = score + ?1 - ?2,
    version = version + 1 WHERE id = ?3 RETURNING id, score, up_votes, down_votes, version
"""
_AS_IT_IS = "SELECT id, score, up_votes, down_votes, version FROM post WHERE id = ?"
_RULES = """
    SELECT version, hot_votes, vote_cast, {kind}_upvoted, {kind}_downvoted, {kind}_max_gain, {kind}_max_loss
    FROM points_rules ORDER BY version DESC LIMIT 1
"""
_ENTRY = """
    INSERT INTO points_entry (user_id, amount, total, reason, post_id, rules_id, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""
#: What one vote more or less moves a thread's hotness by, for each point of its weight (`services/hotness.py`).
_VOTE_SECONDS = 160_000


def cast_vote(database: sqlite3.Connection, viewer: int, post_id: int, value: int) -> Counts:
    """Set the viewer's vote; the post's counts as they are then."""
    database.execute("BEGIN IMMEDIATE")
    try:
        row = _set(database, viewer, post_id, value)
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
    return row


def _set(database: sqlite3.Connection, viewer: int, post_id: int, value: int) -> Counts:
    now = datetime.now(UTC).isoformat(" ")
    post = database.execute(_POST, (post_id,)).fetchone()
    if post is None or post[2] == viewer:
        raise PermissionError("There is no such post, or it is the voter's own.")
    thread_id, kind, author_id, up, down = post
    vote = database.execute("SELECT value FROM vote WHERE user_id = ? AND post_id = ?", (viewer, post_id)).fetchone()
    before = vote[0] if vote else 0
    more_up, more_down = (value == 1) - (before == 1), (value == -1) - (before == -1)
    if value == before:
        as_it_is: Counts = database.execute(_AS_IT_IS, (post_id,)).fetchone()
        return as_it_is
    database.execute(_RECORD, (viewer, post_id, value, now))
    counted: Counts = database.execute(_COUNT, (more_up, more_down, post_id)).fetchone()
    rules, hot_votes, vote_cast, *worth = database.execute(_RULES.format(kind=kind)).fetchone()
    if kind == "question":
        database.execute(
            "UPDATE thread SET score = ?, hotness = hotness + ? WHERE id = ?",
            (counted[1], float(hot_votes * _VOTE_SECONDS * (more_up - more_down)), thread_id),
        )
    cast = 0 if kind == "comment" else vote_cast * (abs(value) - abs(before))
    received = _worth(worth, up + more_up, down + more_down) - _worth(worth, up, down)
    for user_id, amount, reason in ((viewer, cast, "vote_cast"), (author_id, received, "vote_received")):
        if amount and user_id:
            total = database.execute(
                "UPDATE users SET points = points + ? WHERE id = ? RETURNING points", (amount, user_id)
            ).fetchone()[0]
            database.execute(_ENTRY, (user_id, amount, total, reason, post_id, rules, now))
    return counted


def _worth(rules: list[Any], up: int, down: int) -> int:
    """What votes are worth to a post's author: gain and loss are capped apart."""
    upvoted, downvoted, most_gain, most_loss = rules
    gain = upvoted * up if most_gain is None else min(upvoted * up, most_gain)
    return int(gain + (downvoted * down if most_loss is None else max(downvoted * down, -most_loss)))
