"""Voting, over real HTTP."""

from clients import Client


async def test_a_vote_is_counted_and_paid_to_both(visitor: Client) -> None:
    ann, bob = await visitor.sign_up("ann"), await visitor.sign_up("bob")
    asked = await ann.do("ask_question", title="What is a vote worth here?", body="In points.")
    post_id = asked["thread"]["question"]["id"]
    voted = await bob.do("cast_vote", postId=post_id, value="UP")
    assert voted["post"]["score"] == 1
    assert voted["post"]["author"]["points"] == 100 + 20 + 10


async def test_a_listener_sees_the_present_state_and_then_a_vote(visitor: Client) -> None:
    ann, bob = await visitor.sign_up("ann"), await visitor.sign_up("bob")
    asked = await ann.do("ask_question", title="What is a vote worth here?", body="In points.")
    post_id = asked["thread"]["question"]["id"]
    async with visitor.socket() as socket:
        await socket.subscribe("watch_votes", postIds=[post_id])
        assert (await socket.next())["votesChanged"]["score"] == 0
        await bob.do("cast_vote", postId=post_id, value="DOWN")
        seen = (await socket.next())["votesChanged"]
        assert (seen["score"], seen["downVotes"], seen["version"]) == (-1, 1, 2)
