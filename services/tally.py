"""The tally of votes that are counted together: read in three statements, changed in memory, written in three."""

from collections.abc import Sequence

import models
from models import PostKind, VoteValue
from models.database import dialect, execute, fetch_rows
from models.raw import Given, columns, instance
from services import clock, points
from services.hotness import VOTE_SECONDS
from services.points import Payment

_IDS = Given(id="bigint")
_PAIRS = Given(user_id="bigint", post_id="bigint")
_VOTES = Given(user_id="bigint", post_id="bigint", value="smallint")
_COUNTS = Given(id="bigint", up="integer", down="integer", version="integer")
_THREADS = Given(id="bigint", score="integer", heat="double precision")


class Tally:
    """Posts, locked, with the votes of some users on them. Use it inside a transaction."""

    def __init__(
        self, rules: models.PointsRules, posts: dict[int, models.Post], votes: dict[tuple[int, int], VoteValue]
    ) -> None:
        self.rules = rules
        #: The posts that there are, by id.
        self.posts = posts
        #: What is paid for the votes that were set.
        self.payments: list[Payment] = []
        self._votes = votes
        self._set: dict[tuple[int, int], VoteValue] = {}
        self._heat: dict[int, float] = {}
        self._changed: dict[int, models.Post] = {}

    @classmethod
    async def of(cls, pairs: Sequence[tuple[int | None, int]]) -> "Tally":
        """The tally of these users (None: of nobody) and posts.

        Posts are locked in the order of their ids, before their votes are read: two tallies of the same posts come one
        after the other.
        """
        ids = sorted({post_id for _, post_id in pairs})
        lock = "FOR NO KEY UPDATE OF post" if dialect() == "postgres" else ""
        found = await fetch_rows(
            f"SELECT {columns(models.Post, 'post')} FROM {_IDS} JOIN post ON post.id = given.id "
            f"ORDER BY post.id {lock}",
            _IDS.values([(each,) for each in ids]),
        )
        posts = {post.id: post for post in (instance(models.Post, row) for row in found)}
        cast = await fetch_rows(
            f"SELECT vote.user_id, vote.post_id, vote.value FROM {_PAIRS} "
            "JOIN vote ON vote.user_id = given.user_id AND vote.post_id = given.post_id",
            _PAIRS.values([pair for pair in dict.fromkeys(pairs) if pair[0] is not None]),
        )
        votes = {(user_id, post_id): VoteValue(value) for user_id, post_id, value in cast}
        return cls(await points.rules_in_force(), posts, votes)

    @property
    def has_changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._set)

    @property
    def changed_posts(self) -> list[models.Post]:
        """The posts whose counts are others now."""
        return list(self._changed.values())

    def vote(self, user_id: int, post_id: int) -> VoteValue:
        """The user's vote on a post, as it stands."""
        return self._votes.get((user_id, post_id), VoteValue.NONE)

    def set_vote(self, user_id: int, post: models.Post, value: VoteValue) -> None:
        """Set a vote, and count it in the post and its thread."""
        before = self.vote(user_id, post.id)
        up = (value is VoteValue.UP) - (before is VoteValue.UP)
        down = (value is VoteValue.DOWN) - (before is VoteValue.DOWN)
        post.up_votes += up
        post.down_votes += down
        post.score += up - down
        post.version += 1
        self._votes[user_id, post.id] = self._set[user_id, post.id] = value
        self._changed[post.id] = post
        if post.kind is PostKind.QUESTION:
            heat = float(self.rules.hot_votes * VOTE_SECONDS * (up - down))
            self._heat[post.id] = self._heat.get(post.id, 0.0) + heat

    def post_for(self, user: models.User | None, post_id: int) -> models.Post:
        """The post as it is now, for one of the users: with their vote in `actors_vote`."""
        post = models.Post.__new__(models.Post)
        vars(post).update(vars(self.posts[post_id]))
        post.actors_vote = self.vote(user.id, post_id) if user else None
        return post

    async def write(self) -> None:
        """Write what was set: votes, then the posts' counts, then those of the threads, in the order of their locks."""
        now = _VOTES.next("timestamptz")
        await execute(
            "INSERT INTO vote (user_id, post_id, value, created_at, updated_at) "
            f"SELECT user_id, post_id, value, {now}, {now} FROM {_VOTES} WHERE TRUE "
            "ON CONFLICT (user_id, post_id) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
            [*_VOTES.values([(*pair, int(value)) for pair, value in self._set.items()]), clock.now()],
        )
        posts = sorted(self._changed.values(), key=lambda post: post.id)
        await execute(
            "UPDATE post SET up_votes = given.up, down_votes = given.down, score = given.up - given.down, "
            f"version = given.version FROM {_COUNTS} WHERE post.id = given.id",
            _COUNTS.values([(post.id, post.up_votes, post.down_votes, post.version) for post in posts]),
        )
        if self._heat:
            await execute(
                f"UPDATE thread SET score = given.score, hotness = hotness + given.heat FROM {_THREADS} "
                "WHERE thread.id = given.id",
                _THREADS.values(
                    [(post.thread_id, post.score, self._heat[post.id]) for post in posts if post.id in self._heat]
                ),
            )
