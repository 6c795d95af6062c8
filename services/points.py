"""Points: what deeds are worth, and the one writer of the ledger.

A user's points are the sum of their ledger entries, and equal what `services.audit` recomputes from the standing
votes and posts. Amounts are in points.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial

import models
from models import PointsReason, PointsRules, PostKind
from models.database import after_commit, dialect, execute, fetch_rows, in_transaction
from models.raw import Rows, Statement, columns, instance, run, write_together
from services import changes, clock, live
from settings import settings

_POINTS_LOCKED = Statement(
    "SELECT users.id, users.points FROM given JOIN users ON users.id = given.id "
    "ORDER BY users.id FOR NO KEY UPDATE OF users",
    id="bigint",
)
_ENTER = Statement(
    "INSERT INTO points_entry (user_id, amount, total, reason, post_id, rules_id, created_at) "
    "SELECT user_id, amount, total, reason, post_id, rules_id, at FROM given",
    user_id="bigint",
    amount="integer",
    total="integer",
    reason="text",
    post_id="bigint",
    rules_id="integer",
    at="timestamptz",
)
_SET_POINTS = Statement(
    "UPDATE users SET points = given.points FROM given WHERE users.id = given.id", id="bigint", points="integer"
)


#: The amounts in the rules, by name: all but the weights of hotness.
AMOUNTS = tuple(
    name
    for name in PointsRules._meta.fields_db_projection
    if name not in ("version", "settled_up_to", "created_at") and not name.startswith("hot_")
)
#: The caps among them.
CAPS = frozenset(name for name in AMOUNTS if name.endswith(("_max_gain", "_max_loss")))
#: The weights of hotness.
WEIGHTS = tuple(name for name in PointsRules._meta.fields_db_projection if name.startswith("hot_"))

#: The lock of PostgreSQL that stands for the rules: all who pay by them share it. SQLite's one writer needs none.
_RULES_LOCK = 4_718_100
#: Takes even those locks of a row that references to it share, and leaves the row written, though as it was.
_WRITE_RULES = """
    WITH locked AS (SELECT version FROM points_rules WHERE version = $1 FOR UPDATE)
    UPDATE points_rules SET settled_up_to = settled_up_to FROM locked WHERE points_rules.version = locked.version
"""


@dataclass(frozen=True)
class Payment:
    """So many points to (or, below zero, from) a user, for a reason, because of a post.

    A user of None is nobody's account: nothing is paid to a post made without one.
    """

    user_id: int | None
    amount: int
    reason: PointsReason
    post_id: int | None = None
    at: datetime = field(default_factory=clock.now)


async def rules_in_force() -> PointsRules:
    """The newest version of the rules. Inside a transaction they stay in force until its end.

    So whoever counts by them is done before others come into force, and what is reckoned anew then sees it.
    """
    if in_transaction() and dialect() == "postgres":
        await execute(f"SELECT pg_advisory_xact_lock_shared({_RULES_LOCK})")
    return await _newest_rules()


async def rules_to_change() -> PointsRules:
    """The same for whoever puts others in force at the end of the transaction: nobody counts by any meanwhile.

    Whoever counts without locks shares that of their row, and sees that it was written (`services.unlocked_tally`).
    """
    if dialect() == "sqlite":
        return await _newest_rules()
    await execute(f"SELECT pg_advisory_xact_lock({_RULES_LOCK})")
    rules = await _newest_rules()
    await execute(_WRITE_RULES, [rules.version])
    return rules


async def _newest_rules() -> PointsRules:
    [row] = await fetch_rows(f"SELECT {columns(PointsRules)} FROM points_rules ORDER BY version DESC LIMIT 1")
    return instance(PointsRules, row)


async def pay(payments: Sequence[Payment], rules: PointsRules) -> None:
    """Write `payments` into the ledger, and the new totals to their users. Call it inside a transaction.

    Users are locked in the order of their ids, so that two deeds that pay the same people cannot wait for each other.
    """
    if paid := due(payments):
        await write_together(*writes(paid, rules, await locked({user_id for user_id, _ in paid})))


def due(payments: Iterable[Payment]) -> list[tuple[int, Payment]]:
    """Those that are paid to somebody, and are something; each with the user's id."""
    return [(payment.user_id, payment) for payment in payments if payment.amount and payment.user_id is not None]


