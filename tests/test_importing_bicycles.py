"""A real site's whole dump, where it lies beside the checkout, and what an independent count of its XML found."""

import json
from collections.abc import Iterator
from typing import Any
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

import defusedxml.sax
import pytest
from command_line import copied, qa
from dumps.contents import everything

import models
from models import PostKind
from settings import ROOT

DUMP = ROOT.parent / "shared" / "data" / "stackexchange" / "bicycles-meta"

pytestmark = pytest.mark.skipif(not DUMP.exists(), reason="The dump of bicycles.meta.stackexchange.com is not here")


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    """The independent count."""
    found: dict[str, Any] = json.loads((DUMP / "truth.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def posts() -> dict[int, dict[str, str]]:
    """The rows of Posts.xml that are questions and answers."""

    class Collector(ContentHandler):
        def __init__(self) -> None:
            super().__init__()
            self.rows: dict[int, dict[str, str]] = {}

        def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
            if name == "row" and attrs["PostTypeId"] in "12":
                self.rows[int(attrs["Id"])] = dict(attrs.items())

    collector = Collector()
    defusedxml.sax.parse(str(DUMP / "Posts.xml"), collector)
    return collector.rows


@pytest.fixture(scope="module")
def migrated_template(migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database to copy for each test: with the site imported."""
    with copied(migrated_template, "bicycles", tmp_path_factory.mktemp("bicycles")) as url:
        imported = qa(url, "import", "stackexchange", str(DUMP))
        assert (imported.status, imported.errors) == (0, "")
        assert "163 votes on posts that are not in the dump" in imported.output
        yield url


async def threads_by(order: str, column: str) -> list[list[int]]:
    """The first twenty threads of a list, and what it is ordered by."""
    rows = await models.Thread.all().order_by(order, "id").limit(20).values_list("id", column)
    return [list(row) for row in rows]


def test_it_is_sound_and_again_changes_nothing(forum_url: str) -> None:
    before = everything(forum_url)
    assert qa(forum_url, "import", "stackexchange", str(DUMP)).status == 0
    assert everything(forum_url) == before
    assert "BROKEN" not in qa(forum_url, "check").output


async def test_every_score_is_exact(forum: str, truth: dict[str, Any], posts: dict[int, dict[str, str]]) -> None:
    counted = models.Post.exclude(kind=PostKind.COMMENT).order_by("id")
    scores = {row[0]: list(row[1:]) for row in await counted.values_list("id", "up_votes", "down_votes", "score")}
    assert scores == {number: truth["score"]["per_post"][str(number)][:3] for number in posts}


async def test_answers_and_accepted_answers_are_those_of_the_dump(forum: str, truth: dict[str, Any]) -> None:
    counts = await models.Thread.all().values_list("id", "answer_count")
    best = await models.Post.filter(is_best=True).values_list("thread_id", "id")
    assert {str(number): count for number, count in counts} == truth["answers"]["answer_count"]
    assert {str(number): answer for number, answer in best} == truth["answers"]["accepted"]


async def test_comments_are_all_there(forum: str, truth: dict[str, Any], posts: dict[int, dict[str, str]]) -> None:
    comments = models.Post.filter(kind=PostKind.COMMENT)
    counts = dict(await models.Post.exclude(kind=PostKind.COMMENT).values_list("id", "comment_count"))
    assert counts == {number: int(row["CommentCount"]) for number, row in posts.items()}
    assert sum([comment.score for comment in await comments]) == truth["comments"]["sum_score"]


async def test_tags_are_counted_right(forum: str, truth: dict[str, Any]) -> None:
    used = await models.Tag.filter(thread_count__gt=0).values_list("name", "thread_count")
    assert dict(used) == truth["tags"]["counts_from_questions"]
    assert await models.Tag.all().count() == truth["tags"]["rows_in_Tags.xml"]


async def test_lists_begin_with_the_right_threads(forum: str, truth: dict[str, Any]) -> None:
    lists = truth["lists"]
    assert [number for number, _ in await threads_by("-created_at", "score")] == lists["newest20"]
    assert await threads_by("-view_count", "view_count") == lists["most_viewed20"]
    assert await threads_by("-score", "score") == lists["hot_top20_questions_by_score_[id,score]"]
    assert await threads_by("-answer_count", "answer_count") == lists["most_answered20"]


async def test_authors_without_an_account_keep_their_names(forum: str, posts: dict[int, dict[str, str]]) -> None:
    lost = models.Post.filter(author_id=None).exclude(kind=PostKind.COMMENT)
    names = dict(await lost.values_list("id", "author_name"))
    assert len(names) == 41
    assert names == {number: row["OwnerDisplayName"] for number, row in posts.items() if row.get("OwnerUserId") is None}


async def test_reputations_are_exact_and_the_best_known_keep_their_names(forum: str, truth: dict[str, Any]) -> None:
    top = await models.User.all().order_by("-points", "id").limit(20).values_list("id", "name", "points")
    assert [list(row) for row in top] == truth["users"]["top20_by_reputation_[id,name,rep]"]
    assert sum([user.points for user in await models.User.all()]) == truth["users"]["sum_reputation"]


async def test_closed_questions_are_those_of_the_dump(forum: str, truth: dict[str, Any]) -> None:
    closed = await models.Thread.filter(closed_at__isnull=False).order_by("id")
    assert [thread.id for thread in closed] == truth["oddities"]["closed_questions"]
    assert len([thread for thread in closed if thread.duplicate_of_id]) == 9
