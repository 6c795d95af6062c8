"""The tally of votes that are counted together: read in three statements, changed in memory, written in three."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache, partial

import models
from models import PointsReason, PostKind, VoteValue
from models.database import after_commit
from models.raw import Rows, Statement, columns, instance, run_together, write_together
from services import changes, live, points
from services.hotness import VOTE_SECONDS
from services.points import Payment

VOTES_CAST = Statement(
    "SELECT vote.user_id, vote.post_id, vote.value FROM given "
    "JOIN vote ON vote.user_id = given.user_id AND vote.post_id = given.post_id",
    user_id="bigint",
    post_id="bigint",
)
_SET_VOTES = Statement(
    "INSERT INTO vote (user_id, post_id, value, created_at, updated_at, set_aside, set_aside_by_id) "
    "SELECT user_id, post_id, value, at, at, set_aside, set_aside_by_id FROM given WHERE TRUE "
    "ON CONFLICT (user_id, post_id) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at, "
    "set_aside = excluded.set_aside, set_aside_by_id = excluded.set_aside_by_id",
    user_id="bigint",
    post_id="bigint",
    value="smallint",
    at="timestamptz",
    set_aside="smallint",
    set_aside_by_id="bigint",
)
_COUNT_IN_POSTS = Statement(
    "UPDATE post SET up_votes = given.up, down_votes = given.down, score = given.up - given.down, "
    "version = given.version FROM given WHERE post.id = given.id",
    id="bigint",
    up="integer",
    down="integer",
    version="integer",
)
# In any order: with the lock of its question nobody else's tally writes a thread, and whoever else does writes one.
_COUNT_IN_THREADS = Statement(
    "UPDATE thread SET score = given.score, hotness = hotness + given.heat FROM given WHERE thread.id = given.id",
    id="bigint",
    score="integer",
    heat="double precision",
)

#: Whose votes (None: nobody's) on which posts, by their ids.
Pairs = Sequence[tuple[int | None, int]]


@cache
def _posts_locked() -> Statement:
    """Posts by id, locked in that order."""
    return Statement(
        f"SELECT {columns(models.Post, 'post')} FROM given JOIN post ON post.id = given.id "
        "ORDER BY post.id FOR NO KEY UPDATE OF post",
        id="bigint",
    )


class Tally:
    """Posts, locked, with the votes of some users on them. Use it inside a transaction."""

    def __init__(self, rules: models.PointsRules, posts: Rows, votes: Rows) -> None:
        self.rules = rules
        #: The posts that there are, by id.
        self.posts = {post.id: post for post in (instance(models.Post, row) for row in posts)}
        #: What is paid for the votes that were set.
        self.payments: list[Payment] = []
        self._votes = {(user_id, post_id): VoteValue(value) for user_id, post_id, value in votes}
        self._set: dict[tuple[int, int], tuple[VoteValue, datetime, VoteValue | None, int | None]] = {}
        self._heat: dict[int, float] = {}
        self._changed: dict[int, models.Post] = {}

    @classmethod
    async def of(cls, pairs: Pairs) -> "Tally":
        """The tally of these users and posts.

        Posts are locked before their votes are read: two tallies of the same posts come one after the other.
        """
        ids = sorted({post_id for _, post_id in pairs})
        of_users = [pair for pair in dict.fromkeys(pairs) if pair[0] is not None]
        found, cast = await run_together((_posts_locked(), [(each,) for each in ids]), (VOTES_CAST, of_users))
        return cls(await points.rules_in_force(), found, cast)

    @property
    def has_changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._set)

    def vote(self, user_id: int, post_id: int) -> VoteValue:
        """The user's vote on a post, as it stands."""
        return self._votes.get((user_id, post_id), VoteValue.NONE)

    def set_vote(
        self,
        user_id: int,
        post: models.Post,
        value: VoteValue,
        at: datetime,
        *,
        paid_at: datetime | None = None,
        set_aside_by: int | None = None,
    ) -> None:
        """Set a vote, count it in the post and its thread, and note what it pays: the difference that it makes.

        With `set_aside_by`, an entry of the log, it remembers what it was before.
        """
        before, worth_before = self.vote(user_id, post.id), points.for_votes(self.rules, post)
        up = (value is VoteValue.UP) - (before is VoteValue.UP)
        down = (value is VoteValue.DOWN) - (before is VoteValue.DOWN)
        post.up_votes += up
        post.down_votes += down
        post.score += up - down
        post.version += 1
        self._votes[user_id, post.id] = value
        self._set[user_id, post.id] = value, at, None if set_aside_by is None else before, set_aside_by
        self._changed[post.id] = post
        if post.kind is PostKind.QUESTION:
            heat = float(self.rules.hot_votes * VOTE_SECONDS * (up - down))
            self._heat[post.id] = self._heat.get(post.id, 0.0) + heat
        cast = points.for_casting(self.rules, post.kind) * (abs(value) - abs(before))
        received = points.for_votes(self.rules, post) - worth_before
        self.payments += [
            Payment(user_id, cast, PointsReason.VOTE_CAST, post.id, paid_at or at),
            Payment(post.author_id, received, PointsReason.VOTE_RECEIVED, post.id, paid_at or at),
        ]

    def post_for(self, user: models.User | None, post_id: int) -> models.Post:
        """The post as it is now, for one of the users: with their vote in `actors_vote`."""
        post = models.Post.__new__(models.Post)
        vars(post).update(vars(self.posts[post_id]))
        post.actors_vote = self.vote(user.id, post_id) if user else None
        return post

    async def write(self) -> None:
        """Write what was set: the votes, and the counts of their posts and threads; and tell of it after the commit."""
        await write_together(*self._writes())

    async def write_and_pay(self) -> None:
        """The same, and pay for it."""
        await self.write()
        await points.pay(self.payments, self.rules)

    def _writes(self) -> list[tuple[Statement, Rows]]:
        """What writes what was set; it is told of after the commit."""
        posts = sorted(self._changed.values(), key=lambda post: post.id)
        for post in posts:
            after_commit(partial(live.publish, live.post_topic(post.id)))
            changes.changed(post, "up_votes", "down_votes", "score", "version")
            if post.kind is PostKind.QUESTION:
                changes.changed_by_key(models.Thread, post.thread_id, "score", "hotness")
        return [
            (_SET_VOTES, [(*pair, *vote) for pair, vote in self._set.items()]),
            (_COUNT_IN_POSTS, [(post.id, post.up_votes, post.down_votes, post.version) for post in posts]),
            (
                _COUNT_IN_THREADS,
                [(post.thread_id, post.score, self._heat[post.id]) for post in posts if post.id in self._heat],
            ),
        ]
