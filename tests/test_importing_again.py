"""Importing into a forum that is there already: other people's numbers, a newer dump, another site, live changes."""

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from command_line import qa
from crowd import answered_by, asked_by, member
from dumps.contents import everything, looked_at
from dumps.writing import answer, comment, question, user, written

import models
from commands.importing.staging import Staging
from models import ClosureReason, PostKind
from services import choosing


def imported(url: str, folder: Path, **tables: list[dict[str, Any]]) -> str:
    """What importing these rows says."""
    done = qa(url, "import", "stackexchange", str(written(folder, **tables)))
    assert (done.status, done.errors) == (0, "")
    assert "BROKEN" not in qa(url, "check").output
    return done.output


async def an_open_forum() -> None:
    """Two people; threads 1 and 2, posts 1 to 3."""
    ann, bob = await member("ann"), await member("person 2")
    thread, _ = await asked_by(ann, "What was here before?", tags=("tag",))
    await answered_by(bob, thread)
    await asked_by(bob, "And what else was here?")


async def texts() -> dict[int, tuple[int, str]]:
    """The posts by their ids: the number of their thread, and their plain text."""
    return {post.id: (post.thread_id, post.body_text) for post in await models.Post.all()}


async def ask_one_more() -> int:
    """The number of a new thread."""
    thread, _ = await asked_by(await models.User.get(name="person 1"), "What will the number be?")
    return int(thread.id)


def test_what_is_taken_gets_a_number_beyond_all_others(forum_url: str, tmp_path: Path) -> None:
    looked_at(forum_url, an_open_forum)
    posts = [question(2), question(3), answer(4, to=2), answer(5, to=3)]
    imported(forum_url, tmp_path / "dump", Users=[user(-1), user(2), user(3)], Posts=posts, Comments=[comment(1, on=5)])
    found = looked_at(forum_url, texts)
    assert {number: found[number] for number in found if number > 3} == {
        7: (5, "Body of 2."),  # thread 2 and post 2 are taken: 3 + 2 is the thread, 5 + 2 the post
        8: (3, "Body of 3."),  # only the post is taken
        4: (5, "Body of 4."),
        5: (3, "Body of 5."),
        9: (3, "comment 1"),
    }


def test_a_new_thread_goes_on_after_the_imported_ones(forum_url: str, tmp_path: Path) -> None:
    imported(forum_url, tmp_path / "dump", Posts=[question(41), answer(90, to=41)])
    assert looked_at(forum_url, ask_one_more) == 42


def test_names_that_are_taken_here_are_told_apart_too(forum_url: str, tmp_path: Path) -> None:
    async def names() -> set[str]:
        return {each.name for each in await models.User.all()}

    looked_at(forum_url, an_open_forum)
    imported(forum_url, tmp_path / "dump", Users=[user(1, DisplayName="ANN"), user(2)])
    assert looked_at(forum_url, names) == {"ann", "ANN (1)", "person 2", "person 2 (2)"}


def test_the_best_known_of_a_name_keeps_it(forum_url: str, tmp_path: Path) -> None:
    async def names() -> dict[int, str]:
        return {each.id: each.name for each in await models.User.all()}

    people = [user(number, DisplayName="Lee", Reputation=10 * number) for number in (1, 2, 3)]
    imported(forum_url, tmp_path / "dump", Users=people)
    assert looked_at(forum_url, names) == {1: "Lee (1)", 2: "Lee (2)", 3: "Lee"}


def test_a_tag_that_is_described_here_keeps_its_description(forum_url: str, tmp_path: Path) -> None:
    async def describe() -> None:
        await models.Tag.create(name="tag", description="Ours.")
        other = await models.Tag.create(name="other")
        await models.TagSynonym.create(name="another", tag=other)

    async def descriptions() -> dict[str, str | None]:
        return {tag.name: tag.description for tag in await models.Tag.all()}

    looked_at(forum_url, describe)
    tags = [{"Id": 1, "TagName": "tag", "ExcerptPostId": 9}, {"Id": 2, "TagName": "another", "ExcerptPostId": 9}]
    excerpt = question(9, PostTypeId=4, Body="Theirs.")
    imported(forum_url, tmp_path / "dump", Tags=tags, Posts=[question(1, Tags="<tag><another>"), excerpt])
    assert looked_at(forum_url, descriptions) == {"tag": "Ours.", "other": "Theirs."}


