"""`qa check` and `qa recount`: whatever is corrupted is found, and what follows from other rows is put right."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from command_line import copied, qa, tell
from tortoise.exceptions import IntegrityError

import models
from models import VoteValue
from models.database import connect, disconnect, execute
from services import accounts, choosing, clock, posting, voting
from services.invariants import INVARIANTS, MOST_OFFENDERS
from services.posting import Asked

HOTNESS = "hotness = reckoned from the thread"
KEPT_OUT_ALTOGETHER = "score = votes up - votes down"


@pytest.fixture(scope="module")
def migrated_template(migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database to copy for each test: with a little of everything in it, all of the same moment."""
    with (
        copied(migrated_template, "filled", tmp_path_factory.mktemp("filled")) as url,
        clock.standing_at(datetime(2026, 1, 1, tzinfo=UTC)),
    ):
        asyncio.run(fill(url))
        yield url


async def fill(url: str) -> None:
    """Users 1 to 3, threads 1 and 2; posts 1 (question), 2 and 3 (answers), 4 (comment), 5 (question of thread 2)."""
    await connect(url)
    root = await models.Category.create(name="Life", slug="life", path="life", depth=1)
    await models.Category.create(parent=root, name="Grief", slug="grief", path="life/grief", depth=2)
    names = ("ann", "bob", "cas")
    ann, bob, cas = [(await accounts.sign_up(name, f"{name}@example.org", "a long password"))[0] for name in names]
    await posting.ask_question(ann, Asked("What helps against grief?", "Nothing.", "life/grief", ("grief", "help")))
    tag = await models.Tag.get(name="grief")
    await models.TagSynonym.create(name="mourning", tag=tag)
    await posting.post_answer(bob, 1, "Time, and friends.")
    await posting.post_answer(cas, 1, "Friends, and time.")
    await posting.post_comment(cas, 2, "Time does not do it alone.")
    await posting.ask_question(bob, Asked("What else helps then?", "Tell me."))
    for actor, post_id, value in ((bob, 1, 1), (cas, 1, 1), (ann, 2, 1), (cas, 2, -1), (ann, 4, 1)):
        await voting.cast_vote(actor, post_id, VoteValue(value))
    await choosing.choose_best_answer(ann, 1, 2)
    await models.Revision.create(post_id=1, number=1, body="No.", body_html="<p>No.</p>", edited_at=clock.now())
    await disconnect()


