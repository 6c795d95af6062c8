"""Answers to visitors are kept until what they show changes, and not a moment longer."""

import asyncio
from collections.abc import Iterator
from time import sleep
from typing import Any

import pytest
from clients import Client, document
from crowd import WORDS, answered_by, asked_by, category_at, commented_by, members
from keeping import body_of, is_kept, keeping, posted
from random_documents import Asked

import models
import server
from models import VoteValue
from schema.nodes import global_id
from services import voting
from services.changes import ANY, ROW, Change, Read
from settings import settings
from transports.answers import Answer, Answers


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """What the endpoint keeps, as long as nothing changes."""
    with keeping(monkeypatch) as kept:
        yield kept


async def test_what_was_asked_before_needs_no_statement_until_something_in_it_changes(
    visitor: Client, answers: Answers, statements: list[str]
) -> None:
    ann, bob, carl = await members(3)
    thread, _ = await asked_by(ann, tags=("plants",))
    answer = await answered_by(bob, thread)
    first = await visitor.run("question_page", number=thread.id)
    statements.clear()
    assert await visitor.run("question_page", number=thread.id) == first
    assert statements == []
    await voting.cast_vote(carl, answer.id, VoteValue.UP)
    [shown] = (await visitor.run("question_page", number=thread.id))["thread"]["answers"]["nodes"]
    assert shown["score"] == 1
    assert shown["author"]["pointsCompact"] != first["thread"]["answers"]["nodes"][0]["author"]["pointsCompact"]


@pytest.mark.usefixtures("forum")
async def test_what_changes_elsewhere_leaves_an_answer_where_it_is(answers: Answers) -> None:
    ann, bob, carl, dan = await members(4)
    await category_at("garden")
    old, old_question = await asked_by(ann, "What was asked first of all?")
    new, _ = await asked_by(bob, "What was asked after that?", "garden", ("soil",))
    pages = {
        "the newest": Asked(document("home"), {"orderBy": "NEWEST", "first": 1}),
        "the best": Asked(document("home"), {"orderBy": "VOTES", "first": 1}),
        "the new one": Asked(document("question_page"), {"number": new.id}),
        "the old one": Asked(document("question_page"), {"number": old.id}),
        "the garden": Asked(document("category_page"), {"path": "garden"}),
        "soil": Asked(document("tag_page"), {"name": "soil"}),
        "bob": Asked(document("points_history"), {"name": "member 2"}),
        "what is next": Asked(document("thread_answers"), {"number": new.id + 1}),
        "the site": Asked(document("site_name")),
    }

    async def gone_after(deed: Any) -> set[str]:
        for asked in pages.values():
            await posted(body_of(asked))
        assert all(is_kept(answers, body_of(asked)) for asked in pages.values())
        await deed
        return {name for name, asked in pages.items() if not is_kept(answers, body_of(asked))}

    assert await gone_after(voting.cast_vote(carl, old_question.id, VoteValue.UP)) == {"the best", "the old one"}
    assert await gone_after(voting.cast_vote(carl, old_question.id, VoteValue.UP)) == set()
    assert await gone_after(commented_by(dan, old_question)) == {"the best", "the old one"}
    assert await gone_after(answered_by(dan, old)) == {"the best", "the old one"}
    # What it pays changes all that shows bob's points.
    showing_bob = {"the newest", "the new one", "bob"}
    assert await gone_after(answered_by(bob, old)) == {"the best", "the old one", *showing_bob}
    # One without votes is not the best; but it might have been.
    asked = asked_by(carl, "What will be asked next of all?")
    assert await gone_after(asked) == {"the newest", "the best", "what is next", "the garden", "soil"}


async def test_a_visitor_and_a_user_never_get_each_others_answers(visitor: Client, answers: Answers) -> None:
    ann = await visitor.sign_up("ann")
    for _ in range(2):
        assert await visitor.run("who_am_i") == {"viewer": None}
        assert await ann.run("who_am_i") == {"viewer": {"user": {"name": "ann"}}}
        by_cookie = await visitor.http.post(
            "/graphql",
            json={"query": document("who_am_i"), "variables": {}},
            headers={"cookie": f"session={ann.token}"},
        )
        assert by_cookie.json()["data"] == {"viewer": {"user": {"name": "ann"}}}
    assert len(answers) == 1


async def test_only_what_was_read_without_errors_is_kept(visitor: Client, answers: Answers) -> None:
    for query in (
        "{ site { name } tags(first: -1) { nodes { name } } }",
        "{ nothing }",
        "{",
        "mutation { signOut { signedOut } }",
        "{ __schema { queryType { name } } }",
    ):
        await visitor.post(query)
    assert len(answers) == 0
    await visitor.post("{ __typename }")
    assert len(answers) == 1


async def test_the_same_in_another_media_type_is_another_answer(visitor: Client, answers: Answers) -> None:
    body = {"query": document("site_name")}
    for accept in ("application/json", "application/graphql-response+json") * 2:
        response = await visitor.http.post("/graphql", json=body, headers={"accept": accept})
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert len(answers) == 2


READ = [Read("post", "thread_id", [7], frozenset({"score"}))]
SEEN = [Read("post", ROW, [1, 2], frozenset({"score"}))]


def kept(body: bytes = b"") -> Answer:
    return Answer(200, [], body)