def test_a_newer_dump_adds_only_what_is_new(forum_url: str, tmp_path: Path) -> None:
    imported(forum_url, tmp_path / "old", Posts=[question(1), answer(2, to=1)], Comments=[comment(1, on=2)])
    before = everything(forum_url)
    newer = {"LastActivityDate": "2020-01-01T00:00:00.000", "AcceptedAnswerId": 3}
    output = imported(
        forum_url,
        tmp_path / "new",
        Users=[user(1, Reputation=99), user(7)],
        Posts=[question(1, Score=9, **newer), answer(2, to=1), answer(3, to=1), question(4)],
        Comments=[comment(1, on=2), comment(2, on=2), comment(3, on=4)],
    )
    assert "│ answers │ 2 │ 1 │ 1 │ 0 │" in output

    async def look() -> tuple[Any, ...]:
        old, new = await models.Thread.get(id=1), await models.Thread.get(id=4)
        best = await models.Post.get(thread_id=1, is_best=True)
        comments = await models.Post.filter(parent_id=2).count()
        return old.answer_count, old.score, str(old.last_activity_at)[:10], best.body_text, comments, new.score

    # What was here keeps its score and reputation: somebody may have voted since.
    assert looked_at(forum_url, look) == (2, 0, "2020-01-01", "Body of 3.", 2, 0)
    after = everything(forum_url)
    assert after["users"][0] == before["users"][0]
    assert after["post"][0] == before["post"][0] | {"child_count": 2}  # it has one more answer


def test_a_newer_dump_is_known_although_its_first_post_is_gone(forum_url: str, tmp_path: Path) -> None:
    imported(forum_url, tmp_path / "old", Posts=[question(1), question(2), answer(3, to=2)])
    output = imported(forum_url, tmp_path / "new", Posts=[question(2), answer(3, to=2), answer(4, to=2)])
    assert "│ users │ 1 │ 0 │ 1 │ 0 │" in output
    assert "│ answers │ 2 │ 1 │ 1 │ 0 │" in output


def test_a_site_and_its_meta_site_are_two_although_they_share_their_users(forum_url: str, tmp_path: Path) -> None:
    imported(forum_url, tmp_path / "site", Posts=[question(1)])
    output = imported(forum_url, tmp_path / "meta", Posts=[question(1, CreationDate="2012-07-07T07:07:07.007")])
    assert "│ questions │ 1 │ 1 │ 0 │ 0 │" in output
    assert {thread for thread, _ in looked_at(forum_url, texts).values()} == {1, 2}


def test_what_was_removed_here_is_not_brought_back(forum_url: str, tmp_path: Path) -> None:
    dump = {"Posts": [question(1), answer(2, to=1), question(3)], "Comments": [comment(1, on=2)]}
    imported(forum_url, tmp_path / "dump", **dump)

    async def remove() -> None:
        await models.Thread.filter(id=1).delete()
        await models.Tag.filter(name="tag").update(thread_count=1)

    looked_at(forum_url, remove)
    output = imported(forum_url, tmp_path / "newer", **dump | {"Comments": [comment(1, on=2), comment(2, on=2)]})
    assert "│ questions │ 2 │ 0 │ 2 │ 0 │" in output
    assert "1 comments on posts that are not imported" in output
    assert set(looked_at(forum_url, texts)) == {3}


