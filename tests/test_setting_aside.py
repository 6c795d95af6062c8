"""Setting aside the votes of a cheat: they count no more, until they are restored."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clients import Client
from crowd import answered_by, asked_by, commented_by, member, members, points_of
from hearing import hearing

import models
from models import ModerationDeed, PointsReason, UserLevel, VoteValue
from schema.nodes import global_id
from services import audit, clock, live, setting_aside, voting
from services.errors import InvalidInput, NotFound, NotPermitted
from services.setting_aside import Chosen, restore_votes, set_votes_aside

UP, DOWN, NONE = VoteValue.UP, VoteValue.DOWN, VoteValue.NONE
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


async def broken() -> list[str]:
    return [finding.name async for finding in audit.check() if finding.offenders]


async def staff(name: str = "judge", level: UserLevel = UserLevel.ADMIN) -> models.User:
    """Somebody of the staff."""
    judge = await member(name)
    await models.User.filter(id=judge.id).update(level=level)
    return await models.User.get(id=judge.id)


async def state() -> dict[str, Any]:
    """All that follows from votes, but for the versions of posts, which only grow."""
    threads = await models.Thread.all().order_by("id").values("score", "hotness")
    posts = await models.Post.all().order_by("id").values("score", "up_votes", "down_votes")
    users = dict(await models.User.all().values_list("name", "points"))
    votes = await models.Vote.all().order_by("id").values("value", "set_aside", "updated_at", "created_at")
    return {"threads": threads, "posts": posts, "users": users, "votes": votes}


async def test_votes_set_aside_count_no_more_and_restored_they_count_as_before(visitor: Client) -> None:
    admin = await visitor.sign_up("admin")
    await models.User.filter(name="admin").update(level=UserLevel.ADMIN)
    ann, bob, cheat = await member("ann"), await member("bob"), await member("cheat")
    thread, question = await asked_by(ann)
    answer = await answered_by(bob, thread)
    comment = await commented_by(bob, question)
    without = await state()
    for post, value in ((question, UP), (answer, DOWN), (comment, UP)):
        await voting.cast_vote(cheat, post.id, value)
    voted = await state()
    user = {"id": global_id(cheat), "points": 100}

    result = await admin.do("set_aside_votes", userId=user["id"], reason="  Two accounts of one person.  ")
    assert result == {
        "__typename": "SetAsideVotesPayload",
        "user": user,
        "amount": 3,
        "entryId": result["entryId"],
    }
    aside = await state()
    assert {**aside, "votes": []} == {**without, "votes": []}
    assert [(vote["value"], vote["set_aside"]) for vote in aside["votes"]] == [(NONE, UP), (NONE, DOWN), (NONE, UP)]
    entry = await models.ModerationEntry.get(deed=ModerationDeed.VOTES_SET_ASIDE)
    assert (entry.user_id, entry.amount, entry.reason) == (cheat.id, 3, "Two accounts of one person.")
    assert (entry.post_id, entry.thread_id, entry.before) == (None, None, None)
    assert result["entryId"] == global_id(entry)
    assert await broken() == []

    restored = await admin.do("restore_votes", entryId=result["entryId"])
    assert restored == {
        "__typename": "RestoreVotesPayload",
        "user": {**user, "points": 120},
        "amount": 3,
        "entryId": restored["entryId"],
    }
    assert await state() == voted
    assert await broken() == []
    again = await admin.do("restore_votes", entryId=result["entryId"])
    assert again == {
        "__typename": "NotPermitted",
        "message": "None of these votes is set aside any more.",
        "permission": {"reason": "ALREADY_DONE"},
    }


async def test_the_ledger_tells_of_each_vote_and_its_reversal(forum: str) -> None:
    judge, ann, cheat = await staff(), await member("ann"), await member("cheat")
    _, question = await asked_by(ann)
    await voting.cast_vote(cheat, question.id, UP)
    decided = await set_votes_aside(judge, Chosen(cheat.id))
    await restore_votes(judge, decided.entry.id)
    for user, reason in ((cheat, PointsReason.VOTE_CAST), (ann, PointsReason.VOTE_RECEIVED)):
        entries = models.PointsEntry.filter(user_id=user.id, reason=reason).order_by("id")
        assert await entries.values_list("amount", "post_id") == [(each, question.id) for each in (10, -10, 10)]


async def test_what_caps_kept_from_an_author_is_not_taken_from_them(forum: str) -> None:
    judge, ann, *voters = await staff(), *(await members(13))
    _, question = await asked_by(ann)
    for voter in voters:  # 12 votes up, of which 10 are paid
        await voting.cast_vote(voter, question.id, UP)
    assert await points_of(ann) == 220
    await set_votes_aside(judge, Chosen(voters[0].id))
    assert await points_of(ann) == 220
    for voter in voters[1:3]:
        await set_votes_aside(judge, Chosen(voter.id))
    assert await points_of(ann) == 210
    assert await broken() == []


async def test_those_of_a_time_and_on_one_authors_posts_are_chosen(forum: str) -> None:
    judge, ann, bob, cheat = await staff(), await member("ann"), await member("bob"), await member("cheat")
    posts = [(await asked_by(asker))[1] for asker in (ann, ann, bob, ann)]
    for hour, post in enumerate(posts):
        with clock.standing_at(NOON + timedelta(hours=hour)):
            await voting.cast_vote(cheat, post.id, UP)

    async def standing() -> list[int]:
        return await models.Vote.filter(value=UP).order_by("post_id").values_list("post_id", flat=True)  # type: ignore[return-value]

    one, _, three, four = (post.id for post in posts)
    since, until = NOON + timedelta(hours=1), NOON + timedelta(hours=3)
    chosen = Chosen(cheat.id, since, until, ann.id)
    first = await set_votes_aside(judge, chosen)
    assert (first.amount, await standing()) == (1, [one, three, four])
    second = await set_votes_aside(judge, Chosen(cheat.id, since, until))
    assert (second.amount, await standing()) == (1, [one, four])
    with pytest.raises(NotPermitted, match=r"No such votes of cheat stand\."):
        await set_votes_aside(judge, Chosen(cheat.id, since, until))
    # Restored, they are of the same time: choosing it again chooses them again.
    await restore_votes(judge, first.entry.id)
    assert (await set_votes_aside(judge, chosen)).amount == 1
    assert await broken() == []


async def test_who_votes_again_has_a_vote_like_any_other(visitor: Client) -> None:
    judge, ann = await staff(), await member("ann")
    bob = await visitor.sign_up("bob")
    cheat = await models.User.get(name="bob")
    (_, one), (_, two) = await asked_by(ann), await asked_by(ann)
    for post in (one, two):
        await voting.cast_vote(cheat, post.id, UP)
    decided = await set_votes_aside(judge, Chosen(cheat.id))
    result = await bob.do("cast_vote", postId=global_id(one), value="NONE")
    assert result["post"]["viewerVote"] == "NONE"
    await bob.do("cast_vote", postId=global_id(one), value="DOWN")
    vote = await models.Vote.get(post_id=one.id)
    assert vote.value is DOWN
    assert vote.set_aside is vote.set_aside_by_id is None
    assert (await restore_votes(judge, decided.entry.id)).amount == 1
    assert (await models.Vote.get(post_id=one.id)).value is DOWN
    assert (await models.Vote.get(post_id=two.id)).value is UP
    assert await broken() == []


async def test_votes_on_what_is_their_own_by_now_stay_aside_and_on_what_is_nobodys_come_back(forum: str) -> None:
    judge, ann, cheat = await staff(), await member("ann"), await member("cheat")
    (_, one), (_, two) = await asked_by(ann), await asked_by(ann)
    for post in (one, two):
        await voting.cast_vote(cheat, post.id, UP)
    decided = await set_votes_aside(judge, Chosen(cheat.id))
    await models.Post.filter(id=one.id).update(author_id=cheat.id)
    await models.Post.filter(id=two.id).update(author_id=None)
    assert (await restore_votes(judge, decided.entry.id)).amount == 1
    assert (await models.Vote.get(post_id=one.id)).value is NONE


async def test_thousands_of_votes_are_one_deed_of_few_statements(forum: str, statements: list[str]) -> None:
    judge, ann, cheat = await staff(), await member("ann"), await member("cheat")
    posts = [(await asked_by(ann))[1] for _ in range(8)]
    costs = []
    for amount, batch in ((2, 500), (8, 500), (8, 3)):
        for post in posts[:amount]:
            await voting.cast_vote(cheat, post.id, UP)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(setting_aside, "_BATCH", batch)
            statements.clear()
            decided = await set_votes_aside(judge, Chosen(cheat.id))
            costs.append(len(statements))
        assert decided.amount == amount
        assert await broken() == []
    assert costs[0] == costs[1] < costs[2]


async def test_listeners_hear_of_the_posts_and_of_the_points(forum: str) -> None:
    judge, ann, cheat = await staff(), await member("ann"), await member("cheat")
    _, question = await asked_by(ann)
    await voting.cast_vote(cheat, question.id, UP)
    before = (await models.Post.get(id=question.id)).version
    topics = [live.post_topic(question.id), live.user_topic(ann.id), live.user_topic(cheat.id)]
    with hearing(topics) as hearer:
        await set_votes_aside(judge, Chosen(cheat.id))
        assert hearer.topics == topics
    assert (await models.Post.get(id=question.id)).version == before + 1


@pytest.mark.parametrize(
    ("actor", "voter", "reason"),
    [
        (UserLevel.MODERATOR, UserLevel.REGISTERED, "level"),
        (UserLevel.ADMIN, UserLevel.ADMIN, "level"),
        (UserLevel.ADMIN, UserLevel.OWNER, "level"),
        (UserLevel.ADMIN, UserLevel.MODERATOR, None),
        (UserLevel.OWNER, UserLevel.ADMIN, None),
        (UserLevel.OWNER, UserLevel.OWNER, None),
    ],
)
async def test_nobody_judges_those_above_them(
    forum: str, actor: UserLevel, voter: UserLevel, reason: str | None
) -> None:
    judge, cheat, ann = await staff("judge", actor), await staff("cheat", voter), await member("ann")
    _, question = await asked_by(ann)
    await voting.cast_vote(cheat, question.id, UP)
    if reason is None:
        assert (await set_votes_aside(judge, Chosen(cheat.id))).amount == 1
        return
    with pytest.raises(NotPermitted) as refusal:
        await set_votes_aside(judge, Chosen(cheat.id))
    assert refusal.value.reason == reason


async def test_who_asks_for_what_is_not_there_or_not_theirs_is_refused(forum: str) -> None:
    judge, ann = await staff(level=UserLevel.OWNER), await member("ann")
    for chosen in (Chosen(999), Chosen(ann.id, author_id=999)):
        with pytest.raises(NotFound):
            await set_votes_aside(judge, chosen)
    with pytest.raises(NotFound):
        await restore_votes(judge, 999)
    with pytest.raises(NotPermitted, match="their own votes"):
        await set_votes_aside(judge, Chosen(judge.id))
    with pytest.raises(NotPermitted, match=r"Sign in to set votes aside\."):
        await set_votes_aside(None, Chosen(ann.id))
    with pytest.raises(InvalidInput) as wrong:
        await set_votes_aside(judge, Chosen(ann.id, NOON, NOON), "x" * 1001)
    assert [each.path for each in wrong.value.fields] == [("reason",), ("until",)]
