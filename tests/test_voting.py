"""Voting: a vote set to a value, over real HTTP."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from clients import Client
from crowd import answered_by, asked_by, commented_by, member, members, points_of

import models
from models import ClosureReason, PostState, VoteValue
from schema.nodes import global_id
from services import audit, voting
from services.errors import NotFound, NotPermitted


async def counts(voter: Client, post: models.Post, value: str) -> tuple[Any, ...]:
    """Cast a vote; the post's counts, the viewer's vote and the version after it."""
    result = await voter.do("cast_vote", postId=global_id(post), value=value)
    assert result["__typename"] == "CastVotePayload", result
    return tuple(result["post"][name] for name in ("upVotes", "downVotes", "score", "viewerVote", "version"))


async def test_a_vote_is_set_switched_and_taken_back(visitor: Client) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    _, question = await asked_by(ann)
    assert await counts(bob, question, "UP") == (1, 0, 1, "UP", 2)
    assert await counts(bob, question, "DOWN") == (0, 1, -1, "DOWN", 3)
    assert await counts(bob, question, "NONE") == (0, 0, 0, "NONE", 4)
    assert await counts(bob, question, "DOWN") == (0, 1, -1, "DOWN", 5)
    assert await models.Vote.all().count() == 1


async def test_the_same_vote_again_changes_nothing(visitor: Client) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    _, question = await asked_by(ann)
    assert await counts(bob, question, "NONE") == (0, 0, 0, "NONE", 1)
    assert await models.Vote.all().count() == 0
    await counts(bob, question, "UP")
    [before] = await models.Vote.all().values()
    entries = await models.PointsEntry.all().count()
    assert await counts(bob, question, "UP") == (1, 0, 1, "UP", 2)
    assert await models.Vote.all().values() == [before]
    assert await models.PointsEntry.all().count() == entries
    await counts(bob, question, "NONE")
    assert await counts(bob, question, "NONE") == (0, 0, 0, "NONE", 3)


async def test_a_vote_is_paid_to_both_and_told_with_the_authors_new_points(visitor: Client) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    thread, question = await asked_by(ann)
    answer = await answered_by(ann, thread)
    for post, points in ((question, 100 + 60 + 10), (answer, 100 + 60 + 10 + 20)):
        voted = await bob.do("cast_vote", postId=global_id(post), value="UP")
        assert voted["post"]["author"] == {"id": global_id(ann), "points": points}
    assert (await bob.run("viewer"))["viewer"]["user"]["points"] == 120


async def test_a_vote_on_a_question_moves_its_threads_score_and_one_on_an_answer_does_not(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    thread, question = await asked_by(ann)
    answer = await answered_by(ann, thread)
    await voting.cast_vote(bob, answer.id, VoteValue.UP)
    assert (await models.Thread.get(id=thread.id)).score == 0
    await voting.cast_vote(bob, question.id, VoteValue.DOWN)
    assert (await models.Thread.get(id=thread.id)).score == -1


async def test_comments_are_voted_on_too(visitor: Client) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    _, question = await asked_by(ann)
    comment = await commented_by(ann, question)
    assert await counts(bob, comment, "UP") == (1, 0, 1, "UP", 2)


async def test_nobody_votes_on_their_own_post(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    _, question = await asked_by(await models.User.get(name="ann"))
    for value in ("UP", "DOWN", "NONE"):
        assert await ann.do("cast_vote", postId=global_id(question), value=value) == {
            "__typename": "NotPermitted",
            "message": "Nobody votes on their own posts.",
            "permission": {"allowed": False, "reason": "OWN_POST"},
        }
    assert await models.Vote.all().count() == 0


async def test_a_visitor_is_asked_to_sign_in(visitor: Client) -> None:
    _, question = await asked_by(await member("ann"))
    assert await visitor.do("cast_vote", postId=global_id(question), value="UP") == {
        "__typename": "NotPermitted",
        "message": "Sign in to vote.",
        "permission": {"allowed": False, "reason": "SIGN_IN"},
    }


async def test_a_vote_on_what_is_no_post_finds_nothing(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    thread, question = await asked_by(await member("bob"))
    unknown = global_id(models.Post(id=question.id + 1))
    what = "the id of a post: a question, an answer or a comment"
    for wanted, message in (
        (unknown, "There is no such post."),
        (global_id(thread), f"'{global_id(thread)}' is not {what}: it names a Thread."),
        ("nonsense", f"'nonsense' is not {what}: it names nothing here."),
        ("", f"'' is not {what}: it names nothing here."),
    ):
        result = await ann.do("cast_vote", postId=wanted, value="UP")
        assert result == {"__typename": "NotFound", "message": message}


async def test_a_value_that_is_none_is_refused_before_anything_happens(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    answer = await ann.post(
        "mutation ($input: CastVoteInput!) { castVote(input: $input) { __typename } }",
        {"input": {"postId": "x", "value": "SIDEWAYS"}},
    )
    assert "SIDEWAYS" in answer["errors"][0]["message"]
    assert answer.get("data") is None


@pytest.mark.parametrize("state", [PostState.HIDDEN, PostState.QUEUED])
async def test_nobody_votes_on_what_they_cannot_see(forum: str, state: PostState) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    await models.Post.filter(id=question.id).update(state=state)
    with pytest.raises(NotFound, match=r"^There is no such post\.$"):
        await voting.cast_vote(bob, question.id, VoteValue.UP)


async def test_in_a_closed_thread_votes_go_on(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    thread, question = await asked_by(ann)
    await models.Thread.filter(id=thread.id).update(closed_at=datetime.now(UTC), close_reason=ClosureReason.RESOLVED)
    assert (await voting.cast_vote(bob, question.id, VoteValue.UP)).score == 1


async def test_a_refused_vote_leaves_no_trace(forum: str) -> None:
    ann = await member("ann")
    _, question = await asked_by(ann)
    with pytest.raises(NotPermitted):
        await voting.cast_vote(ann, question.id, VoteValue.UP)
    assert await points_of(ann) == 120
    assert (await models.Post.get(id=question.id)).version == 1


async def test_votes_of_many_at_once_on_one_post_are_counted_exactly(forum: str) -> None:
    ann = await member("ann")
    _, question = await asked_by(ann)
    voters = await members(15)
    await asyncio.gather(
        *(
            voting.cast_vote(voter, question.id, VoteValue.DOWN if index % 3 == 0 else VoteValue.UP)
            for index, voter in enumerate(voters)
        )
    )
    post = await models.Post.get(id=question.id)
    assert (post.up_votes, post.down_votes, post.score, post.version) == (10, 5, 5, 16)
    assert await points_of(ann) == 120 + 100 - 30
    assert [await points_of(voter) for voter in voters] == [110] * 15
    assert [finding.name async for finding in audit.check() if finding.offenders] == []


async def test_a_users_own_haste_is_one_vote(visitor: Client) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    _, question = await asked_by(ann)
    results = await asyncio.gather(*(bob.do("cast_vote", postId=global_id(question), value="UP") for _ in range(6)))
    assert [result["post"]["upVotes"] for result in results] == [1] * 6
    assert (await models.Post.get(id=question.id)).version == 2
    assert (await points_of(ann), await models.Vote.all().count()) == (130, 1)


async def test_neighbours_who_vote_for_each_other_at_once_do_not_wait_for_ever(forum: str) -> None:
    people = await members(6)
    posts = [(await asked_by(person))[1] for person in people]
    await asyncio.gather(
        *(
            voting.cast_vote(person, post.id, VoteValue.UP)
            for person in people
            for post in posts
            if post.author_id != person.id
        )
    )
    assert [await points_of(person) for person in people] == [120 + 5 * 10 + 5 * 10] * 6
    assert [finding.name async for finding in audit.check() if finding.offenders] == []
