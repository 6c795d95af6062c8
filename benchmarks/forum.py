"""The forum that is measured on, as rows: the same from the same seed, for SQLite and PostgreSQL alike."""

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import models
from models import PostKind
from services import points
from services.hotness import hotness
from services.markdown import render

Row = tuple[Any, ...]

#: Who may be signed in: the first so many users have a session each.
VIEWERS = 1_000
#: Those of them who look at pages; they have voted on every third post of the pages that are measured.
READERS = 20
START = datetime(2020, 1, 1, tzinfo=UTC)
FOREVER = datetime(2099, 1, 1, tzinfo=UTC)
CATEGORIES, TAGS = 12, 500
THREAD = (
    *("id", "title", "slug", "state", "category_id", "author_id", "score", "answer_count", "view_count", "hotness"),
    *("created_at", "last_activity_at"),
)
POST = (
    *("id", "thread_id", "author_id", "kind", "parent_id", "body", "body_html", "body_text", "state"),
    *("score", "up_votes", "down_votes", "comment_count", "child_count"),
    *("is_best", "is_best_imported", "is_imported", "created_at"),
)
_COMMENTS = 5
_THREADS_AT_A_TIME = 2_000
_TEXT = (
    "how does one keep a bicycle chain clean when it rains all week and the garage has no heating whatsoever since "
    "nobody thought about water running under that door while we were away looking for better tools"
)
_WORDS = _TEXT.split()


@dataclass(frozen=True)
class Shape:
    """How large a forum is. The first threads are the pages that are measured: `pages` says how many have how many
    answers, each answer and the question with five comments. The others have up to five answers."""

    users: int
    threads: int
    pages: tuple[tuple[int, int], ...] = ((1, 10), (10, 50), (100, 10))

    def numbers(self, answers: int) -> range:
        """The numbers of the measured threads with so many answers."""
        first = 1
        for amount, threads in self.pages:
            if amount == answers:
                return range(first, first + threads)
            first += threads
        return range(0)


