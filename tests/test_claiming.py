"""Claiming: what was written without an account becomes the account's, with the points, all of it or nothing."""

from typing import Any

import pytest
from clients import Client
from crowd import asked_by, member, points_of, question_of, words

import models
from models import FlagReason, PointsReason, PostState, VoteValue
from models.database import transaction
from schema.nodes import global_id
from services import audit, choosing, claiming, claims, clock, origin, posting, quotas, voting
from services.actors import Writer
from services.errors import InvalidInput, NotPermitted, RateLimited
from services.settling import settled
from settings import settings

WRITER = Writer("a" * 64)


async def written() -> tuple[models.Post, models.Post, models.Post]:
    """A question, an answer and a comment in one thread, all by one writer without an account."""
    thread = await posting.ask_question(WRITER, posting.Asked("Whose is this, then?", "Mine."), posting.Beside("Mary"))
    question = await question_of(thread)
    _, answer = await posting.post_answer(WRITER, thread.id, words())
    _, comment = await posting.post_comment(WRITER, question.id, words())
    return question, answer, comment


def token_of(post: models.Post) -> str:
    token = claims.token_of(post)
    assert token is not None
    return token


async def wrong() -> list[str]:
    return [finding.name async for finding in audit.check() if finding.offenders]


async def test_posts_are_claimed_with_their_points_in_the_order_given(visitor: Client) -> None:
    ann, bob = await visitor.sign_up("ann"), await member("bob")
    question, answer, comment = await written()
    for post in (question, answer):
        await voting.cast_vote(bob, post.id, VoteValue.UP)
    await choosing.choose_best_answer(WRITER, question.thread_id, answer.id)
    tokens = [token_of(post) for post in (answer, comment, question, answer)]
    claimed = await ann.do("claim_posts", tokens=tokens)
    # For joining, asking and a vote on that, answering and a vote on that, choosing: being chosen by oneself is none.
    points = 100 + 20 + 10 + 40 + 20 + 30
    name = {"name": "ann"}

    def shown(kind: str, post: models.Post, score: int) -> dict[str, Any]:
        return {
            "__typename": kind,
            "id": global_id(post),
            "score": score,
            "viewerVote": "NONE",
            "displayName": "ann",
            "author": name | {"points": points},
            "thread": {"question": {"author": name}},
        }

    assert claimed == {
        "__typename": "ClaimPostsPayload",
        "posts": [shown("Answer", answer, 1), shown("Comment", comment, 0), shown("Question", question, 1)],
    }
    ann_now = await models.User.get(name="ann")
    entries = await models.PointsEntry.filter(user_id=ann_now.id).order_by("id").values_list("reason", "post_id")
    assert sorted(entries) == sorted(
        [
            (PointsReason.JOINED, None),
            (PointsReason.QUESTION_POSTED, question.id),
            (PointsReason.VOTE_RECEIVED, question.id),
            (PointsReason.ANSWER_POSTED, answer.id),
            (PointsReason.VOTE_RECEIVED, answer.id),
            (PointsReason.BEST_ANSWER_CHOSEN, question.id),
        ]
    )
    thread = await models.Thread.get(id=question.thread_id)
    assert (thread.author_id, thread.writer_key) == (ann_now.id, None)
    assert await models.Post.filter(writer_key=WRITER.key).count() == 0
    assert await wrong() == []