@pytest.mark.parametrize(
    ("reads", "change", "is_forgotten"),
    [
        (READ, Change("post", frozenset({"score"}), {ROW: 1, "thread_id": 7}), True),
        (READ, Change("post", frozenset({"body"}), {ROW: 1, "thread_id": 7}), False),
        (READ, Change("post", frozenset({"score"}), {ROW: 1, "thread_id": 8}), False),
        (READ, Change("thread", frozenset({"score"}), {ROW: 7}), False),
        (READ, Change("post", None, {ROW: 1, "thread_id": 7}), True),
        (READ, Change("post", None, {ROW: 1, "thread_id": 8}), False),
        # Which thread it belongs to is not known, or has just changed.
        (READ, Change("post", frozenset({"score"}), {ROW: 1}), True),
        (READ, Change("post", frozenset({"score", "thread_id"}), {ROW: 1, "thread_id": 8}), True),
        ([Read("post", ANY, [None], frozenset())], Change("post", frozenset({"score"}), {ROW: 1}), False),
        ([Read("post", ANY, [None], frozenset())], Change("post", None, {ROW: 1}), True),
        (SEEN, Change("post", frozenset({"score"}), {ROW: 2}), True),
        (SEEN, Change("post", frozenset({"score"}), {ROW: 3}), False),
        # A new row whose key nobody was told: none has seen it, but somebody may have looked for it.
        (SEEN, Change("post", None, {ROW: None}), False),
        ([Read("post", "id", [1], frozenset({"score"}))], Change("post", None, {ROW: None}), True),
    ],
)
def test_a_change_concerns_who_may_have_seen_the_row(reads: list[Read], change: Change, is_forgotten: bool) -> None:
    answers = Answers(2**20, seconds=60)
    answers.put((b"page",), kept(), reads, since=0)
    answers.hear(change)
    assert (answers.get((b"page",)) is None) == is_forgotten
    late = Answers(2**20, seconds=60)
    late.hear(change)  # while the answer was being made
    late.put((b"page",), kept(), reads, since=0)
    assert (late.get((b"page",)) is None) == is_forgotten


def test_what_was_made_before_more_changes_than_are_remembered_is_not_kept() -> None:
    answers = Answers(2**20, seconds=60)
    for _ in range(5_000):
        answers.hear(Change("vote", frozenset(), {}))
    answers.put((b"page",), kept(), READ, since=10)
    assert len(answers) == 0
    answers.put((b"page",), kept(), READ, since=4_900)
    assert len(answers) == 1


def test_what_was_not_asked_for_longest_gives_way() -> None:
    answers = Answers(2**20, seconds=60)
    for number in range(100):
        answers.put((b"%d" % number,), kept(b"x" * 30_000), READ, since=0)
        assert answers.get((b"0",)) is not None
        assert answers.weight <= 2**20
    assert 20 < len(answers) < 35
    assert answers.get((b"1",)) is None
    answers.put((b"huge",), kept(b"x" * 100_000), READ, since=0)
    assert answers.get((b"huge",)) is None
    answers.hear(Change("post", None, {ROW: 1, "thread_id": 7}))
    assert (len(answers), answers.weight, answers._index) == (0, 0, {"post": {}})


def test_what_is_too_old_leaves_nothing_behind() -> None:
    answers = Answers(2**20, seconds=0.01)
    answers.put((b"old",), kept(), READ, since=0)
    sleep(0.02)
    answers.put((b"new",), kept(), [Read("thread", ROW, [1], frozenset())], since=0)
    assert (len(answers), answers._index["post"]) == (1, {})
    sleep(0.02)
    assert answers.get((b"new",)) is None
    assert (len(answers), answers.weight) == (0, 0)


async def test_what_others_change_is_seen_after_some_seconds(monkeypatch: pytest.MonkeyPatch, visitor: Client) -> None:
    with keeping(monkeypatch, seconds=0.2):
        assert (await visitor.run("site_name"))["site"]["name"] == "Plainspoken"
        await models.Site.all().update(name="Another")  # as another process would
        assert (await visitor.run("site_name"))["site"]["name"] == "Plainspoken"
        await asyncio.sleep(0.3)
        assert (await visitor.run("site_name"))["site"]["name"] == "Another"


async def test_the_server_keeps_answers_as_its_settings_say(forum_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "database_url", forum_url)
    for says, keeps in ((True, True), (False, False)):
        monkeypatch.setattr(settings(), "response_cache", says)
        async with server.lifespan(server.app):
            assert (server.graphql.answers is not None) == keeps
        assert server.graphql.answers is None


@pytest.mark.usefixtures("answers")
async def test_what_a_visitor_may_do_yet_is_told_to_nobody_else(visitor: Client, setting: Any) -> None:
    setting(rate_limits=True, trusted_proxies=["127.0.0.1"])
    [ann] = await members(1)
    thread, _ = await asked_by(ann)
    asks = f"{{ thread(number: {thread.id}) {{ viewerCan(action: ANSWER) {{ remaining }} }} }}"

    async def remaining(address: str) -> int:
        headers = {"x-forwarded-for": address}
        answer = await visitor.http.post("/graphql", json={"query": asks}, headers=headers)
        return int(answer.json()["data"]["thread"]["viewerCan"]["remaining"])

    before = await remaining("192.0.2.1")
    body = {"query": document("post_answer"), "variables": {"input": {"threadId": global_id(thread), "body": WORDS}}}
    posted = await visitor.http.post("/graphql", json=body, headers={"x-forwarded-for": "192.0.2.1"})
    assert posted.json()["data"]["postAnswer"]["__typename"] == "PostAnswerPayload"
    visitor.http.cookies.clear()
    assert [await remaining(f"192.0.2.{number}") for number in (1, 2, 1)] == [before - 1, before, before - 1]