@dataclass(frozen=True)
class Table:
    """Rows to load into a table."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Row]


def token(user_id: int) -> str:
    """The session token of one of the first users."""
    return f"bench-{user_id}"


class Forum:
    """The rows of a forum of some shape. `tables()` gives them, in an order that references allow."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._chance = random.Random(1)  # noqa: S311  a figure of chance, not a secret
        self._rules = models.PointsRules(version=1)
        self._answers = [render(self._text(70)) for _ in range(50)]
        self._comments = [render(self._text(14)) for _ in range(50)]
        self._last_post = 0
        self._cast: dict[int, int] = defaultdict(int)
        self._received: dict[int, int] = defaultdict(int)
        self._worth = cache(self._worth_of)
        self._pages = [answers for answers, threads in shape.pages for _ in range(threads)]

    def tables(self) -> Iterator[Table]:
        """All rows, some thousand at a time. Totals (points, counts of tags and categories) are left at zero."""
        users = range(1, self.shape.users + 1)
        columns = ("id", "name", "name_folded", "name_key", "is_imported", "created_at")
        yield Table("users", columns, [(n, f"member{n}", f"member{n}", f"member{n}", True, START) for n in users])
        signed_in = range(1, min(VIEWERS, self.shape.users) + 1)
        yield Table(
            "session",
            ("id", "token_hash", "user_id", "created_at", "expires_at"),
            [(n, hashlib.sha256(token(n).encode()).hexdigest(), n, START, FOREVER) for n in signed_in],
        )
        yield Table(
            "category",
            ("id", "name", "slug", "path", "depth"),
            [(n, f"Category {n}", f"category-{n}", f"category-{n}", 1) for n in range(1, CATEGORIES + 1)],
        )
        yield Table("tag", ("id", "name"), [(n, f"tag{n}") for n in range(1, TAGS + 1)])
        for first in range(1, self.shape.threads + 1, _THREADS_AT_A_TIME):
            yield from self._threads(range(first, min(first + _THREADS_AT_A_TIME, self.shape.threads + 1)))
        yield self._ledger()

    def _threads(self, numbers: range) -> Iterator[Table]:
        threads, links, posts, votes = [list[Row]() for _ in range(4)]
        for number in numbers:
            is_page = number <= len(self._pages)
            answers = self._pages[number - 1] if is_page else self._chance.randrange(6)
            at = START + timedelta(minutes=7 * number)
            newest = at + timedelta(minutes=answers)
            views = self._chance.randrange(5_000)
            best = self._chance.randrange(1, 2 * answers + 1) if answers else None
            question = len(posts)
            for place in range(answers + 1):
                below = 0 if place else answers
                self._with_comments(number, place, place == best, at + timedelta(minutes=place), posts, votes, below)
            author_id, score = posts[question][POST.index("author_id")], posts[question][POST.index("score")]
            heat = hotness(self._rules, asked_at=at, newest_answer_at=newest, answers=answers, score=score, views=views)
            title = f"{number}: {self._text(9).rstrip('.')}?"
            category_id = 1 + number % CATEGORIES
            threads.append(
                (
                    number,
                    title,
                    f"q{number}",
                    "visible",
                    category_id,
                    author_id,
                    score,
                    answers,
                    views,
                    heat,
                    at,
                    newest,
                )
            )
            for place, tag in enumerate(self._chance.sample(range(1, TAGS + 1), 3)):
                links.append((number, tag, place))
        yield Table("thread", THREAD, threads)
        yield Table("thread_tag", ("thread_id", "tag_id", "position"), links)
        yield Table("post", POST, posts)
        yield Table("vote", ("user_id", "post_id", "value", "created_at", "updated_at"), votes)

    def _with_comments(
        self, number: int, place: int, is_best: bool, at: datetime, posts: list[Row], votes: list[Row], answers: int
    ) -> None:
        """Add a thread's question (place 0), to which there will be so many answers, or an answer; with comments."""
        is_page = number <= len(self._pages)
        comments = _COMMENTS if is_page else self._chance.randrange(4)
        parent_id = self._last_post + 1
        kind = PostKind.ANSWER if place else PostKind.QUESTION
        for index in range(comments + 1):
            self._last_post += 1
            if index:
                kind, is_best = PostKind.COMMENT, False
            author_id = self._chance.randint(1, self.shape.users)
            up, down = self._votes(self._last_post, kind, author_id, is_page, votes)
            body = self._chance.choice(self._comments if index else self._answers)
            place_in_graph = (self._last_post, number, author_id, kind.value, parent_id if index else None)
            texts = (body.text, body.html, body.text, "visible")
            below = (0, 0) if index else (comments, comments + answers)
            counts = (up - down, up, down, *below)
            posts.append((*place_in_graph, *texts, *counts, is_best, is_best, True, at + timedelta(seconds=index)))

    def _votes(self, post_id: int, kind: PostKind, author_id: int, is_page: bool, votes: list[Row]) -> tuple[int, int]:
        """Add a post's votes, and pay for them; returns how many are up and how many are down."""
        users = self.shape.users
        amount = self._chance.randrange(2 if kind is PostKind.COMMENT else 12)
        voters = {self._chance.randint(1, users) for _ in range(amount)}
        if is_page:
            voters |= {reader for reader in range(1, READERS + 1) if (reader + post_id) % 3 == 0}
        voters.discard(author_id)
        up = 0
        for place, user_id in enumerate(sorted(voters)):
            value = -1 if (place + post_id) % 5 == 0 else 1
            up += value == 1
            votes.append((user_id, post_id, value, START, START))
            self._cast[user_id] += points.for_casting(self._rules, kind)
        down = len(voters) - up
        self._received[author_id] += self._worth(kind, up, down)
        return up, down

    def _ledger(self) -> Table:
        """Each user's entries: what was earned elsewhere, by voting, and by being voted on."""
        rows: list[Row] = []
        for user_id in range(1, self.shape.users + 1):
            total = 0
            earned = int(self._chance.paretovariate(0.6) * 100) % 200_000
            for reason, amount in (
                ("imported", earned),
                ("vote_cast", self._cast[user_id]),
                ("vote_received", self._received[user_id]),
            ):
                total += amount
                rows.append((user_id, amount, total, reason, 1, START))
        return Table("points_entry", ("user_id", "amount", "total", "reason", "rules_id", "created_at"), rows)

    def _worth_of(self, kind: PostKind, up: int, down: int) -> int:
        return points.votes_worth(self._rules, kind, up, down)

    def _text(self, words: int) -> str:
        chosen = self._chance.choices(_WORDS, k=self._chance.randint(words // 2, words * 3 // 2))
        return " ".join(chosen).capitalize() + "."
