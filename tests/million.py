"""A forum of a million posts, made by the database itself: the same rows every time, on both databases.

150,000 threads with 351,000 answers and 499,000 comments by 20,000 users. What is popular is so by far: the commonest
of 5,000 tags stands on every seventh thread, the rarest on a handful; the busiest user wrote each thirtieth post.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

from models import database, migrating

THREADS, USERS, TAGS, LEDGER = 150_000, 20_000, 5_000, 20_000
#: The thread, the post and the user that have the most of everything.
BUSIEST_THREAD, BUSIEST_POST, BUSIEST_USER = 75_000, 75_000, 1
#: Who has never written anything.
SILENT_USER = USERS
#: In threads, the first and the last moment: a question every 1,000 seconds.
BEGINNING = 1_500_000_000
END = BEGINNING + 1_000 * THREADS

#: What people write: rows must be wider than the entries of their indexes.
WORDS = "so much that it takes a line or two of text, as real ones do"

Moment = Callable[[str], str]


async def fill(url: str) -> None:
    """Migrate the empty database at `url` and fill it. Indexes are made again at the end, which takes half the time."""
    async with database.connected(url):
        await migrating.migrate(lambda name: None)
    if url.startswith("sqlite"):
        fill_sqlite(Path(url.removeprefix("sqlite://")))
    else:
        await fill_postgres(url)


def fill_sqlite(file: Path) -> None:
    """Fill a migrated SQLite file. It has no statistics, since the server's files have none."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in ("synchronous = OFF", "journal_mode = OFF", "cache_size = -400000", "foreign_keys = OFF"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for statement in (
            "BEGIN",
            *(f'DROP INDEX "{name}"' for name, _ in indexes),
            *statements(lambda seconds: f"strftime('%Y-%m-%d %H:%M:%S+00:00', {seconds}, 'unixepoch')"),
            *(sql for _, sql in indexes),
            "COMMIT",
        ):
            connection.execute(statement)


async def fill_postgres(url: str) -> None:
    """Fill a migrated PostgreSQL database."""
    connection = await asyncpg.connect(url)
    try:
        indexes = await connection.fetch(
            "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS sql"
            " FROM pg_index JOIN pg_class ON pg_class.oid = indrelid AND relnamespace = 'public'::regnamespace"
            " WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"
        )
        for statement in (
            # Foreign keys hold by construction.
            "SET session_replication_role = replica",
            "SET synchronous_commit = off",
            "SET work_mem = '64MB'",
            "SET maintenance_work_mem = '256MB'",
            *(f"DROP INDEX {index['name']}" for index in indexes),
            *statements(lambda seconds: f"to_timestamp({seconds})"),
            *(index["sql"] for index in indexes),
            "VACUUM (ANALYZE)",
        ):
            await connection.execute(statement)
    finally:
        await connection.close()


def chance(number: str, salt: int) -> str:
    """An expression that is 0 to 99,999, for each number another one, in no order that shows."""
    return f"(({number}) * {48_271 + 104_729 * salt} + {7_919 * salt}) % 2147483647 * 69621 % 2147483647 / 31 % 100000"


def one_of(amount: int, number: str, salt: int) -> str:
    """An expression that is 1 to `amount`: the lower, the more often."""
    u = f"({chance(number, salt)})"
    return f"(1 + {u} * {u} * {u} / 100000 / 100000 * {amount} / 100000)"


def few(number: str, salt: int, most: int) -> str:
    """An expression that is 0 to `most`: mostly next to nothing."""
    u = f"({chance(number, salt)})"
    return f"({u} * {u} / 100000 * {u} / 100000 * {u} / 100000 * {most} / 100000)"


