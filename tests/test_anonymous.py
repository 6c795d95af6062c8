"""Posting without an account: under a name or none, known again by a cookie that only our own pages can use."""

import pytest
from clients import Client, document
from crowd import WORDS, asked_by, member, question_of
from keeping import body_of, keeping
from random_documents import Asked

import models
from models import PostState
from schema.nodes import global_id
from services import audit, claims, clock
from settings import settings


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written without an account waits for approval."""
    monkeypatch.setattr(settings(), "hold", frozenset({"anonymous"}))


async def sent(visitor: Client, name: str, cookie: str | None = None, **input: object) -> tuple[dict[str, object], str]:
    """The result of a document with one mutation, and the cookie that came with it."""
    headers = visitor.headers | ({"cookie": cookie} if cookie else {})
    body = {"query": document(name), "variables": {"input": input}}
    response = await visitor.http.post("/graphql", json=body, headers=headers)
    visitor.http.cookies.clear()
    answer = response.json()
    assert "errors" not in answer, answer
    [result] = answer["data"].values()
    return result, response.headers.get("set-cookie", "")


async def test_a_visitor_asks_answers_and_comments_under_a_name_or_none(visitor: Client) -> None:
    asked, _ = await sent(
        visitor, "write_question", title="Who can write here?", body="", anonymous={"displayName": "  Mary  "}
    )
    thread = await models.Thread.get()
    question = await question_of(thread)
    assert asked == {
        "__typename": "AskQuestionPayload",
        "claimToken": claims.token_of(question),
        "thread": {
            "id": global_id(thread),
            "number": thread.id,
            "question": {"id": global_id(question), "displayName": "Mary", "state": "VISIBLE", "author": None},
        },
    }
    answered, _ = await sent(visitor, "write_answer", threadId=global_id(thread), body=WORDS)
    answer = await models.Post.get(kind="answer")
    assert answered == {
        "__typename": "PostAnswerPayload",
        "claimToken": claims.token_of(answer),
        "answer": {"id": global_id(answer), "displayName": "anonymous", "state": "VISIBLE", "author": None},
        "thread": {"answerCount": 1},
    }
    commented, _ = await sent(
        visitor, "write_comment", parentId=global_id(answer), body=WORDS, anonymous={"displayName": "\t"}
    )
    comment = await models.Post.get(kind="comment")
    assert commented == {
        "__typename": "PostCommentPayload",
        "claimToken": claims.token_of(comment),
        "comment": {"id": global_id(comment), "displayName": "anonymous", "state": "VISIBLE", "author": None},
        "parent": {"commentCount": 1},
    }
    assert len({question.writer_key, answer.writer_key, comment.writer_key}) == 3  # three browsers
    assert [finding.name async for finding in audit.check() if finding.offenders] == []


async def test_a_post_of_an_account_has_no_claim_token(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    asked, cookie = await sent(ann, "write_question", title="Who can write here?", body="")
    assert (asked["claimToken"], cookie) == (None, "")


async def test_all_that_is_wrong_is_told_at_once(visitor: Client) -> None:
    thread, _ = await asked_by(await member("ann"))
    refused, _ = await sent(
        visitor,
        "write_answer",
        threadId=global_id(thread),
        body="short",
        anonymous={"displayName": "x" * 41},
        notifyEmail="nobody",
    )
    assert refused["fields"] == [
        {"path": ["body"], "message": "Write at least 12 characters; these are 5."},
        {"path": ["anonymous", "displayName"], "message": "Write at most 40 characters; these are 41."},
        {"path": ["notifyEmail"], "message": "An email address must have an @-sign."},
    ]


async def test_the_cookie_is_kept_from_scripts_and_other_sites_and_lives_a_year(visitor: Client) -> None:
    thread, _ = await asked_by(await member("ann"))
    _, cookie = await sent(visitor, "write_answer", threadId=global_id(thread), body=WORDS)
    kept, *attributes = cookie.split("; ")
    assert kept.startswith("writer=")
    assert set(attributes) == {"HttpOnly", "Max-Age=31536000", "Path=/", "SameSite=lax"}
    _, renewed = await sent(visitor, "write_answer", kept, threadId=global_id(thread), body=f"Once more: {WORDS}")
    assert renewed == cookie
    first, second = await models.Post.filter(kind="answer")
    assert first.writer_key == second.writer_key == claims.writer_of(kept.partition("=")[2]).key


@pytest.mark.usefixtures("held")
async def test_what_waits_is_shown_to_its_writer_from_our_own_pages_and_to_nobody_else(visitor: Client) -> None:
    thread, _ = await asked_by(await member("ann"))
    answered, cookie = await sent(visitor, "write_answer", threadId=global_id(thread), body=WORDS)
    answer = await models.Post.get(kind="answer")
    assert answered["answer"] == {
        "id": global_id(answer),
        "displayName": "anonymous",
        "state": "QUEUED",
        "author": None,
    }
    assert answered["thread"] == {"answerCount": 0}
    body = {"query": "query ($id: ID!) { node(id: $id) { id } }", "variables": {"id": global_id(answer)}}

    async def seen(**headers: str) -> bool:
        response = await visitor.http.post("/graphql", json=body, headers=headers)
        return response.json()["data"]["node"] is not None

    ours = str(visitor.http.base_url).rstrip("/")
    cookie = cookie.partition(";")[0]
    assert await seen(cookie=cookie)
    assert await seen(cookie=cookie, origin=ours)
    assert not await seen(cookie=cookie, origin="https://evil.example")
    assert not await seen(cookie=f"{cookie}x")
    assert not await seen()
    asked, _ = await sent(visitor, "write_question", cookie, title="And a question?", body="")
    assert asked["__typename"] == "AskQuestionPayload"
    assert (await models.Thread.get(title="And a question?")).state is PostState.QUEUED
    assert [finding.name async for finding in audit.check() if finding.offenders] == []


@pytest.mark.usefixtures("held")
async def test_answers_to_a_writer_are_not_kept_for_others(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    thread, _ = await asked_by(await member("ann"))
    page = Asked(document("thread_answers"), {"number": thread.id}, None)

    async def answers(**headers: str) -> int:
        headers["content-type"] = "application/json"
        response = await visitor.http.post("/graphql", content=body_of(page), headers=headers)
        return len(response.json()["data"]["thread"]["answers"]["edges"])

    with keeping(monkeypatch) as kept:
        _, cookie = await sent(visitor, "write_answer", threadId=global_id(thread), body=WORDS)
        cookie = cookie.partition(";")[0]
        assert len(kept) == 0
        assert await answers(cookie=cookie) == 1
        assert len(kept) == 0
        assert await answers() == 0
        assert len(kept) == 1
        assert await answers(cookie=cookie) == 1
        assert await answers() == 0


async def test_a_user_may_post_without_their_account_and_goes_on_with_it(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    thread, question = await asked_by(await member("bob"))
    both = """
        mutation ($answer: PostAnswerInput!, $vote: CastVoteInput!) {
            postAnswer(input: $answer) {
                ... on PostAnswerPayload { claimToken answer { displayName author { name } } }
            }
            castVote(input: $vote) { ... on CastVotePayload { post { viewerVote } } }
        }
    """
    answer = {"threadId": global_id(thread), "body": WORDS, "anonymous": {}}
    vote = {"postId": global_id(question), "value": "UP"}
    data = (await ann.post(both, {"answer": answer, "vote": vote}))["data"]
    post = await models.Post.get(kind="answer")
    assert data == {
        "postAnswer": {"claimToken": claims.token_of(post), "answer": {"displayName": "anonymous", "author": None}},
        "castVote": {"post": {"viewerVote": "UP"}},
    }
    assert post.author_id is None
    assert await models.ReplyNotice.all().count() == 0  # which would name the account
    assert [finding.name async for finding in audit.check() if finding.offenders] == []


async def test_a_blocked_user_does_not_get_past_that_without_their_account(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    await models.User.filter(name="ann").update(blocked_at=clock.now())
    refused, _ = await sent(ann, "write_question", title="Am I blocked here?", body="", anonymous={})
    assert refused["message"] == "Your account is blocked: it can read, and no more."
    assert refused["permission"] == {"allowed": False, "reason": "BLOCKED"}


async def test_over_a_websocket_the_claim_token_is_all_that_a_writer_gets(visitor: Client) -> None:
    thread, _ = await asked_by(await member("ann"))
    async with visitor.socket() as socket:
        await socket.subscribe("write_answer", input={"threadId": global_id(thread), "body": WORDS})
        answered = (await socket.next())["postAnswer"]
    assert answered["claimToken"] == claims.token_of(await models.Post.get(kind="answer"))


async def test_who_has_an_account_needs_no_claim_token_and_gets_none(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    thread, question = await asked_by(await member("bob"))
    asked = await ann.do("write_question", title="Whose question is this one?", body="It is ann's.")
    answered = await ann.do("write_answer", threadId=global_id(thread), body=WORDS)
    commented = await ann.do("write_comment", parentId=global_id(question), body=WORDS)
    assert [each["claimToken"] for each in (asked, answered, commented)] == [None] * 3
