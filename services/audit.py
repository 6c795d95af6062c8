"""The audit: whether the data is as it must be, and putting right what follows from the rest."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import models
from models.database import execute, fetch, transaction
from services import invariants, points
from services.hotness import reckoned

#: Threads whose hotness is reckoned at a time.
_BATCH = 1_000

# What follows from other rows, and how: each statement sets it where it is wrong.
_REPAIRS = (
    (
        "votes of posts",
        f"""UPDATE post SET
            up_votes = imported_up_votes + right_one.up,
            down_votes = imported_down_votes + right_one.down,
            score = imported_up_votes + right_one.up - imported_down_votes - right_one.down,
            version = version + 1
        FROM (
            SELECT post.id, COALESCE(standing.up, 0) AS up, COALESCE(standing.down, 0) AS down
            FROM post LEFT JOIN ({invariants.STANDING_VOTES}) AS standing ON standing.post_id = post.id
        ) AS right_one
        WHERE right_one.id = post.id
        AND (up_votes <> imported_up_votes + right_one.up OR down_votes <> imported_down_votes + right_one.down
            OR score <> up_votes - down_votes)""",
    ),
    ("comment counts", invariants.counted_right("post", "comment_count", invariants.VISIBLE_COMMENTS)),
    ("flag counts", invariants.counted_right("post", "flag_count", invariants.STANDING_FLAGS)),
    ("child counts", invariants.counted_right("post", "child_count", invariants.CHILDREN)),
    (
        "posts that are buried",
        f"UPDATE post SET is_buried = NOT is_buried, version = version + 1 WHERE is_buried <> {invariants.BURIED}",
    ),
    (
        "threads' scores, states and authors",
        """UPDATE thread SET score = post.score, state = post.state, author_id = post.author_id,
            writer_key = post.writer_key
        FROM post WHERE post.thread_id = thread.id AND post.kind = 'question' AND (
            thread.score <> post.score OR thread.state <> post.state
            OR COALESCE(thread.author_id, 0) <> COALESCE(post.author_id, 0)
            OR COALESCE(thread.writer_key, '') <> COALESCE(post.writer_key, '')
        )""",
    ),
    ("duplicate counts", invariants.counted_right("thread", "duplicate_count", invariants.DUPLICATES)),
    ("answer counts", invariants.counted_right("thread", "answer_count", invariants.VISIBLE_ANSWERS)),
    ("thread counts of categories", invariants.counted_right("category", "thread_count", invariants.CATEGORISED)),
    ("thread counts of tags", invariants.counted_right("tag", "thread_count", invariants.TAGGED)),
    ("points of users", invariants.counted_right("users", "points", invariants.EARNED)),
)


@dataclass(frozen=True)
class Finding:
    """How an invariant stands: of `checked` rows, these first `offenders` break it, as (id, found, expected)."""

    name: str
    checked: int
    offenders: Sequence[tuple[Any, Any, Any]]


async def check() -> AsyncIterator[Finding]:
    """Every invariant in turn, with what was found."""
    for invariant in (*invariants.INVARIANTS, *invariants.references()):
        [row] = await fetch(f'SELECT COUNT(*) AS checked FROM "{invariant.table}"')
        found = await fetch(
            f"SELECT * FROM ({invariant.offenders}) AS wrong ORDER BY id LIMIT {invariants.MOST_OFFENDERS}"
        )
        yield Finding(invariant.name, row["checked"], [(each["id"], each["found"], each["expected"]) for each in found])
    checked = 0
    wrong: list[tuple[Any, Any, Any]] = []
    async for thread, expected in _with_hotness():
        checked += 1
        if thread.hotness != expected and len(wrong) < invariants.MOST_OFFENDERS:
            wrong.append((thread.id, thread.hotness, expected))
    yield Finding("hotness = reckoned from the thread", checked, wrong)


async def recount() -> AsyncIterator[tuple[str, int]]:
    """Put right, in one transaction, what follows from other rows: each thing's name, and how many were wrong."""
    async with transaction():
        for name, statement in _REPAIRS:
            yield name, await execute(statement)
        wrong = [(thread.id, expected) async for thread, expected in _with_hotness() if thread.hotness != expected]
        for thread_id, expected in wrong:
            await models.Thread.filter(id=thread_id).update(hotness=expected)
        yield "hotness of threads", len(wrong)


async def _with_hotness() -> AsyncIterator[tuple[models.Thread, float]]:
    """Each thread, and the hotness that it should have."""
    rules = await points.rules_in_force()
    if rules.settled_up_to == 0:
        return  # new rules are under way, and may have come to some threads only (`services.reckoning`)
    last = 0
    while threads := await models.Thread.filter(id__gt=last).order_by("id").limit(_BATCH):
        last = threads[-1].id
        for thread, expected in zip(threads, await reckoned(rules, threads), strict=True):
            yield thread, expected
