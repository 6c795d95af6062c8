"""`qa seed`: the sample forum, as its first visitor finds it."""

from collections.abc import Iterator

import pytest
from clients import Client
from command_line import copied, qa


@pytest.fixture(scope="module")
def migrated_template(migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database to copy for each test: seeded."""
    with copied(migrated_template, "seeded", tmp_path_factory.mktemp("seeded")) as url:
        seeded = qa(url, "seed")
        assert (seeded.status, seeded.errors) == (0, "")
        assert seeded.output.endswith("Sign in as demo, with the password demo-password")
        yield url


async def test_the_first_thread_is_the_one_to_look_at(visitor: Client) -> None:
    thread = (await visitor.run("question_page", number=1))["thread"]
    question, [answer] = thread["question"], thread["answers"]["nodes"]
    assert thread["category"]["name"] == "Psychotherapists"
    assert (question["score"], question["author"]["pointsCompact"]) == (14, "6.7k")
    assert (answer["score"], answer["author"]["pointsCompact"]) == (9, "6.8k")


async def test_there_is_something_of_everything(visitor: Client) -> None:
    site = (await visitor.post("{ site { threadCount answerCount commentCount userCount } }"))["data"]["site"]
    assert all(count > 10 for count in site.values()), site


async def test_the_visitor_can_sign_in_as_the_one_that_is_named(visitor: Client) -> None:
    signed_in = await visitor.do("sign_in", login="demo", password="demo-password")
    assert signed_in["viewer"] == {"user": {"name": "demo"}}


def test_what_was_seeded_is_sound(forum_url: str) -> None:
    checked = qa(forum_url, "check")
    assert (checked.status, checked.errors, "BROKEN" in checked.output) == (0, "", False)


def test_a_database_that_is_not_empty_is_refused(forum_url: str) -> None:
    refused = qa(forum_url, "seed")
    assert refused.status == 1
    assert refused.errors == "The database is not empty: seeding would mix invented posts with real ones."


def test_if_empty_leaves_a_full_database_as_it_is(forum_url: str) -> None:
    before = qa(forum_url, "check").output
    again = qa(forum_url, "seed", "--if-empty")
    assert (again.status, again.output) == (0, "Sign in as demo, with the password demo-password")
    assert qa(forum_url, "check").output == before