def test_a_best_answer_that_was_chosen_here_stays(forum_url: str, tmp_path: Path) -> None:
    imported(forum_url, tmp_path / "old", Posts=[question(1), answer(2, to=1)])

    async def choose() -> None:
        asker = await models.User.get(name="person 1")
        await choosing.choose_best_answer(asker, 1, 2)

    async def best() -> list[int]:
        return [post.id for post in await models.Post.filter(is_best=True)]

    looked_at(forum_url, choose)
    imported(forum_url, tmp_path / "new", Posts=[question(1, AcceptedAnswerId=3), answer(2, to=1), answer(3, to=1)])
    assert looked_at(forum_url, best) == [2]


def test_a_duplicate_of_what_is_not_here_is_closed_all_the_same(forum_url: str, tmp_path: Path) -> None:
    closed = question(1, ClosedDate="2012-02-02T00:00:00.000")
    link = {"Id": 1, "PostId": 1, "RelatedPostId": 77, "LinkTypeId": 3}
    output = imported(forum_url, tmp_path / "dump", Posts=[closed], PostLinks=[link])
    assert "1 closed duplicates whose original is not here" in output

    async def look() -> tuple[ClosureReason | None, int | None]:
        thread = await models.Thread.get(id=1)
        return thread.close_reason, thread.duplicate_of_id

    assert looked_at(forum_url, look) == (ClosureReason.DUPLICATE, None)


def test_what_was_imported_before_it_was_closed_stays_open(forum_url: str, tmp_path: Path) -> None:
    imported(forum_url, tmp_path / "old", Posts=[question(1), question(2)])
    closed = question(2, ClosedDate="2012-02-02T00:00:00.000")
    link = {"Id": 1, "PostId": 2, "RelatedPostId": 1, "LinkTypeId": 3}
    output = imported(forum_url, tmp_path / "new", Posts=[question(1), closed], PostLinks=[link])
    assert "1 duplicates that were imported before they were closed: they stay open" in output

    async def look() -> tuple[datetime | None, int | None]:
        thread = await models.Thread.get(id=2)
        return thread.closed_at, thread.duplicate_of_id

    assert looked_at(forum_url, look) == (None, None)


def test_a_dump_without_the_optional_files_is_imported(forum_url: str, tmp_path: Path) -> None:
    folder = written(tmp_path / "dump", Posts=[question(1, Score=-2), answer(2, to=1, Score=3, OwnerDisplayName="x")])
    (folder / "Users.xml").unlink()
    done = qa(forum_url, "import", "stackexchange", str(folder))
    assert done.status == 0
    assert "1 file of a whole dump that is missing: Votes.xml" in done.output

    async def look() -> list[tuple[int, int, int, str | None]]:
        posts = await models.Post.exclude(kind=PostKind.COMMENT).order_by("id")
        return [(post.score, post.up_votes, post.down_votes, post.author_name) for post in posts]

    assert looked_at(forum_url, look) == [(-2, 0, 2, "user1"), (3, 3, 0, "x")]


def test_attributes_that_are_no_numbers_are_as_good_as_missing(forum_url: str, tmp_path: Path) -> None:
    long = "x" * 900
    strange = question(1, OwnerUserId=long, Score=long, ViewCount="1.5", AcceptedAnswerId="?", CreationDate=long)
    strange_comment = comment(1, on=1, UserId=long, Score="?")
    imported(forum_url, tmp_path / "dump", Posts=[strange], Comments=[strange_comment, comment(2, on=1, PostId="?")])

    async def look() -> list[tuple[int | None, str | None, int]]:
        return [(post.author_id, post.author_name, post.score) for post in await models.Post.all()]

    assert looked_at(forum_url, look) == [(None, None, 0), (None, None, 0)]


def test_an_empty_dump_is_imported(forum_url: str, tmp_path: Path) -> None:
    output = imported(forum_url, tmp_path / "dump", Users=[], Posts=[])
    assert "│ questions │ 0 │ 0 │ 0 │ 0 │" in output


def test_a_full_temporary_folder_is_told(forum_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Staging, "add", full)
    done = qa(forum_url, "import", "stackexchange", str(written(tmp_path / "dump")))
    assert done.status == 1
    assert done.errors == (
        "The temporary folder could not take the dump: database or disk is full. TMPDIR says where that folder is."
    )