def statements(moment: Moment) -> list[str]:
    """What fills the tables; `moment` makes a time of an expression in seconds since 1970."""
    user = f"CASE WHEN {chance('n', 11)} < 98000 THEN {one_of(USERS - 1, 'n', 12)} END"
    asked_at = f"({BEGINNING} + 1000 * n)"
    return [
        "CREATE TEMPORARY TABLE number (n BIGINT PRIMARY KEY)",
        f"""INSERT INTO number
        WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {THREADS})
        SELECT n FROM number""",
        f"""INSERT INTO users (id, name, name_folded, name_key, about, points, is_imported, created_at)
        SELECT n, 'User ' || n, 'user ' || n, 'user ' || REPLACE(REPLACE('' || n, '0', 'o'), '1', 'l'), '{WORDS}',
            {few("n", 1, 50_000)}, TRUE, {moment(asked_at)}
        FROM number WHERE n <= {USERS}""",
        # Eight roots, four categories below each, three below each of those: 1 to 8, 11 to 84, 111 to 843.
        """INSERT INTO category (id, parent_id, name, slug, path, depth)
        SELECT n, NULL, 'c' || n, 'c' || n, 'c' || n, 1 FROM number WHERE n <= 8
        UNION ALL SELECT n, n / 10, 'c' || n, 'c' || n, 'c' || (n / 10) || '/c' || n, 2
        FROM number WHERE n BETWEEN 11 AND 84 AND n % 10 BETWEEN 1 AND 4
        UNION ALL SELECT n, n / 10, 'c' || n, 'c' || n, 'c' || (n / 100) || '/c' || (n / 10) || '/c' || n, 3
        FROM number WHERE n BETWEEN 111 AND 843 AND n % 10 BETWEEN 1 AND 3 AND n / 10 % 10 BETWEEN 1 AND 4
        ORDER BY 1""",
        f"""INSERT INTO thread (id, slug, title, category_id, author_id, state, score, answer_count, view_count,
            hotness, created_at, last_activity_at, closed_at, close_reason)
        SELECT n, 'question-' || n, 'How is question ' || n || ' answered?',
            CASE WHEN category > 0 THEN category END, author, state, score, answers, views,
            100.0 * (2 * asked_at + 160000 * answers + 160000 * score + 4000 * views),
            {moment("asked_at")}, {moment("asked_at + late")},
            CASE WHEN is_closed THEN {moment("asked_at + late")} END, CASE WHEN is_closed THEN 'other' END
        FROM (SELECT n, {asked_at} AS asked_at, {user} AS author,
            {one_of(8, "n", 21)} * 100 + {one_of(4, "n", 22)} * 10 + {one_of(3, "n", 23)} AS category,
            CASE WHEN {chance("n", 24)} < 99000 THEN 'visible' ELSE 'hidden' END AS state,
            {few("n", 25, 500)} - CASE WHEN {chance("n", 26)} < 5000 THEN 3 ELSE 0 END AS score,
            CASE WHEN n = {BUSIEST_THREAD} THEN 200 WHEN {chance("n", 27)} < 15000 THEN 0
                ELSE 1 + {few("n", 28, 9)} END AS answers,
            {few("n", 29, 100_000)} AS views, {few("n", 30, 50_000_000)} AS late,
            {chance("n", 31)} < 3000 AS is_closed
            FROM number) AS made""",
        f"""INSERT INTO tag (id, name) SELECT n, 'tag-' || n FROM number WHERE n <= {TAGS}""",
        f"""INSERT INTO tag_synonym (name, tag_id)
        SELECT 'other-' || n, n FROM number WHERE n <= {TAGS} AND n % 10 = 0""",
        f"""INSERT INTO thread_tag (thread_id, tag_id, position)
        SELECT thread.id, {one_of(TAGS, "thread.id * 3 + n", 41)} AS tag_id, MIN(n) FROM thread JOIN number ON n <= 3
        GROUP BY 1, 2 ORDER BY 1, 3""",
        """UPDATE tag SET thread_count = amount
        FROM (SELECT tag_id, COUNT(*) AS amount FROM thread_tag
            JOIN thread ON thread.id = thread_id AND state = 'visible' GROUP BY tag_id) AS counted
        WHERE tag_id = tag.id""",
        """UPDATE category SET thread_count = amount FROM (SELECT above.id AS above_id, SUM(amount) AS amount
            FROM (SELECT category_id, COUNT(*) AS amount FROM thread WHERE state = 'visible' GROUP BY 1) AS own
            JOIN category AS below ON below.id = category_id
            JOIN category AS above ON below.path = above.path OR below.path LIKE above.path || '/%'
            GROUP BY above.id) AS counted WHERE above_id = category.id""",
        _posts(
            f"""SELECT id, id, 'question', CAST(NULL AS BIGINT), author_id, state, score, FALSE,
            {BEGINNING} + 1000 * id, {_comments("id")} FROM thread""",
            moment,
        ),
        _posts(
            f"""SELECT n, thread_id, 'answer', CAST(NULL AS BIGINT), {user},
            CASE WHEN {chance("n", 51)} < 99000 THEN 'visible' ELSE 'hidden' END,
            {few("n", 52, 300)} - CASE WHEN {chance("n", 53)} < 5000 THEN 2 ELSE 0 END,
            place = 1 AND {chance("n", 54)} < 40000, {BEGINNING} + 1000 * thread_id + place * 3000, {_comments("n")}
            FROM (SELECT thread.id AS thread_id, number.n AS place,
                {THREADS} + ROW_NUMBER() OVER (ORDER BY thread.id, number.n) AS n
                FROM thread JOIN number ON number.n <= answer_count) AS made""",
            moment,
        ),
        _posts(
            f"""SELECT n, thread_id, 'comment', parent_id, {user}, 'visible', {few("n", 61, 5)}, FALSE, at, 0
            FROM (SELECT thread_id, post.id AS parent_id, {BEGINNING} + 1000 * thread_id + number.n * 5000 AS at,
                1000000 + ROW_NUMBER() OVER (ORDER BY post.id, number.n) AS n
                FROM post JOIN number ON number.n <= comment_count) AS made""",
            moment,
        ),
        f"""INSERT INTO points_entry (user_id, amount, total, reason, rules_id, created_at)
        SELECT id, points, points, 'imported', 1, created_at FROM users
        UNION ALL SELECT {BUSIEST_USER}, 0, points, 'adjustment', 1, {moment(asked_at)}
        FROM users JOIN number ON n <= {LEDGER} WHERE id = {BUSIEST_USER}""",
        # Votes that were all taken back: they change no count.
        f"""INSERT INTO vote (user_id, post_id, value, created_at, updated_at)
        SELECT DISTINCT {one_of(USERS - 1, "n", 71)}, 1 + {chance("n", 72)}, 0, {moment(str(END))}, {moment(str(END))}
        FROM number""",
        f"""INSERT INTO revision (post_id, number, body, body_html, edited_at)
        SELECT id, 1, body, body_html, created_at FROM post WHERE id <= {THREADS} AND id % 10 = 0""",
    ]


def _comments(post: str) -> str:
    return f"CASE WHEN {post} = {BUSIEST_POST} THEN 300 ELSE {few(post, 81, 5)} END"


def _posts(rows: str, moment: Moment) -> str:
    """Posts of rows (id, thread_id, kind, parent_id, author_id, state, score, is_best, at, comments)."""
    return f"""INSERT INTO post (id, thread_id, kind, parent_id, author_id, state, score, is_best, created_at,
        comment_count, up_votes, down_votes, imported_up_votes, imported_down_votes, is_imported, is_best_imported,
        body, body_html, body_text)
    WITH made (id, thread_id, kind, parent_id, author_id, state, score, is_best, at, comments) AS ({rows}),
    counted AS (SELECT made.*, CASE WHEN score > 0 THEN score ELSE 0 END AS up FROM made)
    SELECT id, thread_id, kind, parent_id, author_id, state, score, is_best, {moment("at")},
        comments, up, up - score, up, up - score, TRUE, is_best,
        'Post ' || id || ': {WORDS}', '<p>Post ' || id || ': {WORDS}</p>', 'Post ' || id || ': {WORDS}'
    FROM counted ORDER BY id"""
