"""The tally of votes without locks, on PostgreSQL: read in one statement, written in one (`models.optimistic`).

What is counted rests on the rules, on the posts and on the points of all who may be paid; none of it may have been
written between the two. Nobody changes a vote without its post, which the post's lock stands for.
"""

from collections.abc import Iterable
from functools import cache

import models
from models import optimistic
from models.optimistic import Held, Unwritten
from models.raw import Rows, Statement, columns, instance
from services import points
from services.tally import VOTES_CAST, Pairs, Tally

_RULES = Statement(
    f"SELECT version, xmin AS written_by, {columns(models.PointsRules)} FROM points_rules ORDER BY version DESC LIMIT 1"
)
#: Whoever may be paid for votes of these users on these posts.
_PAYEES = Statement(
    "SELECT users.id, users.xmin AS written_by, users.points FROM users WHERE users.id IN "
    "(SELECT user_id FROM given UNION SELECT author_id FROM given JOIN post ON post.id = given.post_id)",
    user_id="bigint",
    post_id="bigint",
)
_SAME_POSTS = Unwritten("post")
# They may change meanwhile: a vote adds to their hotness, and nobody votes who does not hold their question.
_THREADS = Held("thread")
# Shared with all who pay by them; who changes them has it alone (`points.rules_to_change`).
_SAME_RULES = Unwritten("points_rules", "version", lock="KEY SHARE")
_SAME_PAYEES = Unwritten("users")


@cache
def _posts() -> Statement:
    return Statement(
        f"SELECT post.id, post.xmin AS written_by, {columns(models.Post, 'post')} "
        "FROM given JOIN post ON post.id = given.id",
        id="bigint",
    )


class UnlockedTally(Tally):
    """Posts as they were seen, with the votes of some users on them. Use it inside `autocommit`."""

    _written_by: dict[Unwritten, dict[int, int]]
    _points: dict[int, int]

    @classmethod
    async def of(cls, pairs: Pairs) -> "UnlockedTally":
        """The tally of these users and posts, without any lock."""
        pairs = list(dict.fromkeys(pairs))
        ids = [(post_id,) for post_id in sorted({post_id for _, post_id in pairs})]
        rules, posts, votes, payees = await optimistic.read(
            (_RULES, ()), (_posts(), ids), (VOTES_CAST, pairs), (_PAYEES, pairs)
        )
        tally = cls(instance(models.PointsRules, rules[0][2:]), [row[2:] for row in posts], votes)
        tally._points = {row[0]: row[2] for row in payees}
        tally._written_by = {
            same: {row[0]: row[1] for row in rows}
            for same, rows in ((_SAME_RULES, rules), (_SAME_POSTS, posts), (_SAME_PAYEES, payees))
        }
        return tally

    async def write_and_pay(self) -> None:
        """Write what was set, and pay for it, if nobody has written since what it rests on. Raises Outdated."""
        votes, posts, threads = self._writes()
        paid = points.due(self.payments)
        statements = [votes, posts, threads, *(points.writes(paid, self.rules, self._points) if paid else ())]
        # In the order in which every deed takes its locks.
        held = [
            self._unwritten(_SAME_POSTS, self._changed),
            (_THREADS, [(row[0],) for row in threads[1]]),
            self._unwritten(_SAME_RULES, [self.rules.version]),
            self._unwritten(_SAME_PAYEES, {user_id for user_id, _ in paid}),
        ]
        await optimistic.write(held, *statements)

    def _unwritten(self, same: Unwritten, keys: Iterable[int]) -> tuple[Held, Rows]:
        written_by = self._written_by[same]
        return same, [(key, written_by[key]) for key in keys]