def writes(
    paid: Sequence[tuple[int, Payment]], rules: PointsRules, points: Mapping[int, int]
) -> list[tuple[Statement, Rows]]:
    """What writes payments that are `due` to users who have so many points now; it is told of after the commit."""
    totals = {user_id: points[user_id] for user_id in sorted({user_id for user_id, _ in paid})}
    entries = []
    for user_id, payment in paid:
        totals[user_id] += payment.amount
        entries.append(
            (
                user_id,
                payment.amount,
                totals[user_id],
                payment.reason,
                payment.post_id,
                rules.version,
                payment.at,
            )
        )
    for user_id in totals:
        after_commit(partial(live.publish, live.user_topic(user_id)))
        changes.changed_by_key(models.User, user_id, "points")
        changes.appeared_with(models.PointsEntry, user_id=user_id)
    return [(_ENTER, entries), (_SET_POINTS, list(totals.items()))]


async def locked(user_ids: Iterable[int]) -> dict[int, int]:
    """The points of these users by their ids, in the order of which they are locked until the transaction ends."""
    return dict(map(tuple, await run(_POINTS_LOCKED, [(user_id,) for user_id in sorted(user_ids)])))


def for_posting(rules: PointsRules, kind: PostKind) -> tuple[int, PointsReason]:
    """What posting a question or an answer is worth, and how the ledger calls it; comments are never scored."""
    if kind is PostKind.QUESTION:
        return rules.question_posted, PointsReason.QUESTION_POSTED
    return rules.answer_posted, PointsReason.ANSWER_POSTED


def for_casting(rules: PointsRules, kind: PostKind) -> int:
    """What a standing vote, up or down, is worth to the voter: comment votes nothing (`app/db/points.php`)."""
    return 0 if kind is PostKind.COMMENT else rules.vote_cast


def for_votes(rules: PointsRules, post: models.Post) -> int:
    """What a post's votes are worth to its author: those that came in here, on top of those it was imported with."""
    imported = votes_worth(rules, post.kind, post.imported_up_votes, post.imported_down_votes)
    return votes_worth(rules, post.kind, post.up_votes, post.down_votes) - imported


def votes_worth(rules: PointsRules, kind: PostKind, up_votes: int, down_votes: int) -> int:
    """What votes on one post are worth: gain and loss are capped apart, then added (`app/db/points.php`)."""
    up = getattr(rules, f"{kind.value}_upvoted") * up_votes
    down = getattr(rules, f"{kind.value}_downvoted") * down_votes
    most_gain = getattr(rules, f"{kind.value}_max_gain")
    most_loss = getattr(rules, f"{kind.value}_max_loss")
    gain = up if most_gain is None else min(up, most_gain)
    loss = down if most_loss is None else max(down, -most_loss)
    return int(gain + loss)


@lru_cache(maxsize=10_000)
def compact(points: int) -> str:
    """Points as a site shows them: 999, 6.7k, 120k, 1.5m; rounded half up, in whole numbers throughout.

    Question2Answer's `qa_format_number`: one decimal below a hundred thousands (or millions), which stays where it
    is zero; negative numbers are never shortened.
    """
    if points < 1000:
        return f"{points:,}"
    unit, sign = (1000, "k") if points < 1_000_000 else (1_000_000, "m")
    if points < 100 * unit:
        tenths = (points + unit // 20) // (unit // 10)
        return f"{tenths // 10:,}.{tenths % 10}{sign}"
    return f"{(points + unit // 2) // unit:,}{sign}"


def title_earned(points: int) -> str | None:
    """The title that so many points have earned: that of the highest threshold reached, if any is set."""
    reached = [threshold for threshold in settings().points_titles if threshold <= points]
    return settings().points_titles[max(reached)] if reached else None
