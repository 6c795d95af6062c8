"""What is always true of the data, as SQL that finds where it is not.

Each invariant's statement gives rows of (id, found, expected) for the first offenders, on both databases.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tortoise import Tortoise

from services.dues import points_due

#: How many offenders a check tells of.
MOST_OFFENDERS = 5


@dataclass(frozen=True)
class Invariant:
    """Something that is true of every row of `table`; `offenders` selects (id, found, expected) where it is not."""

    name: str
    table: str
    offenders: str


STANDING_VOTES = """
    SELECT post_id,
        SUM(CASE WHEN value = 1 THEN 1 ELSE 0 END) AS up,
        SUM(CASE WHEN value = -1 THEN 1 ELSE 0 END) AS down
    FROM vote GROUP BY post_id
"""
VISIBLE_COMMENTS = """
    SELECT parent_id AS id, COUNT(*) AS amount FROM post WHERE kind = 'comment' AND state = 'visible' GROUP BY parent_id
"""
VISIBLE_ANSWERS = """
    SELECT thread_id AS id, COUNT(*) AS amount, MAX(created_at) AS newest_at
    FROM post WHERE kind = 'answer' AND state = 'visible' GROUP BY thread_id
"""
STANDING_FLAGS = "SELECT post_id AS id, COUNT(*) AS amount FROM flag WHERE cleared_at IS NULL GROUP BY post_id"
CHILDREN = """
    SELECT COALESCE(below.parent_id, question.id) AS id, COUNT(*) AS amount
    FROM post AS below JOIN post AS question ON question.thread_id = below.thread_id AND question.kind = 'question'
    WHERE below.kind <> 'question' GROUP BY COALESCE(below.parent_id, question.id)
"""
DUPLICATES = "SELECT duplicate_of_id AS id, COUNT(*) AS amount FROM thread GROUP BY duplicate_of_id"
#: Whether `post` stands under something that is not visible.
BURIED = """(
    post.kind <> 'question' AND EXISTS (
        SELECT 1 FROM post AS question
        WHERE question.thread_id = post.thread_id AND question.kind = 'question' AND question.state <> 'visible'
    )
    OR EXISTS (SELECT 1 FROM post AS parent WHERE parent.id = post.parent_id AND parent.state <> 'visible')
)"""
TAGGED = """
    SELECT link.tag_id AS id, COUNT(*) AS amount
    FROM thread_tag AS link JOIN thread ON thread.id = link.thread_id AND thread.state = 'visible' GROUP BY link.tag_id
"""
CATEGORISED = """
    SELECT above.id, COUNT(*) AS amount
    FROM thread
    JOIN category AS own ON own.id = thread.category_id
    JOIN category AS above ON own.path = above.path OR own.path LIKE above.path || '/%'
    WHERE thread.state = 'visible' GROUP BY above.id
"""
EARNED = "SELECT user_id AS id, SUM(amount) AS amount FROM points_entry GROUP BY user_id"


# While a change of the rules is under way, users beyond the last one that it came to have what the old rules gave.
_POINTS = f"""
    WITH {points_due()}
    SELECT users.id, users.points AS found, COALESCE(due.amount, 0) AS expected
    FROM users LEFT JOIN due ON due.id = users.id WHERE users.points <> COALESCE(due.amount, 0)
    AND users.id <= COALESCE((SELECT settled_up_to FROM points_rules ORDER BY version DESC LIMIT 1), users.id)
