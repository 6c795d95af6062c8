"""Votes that arrive together: one transaction counts them, exactly as if each had been counted alone."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from clients import Client
from crowd import answered_by, asked_by, member, members, points_of

import models
from models import PostState, VoteValue
from models.database import dialect, execute, transaction
from schema.nodes import global_id
from services import audit, clock, tally, voting
from services.errors import NotFound, NotPermitted

UP, DOWN, NONE = VoteValue.UP, VoteValue.DOWN, VoteValue.NONE


async def cast_all(*votes: tuple[models.User | None, int, VoteValue]) -> list[Any]:
    """Cast votes at once; what each gives, be it the post or an exception."""
    return await asyncio.gather(*(voting.cast_vote(*vote) for vote in votes), return_exceptions=True)


async def test_refused_votes_stand_among_counted_ones(forum: str) -> None:
    ann, bob, cid = await members(3)
    thread, question = await asked_by(ann)
    answer = await answered_by(bob, thread)
    await models.Post.filter(id=answer.id).update(state=PostState.HIDDEN)
    results = await cast_all(
        (bob, question.id, UP), (ann, question.id, UP), (None, question.id, UP), (cid, 999, UP), (cid, answer.id, UP),
        (cid, question.id, DOWN),
    )  # fmt: skip
    assert [type(each) for each in results] == [
        models.Post, NotPermitted, NotPermitted, NotFound, NotFound, models.Post,
    ]  # fmt: skip
    post = await models.Post.get(id=question.id)
    assert (post.up_votes, post.down_votes, post.score) == (1, 1, 0)


async def test_a_user_who_changes_their_mind_in_a_batch_has_the_last_vote(forum: str) -> None:
    ann, bob = await members(2)
    _, question = await asked_by(ann)
    results = await cast_all(*((bob, question.id, value) for value in (UP, DOWN, NONE, UP, UP, DOWN)))
    assert {each.actors_vote for each in results} == {DOWN}
    post = await models.Post.get(id=question.id)
    assert (post.up_votes, post.down_votes, post.score, post.version) == (0, 1, -1, 6)
    assert [vote.value for vote in await models.Vote.all()] == [DOWN]
    assert await points_of(bob) == 110
    entries = await models.PointsEntry.filter(user_id=bob.id).order_by("id")
    assert [entry.total for entry in entries] == [100, 110, 100, 110]
    assert [finding.name async for finding in audit.check() if finding.offenders] == []


async def test_each_caller_gets_the_post_with_their_own_vote(forum: str) -> None:
    ann, bob, cid, dan = await members(4)
    _, question = await asked_by(ann)
    results = await cast_all((bob, question.id, UP), (cid, question.id, DOWN), (dan, question.id, NONE))
    assert [each.actors_vote for each in results] == [UP, DOWN, NONE]
    assert {(each.up_votes, each.down_votes, each.version) for each in results} == {(1, 1, 3)}


async def test_a_batch_costs_as_many_statements_as_one_vote(forum: str, statements: list[str]) -> None:
    asker, *voters = await members(31)
    _, question = await asked_by(asker)
    costs = []
    for voting_now in (voters[:1], voters[1:]):
        statements.clear()
        await cast_all(*((voter, question.id, UP) for voter in voting_now))
        costs.append(len(statements))
    assert (await models.Post.get(id=question.id)).up_votes == 30
    assert costs == [9 if dialect() == "sqlite" else 2] * 2


async def test_a_vote_that_the_database_refuses_takes_no_other_with_it(forum: str) -> None:
    ann, bob, cid = await members(3)
    _, question = await asked_by(ann)
    gone = await member("gone")
    await models.PointsEntry.filter(user_id=gone.id).delete()
    await models.User.filter(id=gone.id).delete()  # their vote would refer to nobody
    results = await cast_all((bob, question.id, UP), (gone, question.id, UP), (cid, question.id, UP))
    assert [isinstance(each, Exception) for each in results] == [False, True, False]
    assert (await models.Post.get(id=question.id)).up_votes == 2


async def test_a_vote_has_the_time_at_which_it_was_cast(forum: str) -> None:
    ann, bob = await members(2)
    _, question = await asked_by(ann)
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with clock.standing_at(noon):
        await voting.cast_vote(bob, question.id, UP)
    [vote] = await models.Vote.all()
    entries = await models.PointsEntry.filter(post_id=question.id, reason__in=["vote_cast", "vote_received"])
    assert {vote.created_at, vote.updated_at, *(entry.created_at for entry in entries)} == {noon}


async def test_inside_a_transaction_a_vote_is_part_of_it(forum: str) -> None:
    ann, bob = await members(2)
    _, question = await asked_by(ann)

    async def vote_and_fail() -> None:
        async with transaction():
            assert (await voting.cast_vote(bob, question.id, UP)).up_votes == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await vote_and_fail()
    assert (await models.Post.get(id=question.id)).up_votes == 0


async def test_a_vote_is_answered_with_what_stands_in_the_database(visitor: Client) -> None:
    ann, bob = await member("ann"), await visitor.sign_up("bob")
    _, question = await asked_by(ann)
    voted = await bob.post(
        """mutation ($input: CastVoteInput!) { castVote(input: $input) { ... on CastVotePayload {
             post { __typename id body score version createdAt viewerVote ... on Question { state } } } } }""",
        {"input": {"postId": global_id(question), "value": "UP"}},
    )
    read = await bob.post(
        """query ($id: ID!) { node(id: $id) { ... on Post {
             __typename id body score version createdAt viewerVote ... on Question { state } } } }""",
        {"id": global_id(question)},
    )
    assert voted["data"]["castVote"]["post"] == read["data"]["node"]
    assert voted["data"]["castVote"]["post"]["viewerVote"] == "UP"


async def test_two_that_tally_the_same_posts_come_one_after_the_other(forum: str) -> None:
    ann, bob, cid = await members(3)
    _, first = await asked_by(ann)
    _, second = await asked_by(ann)

    async def count(voter: models.User, *posts: models.Post) -> None:
        async with transaction():
            counted = await tally.Tally.of([(voter.id, post.id) for post in posts])
            await asyncio.sleep(0.01)
            for post in posts:
                counted.set_vote(voter.id, counted.posts[post.id], UP, clock.now())
            await counted.write()

    await asyncio.gather(count(bob, first, second), count(cid, second, first))
    assert {post.up_votes for post in await models.Post.filter(id__in=[first.id, second.id])} == {2}
    assert await execute("UPDATE post SET version = version WHERE up_votes = 2") == 2
