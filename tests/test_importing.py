"""`qa import stackexchange`: a small dump with every oddity, and what becomes of each."""

import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import py7zr
import pytest
from clients import Client
from command_line import copied, qa
from dumps.contents import everything
from dumps.writing import ODDITIES

import models
from models import ClosureReason, PointsReason, PostKind


@pytest.fixture(scope="module")
def report() -> list[str]:
    """What the import of the oddities said."""
    return []


@pytest.fixture(scope="module")
def migrated_template(
    migrated_template: str, tmp_path_factory: pytest.TempPathFactory, report: list[str]
) -> Iterator[str]:
    """A database to copy for each test: with the oddities imported."""
    with copied(migrated_template, "imported", tmp_path_factory.mktemp("imported")) as url:
        imported = qa(url, "import", "stackexchange", str(ODDITIES))
        assert (imported.status, imported.errors) == (0, "")
        report.append(imported.output)
        yield url


async def thread(number: int) -> models.Thread:
    return await models.Thread.get(id=number).select_related("duplicate_of")


async def post(number: int) -> models.Post:
    return await models.Post.get(id=number)


async def comments_on(number: int) -> list[models.Post]:
    return await models.Post.filter(parent_id=number).order_by("id")


async def user(number: int) -> models.User:
    return await models.User.get(id=number)


def test_what_was_imported_is_sound(forum_url: str) -> None:
    checked = qa(forum_url, "check")
    assert (checked.status, "BROKEN" in checked.output) == (0, False)


def test_the_table_says_what_became_of_every_row(forum_url: str, report: list[str]) -> None:
    figures = re.findall(r"│ ([a-z ]+?) │ ([\d,]+) │ ([\d,]+) │ ([\d,]+) │ ([\d,]+) │", report[0])
    assert {kind: tuple(map(int, amounts)) for kind, *amounts in figures} == {
        "users": (11, 11, 0, 0),
        "tags": (4, 3, 0, 1),
        "questions": (8, 8, 0, 0),
        "answers": (7, 4, 0, 3),
        "tag wikis": (3, 2, 0, 1),
        "other posts": (4, 0, 0, 4),
        "comments": (9, 5, 0, 4),
        "votes": (18, 7, 0, 11),
        "rows of history": (18, 13, 0, 5),
        "links": (5, 1, 0, 4),
        "revisions": (4, 4, 0, 0),
        "closed questions": (3, 3, 0, 0),
        "best answers": (1, 1, 0, 0),
        "duplicates": (1, 1, 0, 0),
    }


@pytest.mark.parametrize(
    "line",
    [
        "1 tags without a name",
        "3 answers without a question in the dump",
        "1 tag wikis that belong to no tag",
        "1 other posts of a type that is not known",
        "1 other posts that nominate moderators",
        "2 comments on posts that are not in the dump",
        "2 comments on posts that are not imported",
        "3 votes on posts that are not in the dump",
        "2 votes of a type that is not known",
        "1 links of a type that is not known",
        "3 names that were taken, or looked like one that was: they have the user's number behind them",
        "3 scores that the votes of the dump do not explain: the scores stand",
        "2 rows of Users.xml without an Id that is a number, passed over",
        "1 rows of Posts.xml with an Id that came before, passed over",
        "1 questions linked as duplicates, but not closed as such: they stay as they are",
        "1 accepted answers that are not among the answers to their question: they are best nowhere",
    ],
)
def test_the_report_says_why(forum_url: str, report: list[str], line: str) -> None:
    assert line in report[0]