"""


def _counted(table: str, column: str, counts: str) -> str:
    """Offenders where `column` is not the amount that `counts` gives for the row."""
    return f"""
        SELECT {table}.id, {table}.{column} AS found, COALESCE(counted.amount, 0) AS expected
        FROM {table} LEFT JOIN ({counts}) AS counted ON counted.id = {table}.id
        WHERE {table}.{column} <> COALESCE(counted.amount, 0)
    """


def _unlike_its_question(column: str) -> str:
    """Offenders where a thread's `column` is not its question's."""
    return f"""
        SELECT thread.id, thread.{column} AS found, post.{column} AS expected
        FROM thread JOIN post ON post.thread_id = thread.id AND post.kind = 'question'
        WHERE thread.{column} <> post.{column} OR (thread.{column} IS NULL) <> (post.{column} IS NULL)
    """


def counted_right(table: str, column: str, counts: str) -> str:
    """The UPDATE that sets `column` to the amount that `counts` gives for the row, where it is another one."""
    return f"""
        UPDATE {table} SET {column} = right_one.amount
        FROM (
            SELECT {table}.id, COALESCE(counted.amount, 0) AS amount
            FROM {table} LEFT JOIN ({counts}) AS counted ON counted.id = {table}.id
        ) AS right_one
        WHERE right_one.id = {table}.id AND {table}.{column} <> right_one.amount
    """


INVARIANTS = (
    Invariant(
        "score = votes up - votes down",
        "post",
        "SELECT id, score AS found, up_votes - down_votes AS expected FROM post WHERE score <> up_votes - down_votes",
    ),
    Invariant(
        "votes up = standing votes up + imported",
        "post",
        f"""SELECT post.id, up_votes AS found, imported_up_votes + COALESCE(standing.up, 0) AS expected
        FROM post LEFT JOIN ({STANDING_VOTES}) AS standing ON standing.post_id = post.id
        WHERE up_votes <> imported_up_votes + COALESCE(standing.up, 0)""",
    ),
    Invariant(
        "votes down = standing votes down + imported",
        "post",
        f"""SELECT post.id, down_votes AS found, imported_down_votes + COALESCE(standing.down, 0) AS expected
        FROM post LEFT JOIN ({STANDING_VOTES}) AS standing ON standing.post_id = post.id
        WHERE down_votes <> imported_down_votes + COALESCE(standing.down, 0)""",
    ),
    Invariant(
        "nobody votes on their own post",
        "vote",
        """SELECT vote.id, vote.user_id AS found, 'somebody else' AS expected
        FROM vote JOIN post ON post.id = vote.post_id WHERE post.author_id = vote.user_id AND vote.value <> 0""",
    ),
    Invariant(
        "comment count = visible comments",
        "post",
        _counted("post", "comment_count", VISIBLE_COMMENTS),
    ),
    Invariant("child count = posts that stand under it", "post", _counted("post", "child_count", CHILDREN)),
    Invariant(
        "a post is buried while something above it is not visible",
        "post",
        f"""SELECT id, CASE WHEN is_buried THEN 'buried' ELSE 'in sight' END AS found,
            CASE WHEN is_buried THEN 'in sight' ELSE 'buried' END AS expected FROM post WHERE is_buried <> {BURIED}""",
    ),
    Invariant(
        "flag count = standing flags",
        "post",
        _counted("post", "flag_count", STANDING_FLAGS),
    ),
    Invariant(
        "comments stand in the thread of their question or answer",
        "post",
        """SELECT post.id, post.thread_id AS found, parent.thread_id AS expected
        FROM post JOIN post AS parent ON parent.id = post.parent_id
        WHERE post.thread_id <> parent.thread_id OR parent.kind = 'comment'""",
    ),
    Invariant(
        "a post's version is 1 or higher",
        "post",
        "SELECT id, version AS found, 1 AS expected FROM post WHERE version < 1",
    ),
    Invariant(
        "revisions are numbered from 1 without gaps",
        "post",
        """SELECT post_id AS id, MAX(number) AS found, COUNT(*) AS expected
        FROM revision GROUP BY post_id HAVING MIN(number) <> 1 OR MAX(number) <> COUNT(*)""",
    ),
    Invariant(
        "a thread has one question",
        "thread",
        """SELECT thread.id, COUNT(post.id) AS found, 1 AS expected
        FROM thread LEFT JOIN post ON post.thread_id = thread.id AND post.kind = 'question'
        GROUP BY thread.id HAVING COUNT(post.id) <> 1""",
    ),
    Invariant("a thread has its question's score", "thread", _unlike_its_question("score")),
    Invariant("a thread has its question's state", "thread", _unlike_its_question("state")),
    Invariant("a thread has its question's author", "thread", _unlike_its_question("author_id")),
    Invariant("a thread has its question's writer", "thread", _unlike_its_question("writer_key")),
    Invariant(
        "duplicate count = threads closed as its duplicates",
        "thread",
        _counted("thread", "duplicate_count", DUPLICATES),
    ),
    Invariant(
        "what an account wrote has no other writer",
        "post",
        """SELECT id, writer_key AS found, NULL AS expected
        FROM post WHERE author_id IS NOT NULL AND writer_key IS NOT NULL""",
    ),
    Invariant(
        "mail of replies goes to an account or to an address",
        "reply_notice",
        """SELECT id, 'both or neither' AS found, 'one' AS expected FROM reply_notice
        WHERE (user_id IS NULL) = (sealed_address IS NULL) OR (address_key IS NULL) <> (sealed_address IS NULL)""",
    ),
    Invariant(
        "answer count = visible answers",
        "thread",
        _counted("thread", "answer_count", VISIBLE_ANSWERS),
    ),
    Invariant(
        "the best answer is one answer of its thread",
        "thread",
        """SELECT thread_id AS id, COUNT(*) AS found, 1 AS expected
        FROM post WHERE is_best GROUP BY thread_id HAVING COUNT(*) > 1 OR MIN(kind) <> 'answer'""",
    ),
    Invariant(
        "nothing happened in a thread before it was there",
        "thread",
        """SELECT id, last_activity_at AS found, created_at AS expected FROM thread
        WHERE last_activity_at < created_at""",
    ),
    Invariant(
        "a category's path leads through its parent",
        "category",
        """SELECT category.id, category.path AS found, COALESCE(parent.path || '/', '') || category.slug AS expected
        FROM category LEFT JOIN category AS parent ON parent.id = category.parent_id
        WHERE category.path <> COALESCE(parent.path || '/', '') || category.slug""",
    ),
    Invariant(
        "a category stands one level below its parent",
        "category",
        """SELECT category.id, category.depth AS found, COALESCE(parent.depth, 0) + 1 AS expected
        FROM category LEFT JOIN category AS parent ON parent.id = category.parent_id
        WHERE category.depth <> COALESCE(parent.depth, 0) + 1""",
    ),
    Invariant(
        "a category counts the visible threads in and below it",
        "category",
        _counted("category", "thread_count", CATEGORISED),
    ),
    Invariant(
        "a tag counts the visible threads that carry it",
        "tag",
        _counted("tag", "thread_count", TAGGED),
    ),
    Invariant(
        "no synonym is a tag",
        "tag_synonym",
        """SELECT tag_synonym.id, tag_synonym.name AS found, 'no such tag' AS expected
        FROM tag_synonym JOIN tag ON tag.name = tag_synonym.name""",
    ),
    Invariant(
        "points = sum of the ledger",
        "users",
        _counted("users", "points", EARNED),
    ),
    Invariant(
        "points = recomputed from posts and votes",
        "users",
        _POINTS,
    ),
    Invariant(
        "each ledger entry's total is the sum so far",
        "points_entry",
        """SELECT id, total AS found, sum_so_far AS expected FROM (
            SELECT id, total, SUM(amount) OVER (PARTITION BY user_id ORDER BY id) AS sum_so_far FROM points_entry
        ) AS entries WHERE total <> sum_so_far""",
    ),
)


def references() -> Iterator[Invariant]:
    """For each reference from one table to another, that what it refers to is there."""
    for model in Tortoise.apps["models"].values():
        for name in sorted(model._meta.fk_fields):
            field: Any = model._meta.fields_map[name]
            table, column, target = model._meta.db_table, field.source_field, field.related_model._meta
            yield Invariant(
                f"{table}.{column} refers to what is there",
                table,
                f"""SELECT "{table}"."{model._meta.db_pk_column}" AS id, "{table}"."{column}" AS found,
                    'no such {target.db_table}' AS expected
                FROM "{table}" LEFT JOIN "{target.db_table}" AS target
                ON target."{target.db_pk_column}" = "{table}"."{column}"
                WHERE "{table}"."{column}" IS NOT NULL AND target."{target.db_pk_column}" IS NULL""",
            )