async def test_the_claimers_own_votes_and_flags_on_it_do_not_stand(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    question, answer, _ = await written()
    await voting.cast_vote(ann, question.id, VoteValue.DOWN)
    await voting.cast_vote(ann, answer.id, VoteValue.UP)
    await voting.cast_vote(bob, answer.id, VoteValue.UP)
    await models.Flag.create(user=ann, post=answer, reason=FlagReason.SPAM, created_at=clock.now())
    await models.Post.filter(id=answer.id).update(flag_count=1)
    first, second = await claiming.claim_posts(ann, [token_of(question), token_of(answer)])
    assert (first.score, first.down_votes, second.score, second.up_votes, second.flag_count) == (0, 0, 1, 1, 0)
    assert (await models.Thread.get(id=question.thread_id)).score == 0
    assert {vote.value for vote in await models.Vote.filter(user_id=ann.id)} == {VoteValue.NONE}
    assert await points_of(bob) == 110
    assert await wrong() == []
    again = await models.Post.get(id=answer.id)
    with pytest.raises(NotPermitted, match="Nobody votes on their own posts"):
        await voting.cast_vote(ann, again.id, VoteValue.UP)


async def test_every_wrong_token_is_named_and_nothing_is_claimed(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    question, *_ = await written()
    gone = models.Post(id=question.id + 1000, writer_key=WRITER.key)
    message = "This is no claim token of a post here."
    assert await ann.do("claim_posts", tokens=["", token_of(question), token_of(gone), token_of(question) + "x"]) == {
        "__typename": "InvalidInput",
        "message": f"tokens.0: {message} tokens.2: {message} tokens.3: {message}",
        "fields": [{"path": ["tokens", str(index)], "message": message} for index in (0, 2, 3)],
    }
    assert (await models.Post.get(id=question.id)).author_id is None
    with pytest.raises(InvalidInput, match=r"Claim at most 200 posts at once; these are 201\."):
        await claiming.claim_posts(await models.User.get(), [token_of(question)] * 201)


async def test_a_visitor_is_asked_to_sign_in(visitor: Client) -> None:
    question, *_ = await written()
    assert await visitor.do("claim_posts", tokens=[token_of(question)]) == {
        "__typename": "NotPermitted",
        "message": "Sign in to claim what you wrote without an account.",
        "permission": {"allowed": False, "reason": "SIGN_IN"},
    }


async def test_what_belongs_to_an_account_is_not_claimed(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    question, answer, comment = await written()
    tokens = [token_of(post) for post in (question, answer)]
    await claiming.claim_posts(ann, tokens[:1])
    with pytest.raises(NotPermitted, match=r"^This is yours already\.$"):
        await claiming.claim_posts(ann, tokens)
    with pytest.raises(NotPermitted, match=r"^This was not written without an account\.$"):
        await claiming.claim_posts(bob, tokens)
    assert (await models.Post.get(id=answer.id)).author_id is None
    # The others are the writer's still, by the cookie or by a token.
    assert await claims.writer_by(token_of(comment)) == WRITER
    with pytest.raises(InvalidInput, match="This post belongs to an account: sign in to it"):
        await claims.writer_by(tokens[0])


async def test_who_may_not_post_may_not_claim(forum: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await member("ann")
    question, *_ = await written()
    ann.blocked_at = clock.now()
    with pytest.raises(NotPermitted, match="Your account is blocked"):
        await claiming.claim_posts(ann, [token_of(question)])


async def test_what_stands_under_something_hidden_waits_for_that(forum: str) -> None:
    ann = await member("ann")
    question, answer, _ = await written()
    async with transaction(), settled(question.thread_id):
        await models.Post.filter(id=question.id).update(state=PostState.HIDDEN)
    with pytest.raises(NotPermitted, match="What this stands under is hidden"):
        await claiming.claim_posts(ann, [token_of(answer)])
    await claiming.claim_posts(ann, [token_of(question)])
    assert await points_of(ann) == 100
    async with transaction(), settled(question.thread_id):
        await models.Post.filter(id=question.id).update(state=PostState.VISIBLE)
    assert await points_of(ann) == 120
    assert await wrong() == []


async def test_claims_count_as_posts(forum: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await member("ann")
    asked = [await posting.ask_question(WRITER, posting.Asked("Whose is this, then?", words())) for _ in range(11)]
    tokens = [token_of(await question_of(thread)) for thread in asked]
    monkeypatch.setattr(settings(), "rate_limits", True)
    quotas.forget()
    with origin.coming_from("203.0.113.7"):
        with pytest.raises(RateLimited):
            await claiming.claim_posts(ann, tokens)
        await claiming.claim_posts(ann, tokens[:10])
        with pytest.raises(RateLimited):
            await claiming.claim_posts(ann, tokens[10:])
    quotas.forget()
    assert await points_of(ann) == 300
    assert await wrong() == []


async def test_an_answer_to_somebody_else_is_paid_as_the_best_when_it_is_claimed(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    thread, _ = await asked_by(bob)
    _, answer = await posting.post_answer(WRITER, thread.id, words())
    await choosing.choose_best_answer(bob, thread.id, answer.id)
    await claiming.claim_posts(ann, [token_of(answer)])
    assert (await points_of(ann), await points_of(bob)) == (440, 150)
    assert await wrong() == []