def test_running_it_again_changes_nothing(forum_url: str, tmp_path: Path) -> None:
    before = everything(forum_url)
    with zipfile.ZipFile(tmp_path / "site.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in ODDITIES.iterdir():
            zipped.write(file, f"a folder/in it/{file.name}")
        zipped.writestr("a folder/readme.txt", "Who gave this away?")
    with py7zr.SevenZipFile(tmp_path / "site.7z", "w") as packed:
        packed.writeall(ODDITIES, "a folder")
    (tmp_path / "tables").mkdir()
    for file in ODDITIES.iterdir():
        with py7zr.SevenZipFile(tmp_path / "tables" / f"example.org-{file.stem}.7z", "w") as packed:
            packed.write(file, file.name)
    with py7zr.SevenZipFile(tmp_path / "tables" / "example.org-Badges.7z", "w") as packed:
        packed.writestr("<badges />", "Badges.xml")
    (tmp_path / "tables" / "readme.txt").write_text("Who gave this away?", encoding="utf-8")
    (tmp_path / "around").mkdir()
    shutil.copytree(ODDITIES, tmp_path / "around" / "inside")
    dumps = (ODDITIES, *(tmp_path / name for name in ("site.zip", "site.7z", "tables", "around")))
    for dump in dumps:
        again = qa(forum_url, "import", "stackexchange", str(dump))
        assert (again.status, again.errors) == (0, "")
        assert "│ questions │ 8 │ 0 │ 8 │ 0 │" in again.output
        assert everything(forum_url) == before, dump


async def test_a_question_is_shown_as_it_was(visitor: Client) -> None:
    shown = (await visitor.run("question_page", number=1))["thread"]
    assert (shown["title"], shown["slug"]) == ("How do I tie a <knot> that holds?", "how-do-i-tie-a-knot-that-holds")
    assert [tag["name"] for tag in shown["tags"]] == ["ropes", "knots"]
    assert (shown["question"]["score"], shown["question"]["author"]["name"]) == (3, "Ann")
    assert [answer["score"] for answer in shown["answers"]["nodes"]] == [5, -1]


async def test_threads_keep_their_numbers_times_and_views(forum: str) -> None:
    assert sorted([each.id for each in await models.Thread.all()]) == [1, 4, 6, 13, 14, 15, 19, 20]
    kept = await thread(1)
    assert kept.created_at.isoformat() == "2012-03-02T12:00:00.123000+00:00"
    assert kept.last_activity_at.isoformat() == "2012-04-02T12:00:00.500000+00:00"
    assert (kept.view_count, kept.answer_count, kept.score) == (120, 2, 3)


async def test_a_missing_title_is_taken_from_the_text(forum: str) -> None:
    assert (await thread(6)).title == "This one has no title, and tells more than a title would: every word of it…"


async def test_tags_are_read_in_the_old_form_and_in_the_new(forum: str) -> None:
    async def tags_of(number: int) -> list[str]:
        links = await models.ThreadTag.filter(thread_id=number).order_by("position").select_related("tag")
        return [link.tag.name for link in links]

    assert await tags_of(1) == ["ropes", "knots"]
    assert await tags_of(4) == ["knots", "c++", "тег"]
    assert await tags_of(15) == ["knots"]


async def test_tag_wikis_become_descriptions(forum: str) -> None:
    described = dict(await models.Tag.all().values_list("name", "description"))
    assert described["ropes"] == "About ropes.\n\nRopes are *long*."
    assert (described["knots"], described["never-used"]) == (None, None)


async def test_a_score_is_exactly_the_dumps_and_votes_explain_it_as_far_as_they_can(forum: str) -> None:
    async def votes(number: int) -> tuple[int, int, int, int, int]:
        it = await post(number)
        return it.score, it.up_votes, it.down_votes, it.imported_up_votes, it.imported_down_votes

    assert await votes(1) == (3, 4, 1, 4, 1)
    assert await votes(2) == (-1, 0, 1, 0, 1)
    assert await votes(3) == (5, 5, 0, 5, 0)  # Votes.xml has one
    assert not await models.Vote.exists()


async def test_an_accepted_answer_is_the_best_if_it_answers_that_question(forum: str) -> None:
    best = await models.Post.filter(is_best=True)
    assert [(each.id, each.thread_id, each.is_best_imported) for each in best] == [(3, 1, True)]


async def test_an_answer_may_be_older_than_its_question(forum: str) -> None:
    assert (await post(16)).thread_id == 20
    assert (await thread(20)).answer_count == 1


async def test_a_post_without_a_type_is_known_by_its_attributes(forum: str) -> None:
    assert ((await post(12)).kind, (await post(19)).kind) == (PostKind.ANSWER, PostKind.QUESTION)


async def test_authors_that_are_lost_keep_their_names(forum: str) -> None:
    assert ((await post(3)).author_id, (await post(3)).author_name) == (None, "Gone Person")
    assert ((await post(4)).author_id, (await post(4)).author_name) == (None, "user99")
    assert ((await post(1)).author_id, (await post(1)).author_name) == (1, None)
    [lost] = await comments_on(2)
    assert (lost.author_id, lost.author_name) == (None, "Somebody Lost")


async def test_the_html_of_a_body_is_kept_and_made_safe(forum: str) -> None:
    body = (await post(1)).body_html
    assert "Which knot 🩢 <em>holds</em>?\N{REPLACEMENT CHARACTER} 3 &lt; 4" in body
    assert '<a href="https://example.org/a_b" rel="ugc nofollow noopener noreferrer">that</a>' in body
    assert not re.search("script|onclick|alert", body)


async def test_the_markdown_of_a_body_is_the_newest_in_its_history(forum: str) -> None:
    assert (await post(1)).body == "Which knot 🩢 *holds*?\n\n3 < 4"
    assert (await post(3)).body == "The **bowline**."


async def test_the_markdown_of_a_body_without_history_is_made_from_its_html(forum: str) -> None:
    assert (await post(16)).body == "I was here before my question: two were merged."
    assert ((await post(12)).body, (await post(19)).body) == ("", "")


async def test_edits_become_revisions(forum: str) -> None:
    revisions = await models.Revision.all().order_by("post_id", "number")
    assert [(each.post_id, each.number, each.editor_id, each.comment) for each in revisions] == [
        (1, 1, 1, None),
        (1, 2, 2, "a better title"),
        (1, 3, None, None),
        (1, 4, 2, "Rollback to [a1]"),
    ]
    assert [each.title for each in revisions] == ["How do I tie a knot?"] + ["How do I tie a <knot> that holds?"] * 3
    assert [each.tags for each in revisions] == [["ropes"], ["ropes"], ["ropes", "knots"], ["ropes", "knots"]]
    assert ["🩢" in each.body for each in revisions] == [False, False, True, True]
    assert "script" in revisions[2].body
    assert "script" not in revisions[2].body_html
    edited = await post(1)
    assert (edited.editor_id, str(edited.edited_at), edited.version) == (2, "2012-03-05 12:00:00+00:00", 1)


async def test_closed_questions_say_when_why_and_by_whom(forum: str) -> None:
    duplicate = await thread(4)
    assert duplicate.duplicate_of is not None
    assert (duplicate.close_reason, duplicate.duplicate_of.id) == (ClosureReason.DUPLICATE, 1)
    assert (duplicate.closed_by_id, str(duplicate.closed_at)) == (3, "2012-06-01 08:00:00+00:00")
    unexplained = await thread(13)
    assert unexplained.close_reason is ClosureReason.OTHER
    assert unexplained.close_note is None
    told_by_history = await thread(14)
    assert (told_by_history.close_reason, told_by_history.closed_by_id) == (ClosureReason.OTHER, 2)
    assert told_by_history.close_note == "Closed as primarily opinion-based."


async def test_what_was_opened_again_or_is_only_linked_as_a_duplicate_is_open(forum: str) -> None:
    assert ((await thread(15)).closed_at, (await thread(6)).closed_at) == (None, None)


async def test_a_comment_shows_what_it_showed(forum: str) -> None:
    code, below_zero, unicycle = await comments_on(1)
    assert code.body_html == (
        "<p>Use a List&lt;String&gt;, <code>&lt;b&gt;</code>, <em>or</em> 5 &lt; 6 &amp;amp; so on.</p>"
    )
    assert code.body_text == "Use a List<String>, <b>, or 5 < 6 &amp; so on."
    assert (code.score, below_zero.score, below_zero.down_votes, unicycle.body) == (2, -2, 2, "🚲")
    assert (await post(1)).comment_count == 3
    [attack] = await comments_on(2)
    assert "<script" not in attack.body_html
    assert attack.body_text == "@ann see <script>alert(1)</script>"


async def test_names_are_told_apart_and_the_best_known_keeps_theirs(forum: str) -> None:
    names = dict(await models.User.all().values_list("id", "name"))
    assert (names[1], names[10], names[3]) == ("Ann", "Ann (10)", "\N{CYRILLIC CAPITAL LETTER A}nn (3)")
    assert (names[7], names[2]) == ("Ann (2)", "ann (2, 2)")


async def test_a_name_of_any_characters_is_shown_if_it_can_be_seen(forum: str) -> None:
    names = dict(await models.User.all().values_list("id", "name"))
    assert (names[4], names[6]) == ("user 4", "user 6")
    assert (names[5], names[8]) == ("𝒟ora 🚲", "Two lines")
    assert names[9].startswith("x" * 40 + "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}")


async def test_profiles_are_safe_to_show(forum: str) -> None:
    ann = await user(1)
    assert ann.about_html == ('<p>Ropes &amp; <b>knots</b> <a rel="ugc nofollow noopener noreferrer">x</a></p>')
    assert (ann.location, ann.website) == ("Nowhere at all", "https://ann.example.org/")
    assert ann.avatar_url == "https://img.example.org/ann.png"
    assert ((await user(2)).website, (await user(3)).website) == (None, None)
    assert not await models.User.filter(email__isnull=False).exists()
    assert not await models.User.filter(password_hash__isnull=False).exists()


async def test_reputation_is_an_opening_entry_in_the_ledger(forum: str) -> None:
    entries = dict(await models.PointsEntry.all().values_list("user_id", "amount"))
    assert entries == {1: 1500, 2: 10, 3: 5, 4: 3, 6: 2, 7: 5, 9: 1, 10: 400, 11: 1}
    entry = await models.PointsEntry.get(user_id=1)
    assert (entry.reason, entry.total, entry.rules_id) == (PointsReason.IMPORTED, 1500, 1)
    assert str(entry.created_at) == "2011-01-02 10:00:00+00:00"
    assert (await user(1)).points == 1500


async def test_the_site_itself_is_a_user_too(forum: str) -> None:
    community = await models.User.get(name="Community")
    assert community.id == 11  # -1 is no id of ours: the first number beyond all others
    assert (await post(20)).author_id == community.id