def corrupt(url: str, statements: str) -> None:
    """Change rows behind the server's back. SQLite ignores its constraints here; for PostgreSQL the statements do."""
    if url.startswith("sqlite://"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as connection:
            connection.executescript(f"PRAGMA ignore_check_constraints = ON; {statements}")
    else:
        asyncio.run(tell(url, statements))


def broken(output: str) -> dict[str, str]:
    """The broken invariants in the output of `qa check`, and what it says of their offenders."""
    found = re.findall(r"BROKEN (.+?) [\d,]+ rows (id .+?)(?= ok | BROKEN | Run |$)", output)
    return {name: " ".join(sorted(re.findall(r"id .+?(?= id |$)", offenders))) for name, offenders in found}


@dataclass(frozen=True)
class Corruption:
    """Statements that break invariants, first of all the first of `broken`; what `qa check` says of each."""

    statements: str
    broken: dict[str, str]


#: What follows from other rows: `qa recount` puts it right.
DERIVED = [
    Corruption(
        "UPDATE post SET up_votes = 3, score = 3 WHERE id = 1",
        {
            "votes up = standing votes up + imported": "id 1: found 3, expected 2",
            "a thread has its question's score": "id 1: found 2, expected 3",
            "points = recomputed from posts and votes": "id 1: found 180, expected 190",
        },
    ),
    Corruption(
        "UPDATE post SET down_votes = 3, score = -2 WHERE id = 2",
        {
            "votes down = standing votes down + imported": "id 2: found 3, expected 1",
            "points = recomputed from posts and votes": "id 2: found 470, expected 440",
        },
    ),
    Corruption(
        "UPDATE post SET comment_count = 7 WHERE id = 2",
        {"comment count = visible comments": "id 2: found 7, expected 1"},
    ),
    Corruption(
        "UPDATE post SET flag_count = 7 WHERE id = 3",
        {"flag count = standing flags": "id 3: found 7, expected 0"},
    ),
    Corruption(
        "UPDATE post SET child_count = 7 WHERE id = 1",
        {"child count = posts that stand under it": "id 1: found 7, expected 2"},
    ),
    Corruption(
        "UPDATE post SET is_buried = TRUE WHERE id = 4",
        {"a post is buried while something above it is not visible": "id 4: found buried, expected in sight"},
    ),
    Corruption(
        "UPDATE thread SET writer_key = 'nobody' WHERE id = 2",
        {"a thread has its question's writer": "id 2: found nobody, expected None"},
    ),
    Corruption(
        "UPDATE thread SET duplicate_count = 1 WHERE id = 2",
        {"duplicate count = threads closed as its duplicates": "id 2: found 1, expected 0"},
    ),
    Corruption(
        "UPDATE thread SET score = 9 WHERE id = 2",
        {
            "a thread has its question's score": "id 2: found 9, expected 0",
            HOTNESS: "id 2: found 100984320000.0, expected 101128320000.0",
        },
    ),
    Corruption(
        "UPDATE thread SET state = 'hidden' WHERE id = 1",
        {
            "a thread has its question's state": "id 1: found hidden, expected visible",
            "a category counts the visible threads in and below it": (
                "id 1: found 1, expected 0 id 2: found 1, expected 0"
            ),
            "a tag counts the visible threads that carry it": "id 1: found 1, expected 0 id 2: found 1, expected 0",
        },
    ),
    Corruption(
        "UPDATE thread SET author_id = 3 WHERE id = 2",
        {"a thread has its question's author": "id 2: found 3, expected 2"},
    ),
    Corruption(
        "UPDATE thread SET answer_count = 9 WHERE id = 1",
        {
            "answer count = visible answers": "id 1: found 9, expected 2",
            HOTNESS: "id 1: found 101048320000.0, expected 101160320000.0",
        },
    ),
    Corruption(
        "UPDATE category SET thread_count = 5 WHERE id = 1",
        {"a category counts the visible threads in and below it": "id 1: found 5, expected 1"},
    ),
    Corruption(
        "UPDATE tag SET thread_count = 5 WHERE id = 1",
        {"a tag counts the visible threads that carry it": "id 1: found 5, expected 1"},
    ),
    Corruption(
        "UPDATE users SET points = 1 WHERE id = 3",
        {
            "points = sum of the ledger": "id 3: found 1, expected 160",
            "points = recomputed from posts and votes": "id 3: found 1, expected 160",
        },
    ),
    Corruption(
        "UPDATE thread SET hotness = 1 WHERE id = 2",
        {HOTNESS: "id 2: found 1.0, expected 100984320000.0"},
    ),
]
#: What somebody has to look at.
GIVEN = [
    Corruption(
        "UPDATE vote SET user_id = 1 WHERE user_id = 2 AND post_id = 1",
        {
            "nobody votes on their own post": "id 1: found 1, expected somebody else",
            "points = recomputed from posts and votes": "id 1: found 180, expected 190 id 2: found 470, expected 460",
        },
    ),
    Corruption(
        "UPDATE post SET thread_id = 2 WHERE id = 4",
        {"comments stand in the thread of their question or answer": "id 4: found 2, expected 1"},
    ),
    Corruption(
        "UPDATE post SET writer_key = 'somebody' WHERE id = 3",
        {"what an account wrote has no other writer": "id 3: found somebody, expected None"},
    ),
    Corruption(
        "INSERT INTO reply_notice (post_id, created_at) VALUES (3, '2026-01-01 00:00:00+00:00')",
        {"mail of replies goes to an account or to an address": "id 1: found both or neither, expected one"},
    ),
    Corruption(
        "UPDATE post SET version = 0 WHERE id = 3",
        {"a post's version is 1 or higher": "id 3: found 0, expected 1"},
    ),
    Corruption(
        "UPDATE revision SET number = 2",
        {"revisions are numbered from 1 without gaps": "id 1: found 2, expected 1"},
    ),
    Corruption(
        "UPDATE points_entry SET post_id = NULL WHERE post_id = 5; DELETE FROM post WHERE id = 5",
        {
            "a thread has one question": "id 2: found 0, expected 1",
            "points = recomputed from posts and votes": "id 2: found 470, expected 450",
        },
    ),
    Corruption(
        "DROP INDEX post_one_best; UPDATE post SET is_best = TRUE WHERE id = 3",
        {
            "the best answer is one answer of its thread": "id 1: found 2, expected 1",
            "points = recomputed from posts and votes": "id 1: found 180, expected 210 id 3: found 160, expected 460",
        },
    ),
    Corruption(
        "UPDATE thread SET last_activity_at = '2001-01-01 00:00:00+00:00' WHERE id = 2",
        {
            "nothing happened in a thread before it was there": (
                "id 2: found 2001-01-01 00:00:00+00:00, expected 2026-01-01 00:00:00+00:00"
            )
        },
    ),
    Corruption(
        "UPDATE category SET path = 'death/grief' WHERE id = 2",
        {
            "a category's path leads through its parent": "id 2: found death/grief, expected life/grief",
            "a category counts the visible threads in and below it": "id 1: found 1, expected 0",
        },
    ),
    Corruption(
        "UPDATE category SET depth = 3 WHERE id = 2",
        {"a category stands one level below its parent": "id 2: found 3, expected 2"},
    ),
    Corruption(
        "INSERT INTO tag_synonym (name, tag_id) VALUES ('help', 1)",
        {"no synonym is a tag": "id 2: found help, expected no such tag"},
    ),
    Corruption(
        "UPDATE points_entry SET amount = 15, total = 165 WHERE user_id = 3 AND total = 160; "
        "UPDATE users SET points = 165 WHERE id = 3",
        {"points = recomputed from posts and votes": "id 3: found 165, expected 160"},
    ),
    Corruption(
        "UPDATE points_entry SET total = 1 WHERE id = 1",
        {"each ledger entry's total is the sum so far": "id 1: found 1, expected 100"},
    ),
]
#: What constraints of both databases keep out: who would write it, and what keeps it out.
KEPT_OUT = {
    "UPDATE post SET score = 7 WHERE id = 1": "post_score",
    "UPDATE post SET up_votes = -1, score = -1 WHERE id = 3": "post_votes",
    "UPDATE post SET is_best = TRUE WHERE id = 3": "post_one_best",
    "UPDATE post SET is_best = TRUE WHERE id = 5": "post_best",
    "UPDATE post SET parent_id = 1 WHERE id = 3": "post_parent",
    "UPDATE post SET thread_id = 1 WHERE id = 5": "post_one_question",
    "UPDATE vote SET post_id = 1 WHERE user_id = 3": "vote_once",
    "UPDATE vote SET value = 2 WHERE user_id = 3": "vote_value",
    "UPDATE category SET depth = 5 WHERE id = 2": "category_depth",
    "UPDATE points_entry SET user_id = 99 WHERE id = 1": "foreign key",
    "UPDATE vote SET post_id = 99 WHERE id = 1": "foreign key",
}


def test_a_sound_database_passes(forum_url: str) -> None:
    checked = qa(forum_url, "check")
    assert (checked.status, checked.errors, broken(checked.output)) == (0, "", {})
    for invariant in INVARIANTS:
        assert f"ok {invariant.name} " in checked.output


@pytest.mark.parametrize("corruption", DERIVED + GIVEN, ids=lambda corruption: corruption.statements)
def test_every_corruption_is_found(forum_url: str, corruption: Corruption) -> None:
    corrupt(forum_url, corruption.statements)
    checked = qa(forum_url, "check")
    assert (checked.status, broken(checked.output)) == (1, corruption.broken)
    assert checked.output.endswith("Run qa recount to put right what follows from the rest, then qa check again.")
    assert qa(forum_url, "recount").status == 0
    again = qa(forum_url, "check")
    if corruption in DERIVED:
        assert (again.status, broken(again.output)) == (0, {})
    else:
        assert (again.status, next(iter(corruption.broken)) in broken(again.output)) == (1, True)


def test_every_invariant_has_been_broken_here() -> None:
    broken_here = {next(iter(corruption.broken)) for corruption in DERIVED + GIVEN}
    assert {invariant.name for invariant in INVARIANTS} | {HOTNESS} == broken_here | {KEPT_OUT_ALTOGETHER}


async def test_what_constraints_keep_out_cannot_be_corrupted(forum: str) -> None:
    for statement, constraint in KEPT_OUT.items():
        with pytest.raises(IntegrityError, match=f"(?i){constraint}|UNIQUE constraint"):
            await execute(statement)


def test_a_score_that_no_constraint_kept_right_is_found_and_put_right(forum_url: str) -> None:
    freed = "" if forum_url.startswith("sqlite") else "ALTER TABLE post DROP CONSTRAINT post_score;"
    corrupt(forum_url, f"{freed} UPDATE post SET score = 7 WHERE id = 3")
    checked = qa(forum_url, "check")
    assert broken(checked.output) == {KEPT_OUT_ALTOGETHER: "id 3: found 7, expected 0"}
    qa(forum_url, "recount")
    assert broken(qa(forum_url, "check").output) == {}


def test_rows_that_belong_to_nothing_are_found(forum_url: str) -> None:
    freed = "PRAGMA foreign_keys = OFF" if forum_url.startswith("sqlite") else "SET session_replication_role = replica"
    corrupt(forum_url, f"{freed}; UPDATE revision SET post_id = 99; UPDATE tag_synonym SET tag_id = 99")
    checked = qa(forum_url, "check")
    assert broken(checked.output) == {
        "revision.post_id refers to what is there": "id 1: found 99, expected no such post",
        "tag_synonym.tag_id refers to what is there": "id 1: found 99, expected no such tag",
    }
    assert checked.status == 1


def test_the_first_offenders_are_named_where_there_are_many(forum_url: str) -> None:
    corrupt(forum_url, "UPDATE points_entry SET total = 0")
    checked = qa(forum_url, "check")
    assert checked.output.count(": found 0, expected ") == MOST_OFFENDERS


def test_recount_tells_what_was_wrong(forum_url: str) -> None:
    corrupt(forum_url, "UPDATE tag SET thread_count = 5; UPDATE post SET comment_count = 5 WHERE id = 1")
    told = dict(re.findall(r"│ ([^│]+?) │ (\d+) │", qa(forum_url, "recount").output))
    assert {name: wrong for name, wrong in told.items() if wrong != "0"} == {
        "comment counts": "1",
        "thread counts of tags": "2",
    }
    assert broken(qa(forum_url, "check").output) == {}
