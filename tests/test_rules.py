"""Changing the rules: previewed, in force at once, and brought to everybody in batches that may be interrupted."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from clients import Client
from crowd import answered_by, asked_by, member, members, points_of

import models
from models import ModerationDeed, PointsReason, UserLevel, VoteValue, database
from server import app, lifespan
from services import audit, choosing, points, posting, reckoning, rules, voting
from services.errors import Conflict, InvalidInput, NotPermitted
from settings import settings

UP, DOWN, NONE = VoteValue.UP, VoteValue.DOWN, VoteValue.NONE
DEARER: rules.Wanted = {"question_posted": 50, "answer_upvoted": 7, "answer_max_gain": 10, "vote_cast": 3}


@pytest.fixture(autouse=True)
async def unhurried(forum: str) -> AsyncIterator[None]:
    """Afterwards nothing goes on in the background."""
    yield
    await reckoning.stop()


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reckoning, "_USERS", 2)
    monkeypatch.setattr(reckoning, "_THREADS", 1)


async def broken() -> list[str]:
    return [finding.name async for finding in audit.check() if finding.offenders]


async def lively() -> tuple[list[models.User], models.Thread, models.Post]:
    """Seven users; the first asked twice, the second answered, the rest voted on that."""
    people = await members(7)
    thread, _ = await asked_by(people[0])
    await asked_by(people[0])
    answer = await answered_by(people[1], thread)
    for voter in people[2:6]:
        await voting.cast_vote(voter, answer.id, UP)
    return people, thread, answer


async def admin_of(visitor: Client) -> Client:
    client = await visitor.sign_up("boss")
    await models.User.filter(name="boss").update(level=UserLevel.ADMIN)
    return client


async def all_reckoned() -> None:
    """Wait for what goes on in the background."""
    assert reckoning._work is not None
    await reckoning._work


async def test_a_preview_tells_who_gains_and_who_loses_and_changes_nothing(visitor: Client) -> None:
    boss = await admin_of(visitor)
    await lively()
    before = await models.User.all().order_by("id").values("points")
    wanted = {"questionPosted": 50, "answerUpvoted": 7, "answerMaxGain": 10, "voteCast": 3}
    assert await boss.do("preview_points_rules", rules=wanted, first=3) == {
        "__typename": "PreviewPointsRulesPayload",
        "gaining": 1,
        "gained": 60,
        "losing": 5,
        "lost": 98,
        "changes": [
            {"user": {"name": "member 2"}, "before": 220, "after": 150},
            {"user": {"name": "member 1"}, "before": 140, "after": 200},
            {"user": {"name": "member 3"}, "before": 110, "after": 103},
        ],
    }
    assert await boss.do("preview_points_rules", rules={}) == {
        "__typename": "PreviewPointsRulesPayload", "gaining": 0, "gained": 0, "losing": 0, "lost": 0, "changes": [],
    }  # fmt: skip
    assert await models.User.all().order_by("id").values("points") == before
    assert await models.PointsRules.all().count() == 1


async def test_a_change_does_what_its_preview_told(visitor: Client) -> None:
    boss = await admin_of(visitor)
    await lively()
    changes = (await boss.do("preview_points_rules", rules={"questionPosted": 50, "hotVotes": 7}))["changes"]
    result = await boss.do(
        "update_points_rules", rules={"questionPosted": 50, "hotVotes": 7, "questionMaxGain": None}, expectedVersion=1,
        reason="Good questions are rare.",
    )  # fmt: skip
    assert result == {
        "__typename": "UpdatePointsRulesPayload",
        "pointsRules": {
            "version": 2, "questionPosted": 50, "questionMaxGain": None, "hotVotes": 7, "settling": {"total": 8},
        },
    }  # fmt: skip
    await all_reckoned()
    assert (await boss.run("points_rules_settling"))["pointsRules"] == {"version": 2, "settling": None}
    assert [(change["user"]["name"], change["after"]) for change in changes] == [("member 1", 200)]
    assert (await models.User.get(name="member 1")).points == 200
    entry = await models.PointsEntry.get(reason=PointsReason.RULES_CHANGED)
    assert (entry.amount, entry.total, entry.rules_id, entry.post_id) == (60, 200, 2, None)
    logged = await models.ModerationEntry.get(deed=ModerationDeed.RULES_CHANGED)
    assert (logged.reason, logged.before) == (
        "Good questions are rare.",
        {"question_posted": 20, "hot_votes": 100, "question_max_gain": 100},
    )
    assert await broken() == []


async def test_deeds_between_batches_and_a_process_that_ends_between_them_leave_points_right(forum: str) -> None:
    people, thread, answer = await lively()
    asker, answerer = people[:2]
    await rules.put_in_force(DEARER)
    told = []
    async for so_far in reckoning.finish():  # and then the process ends
        told.append((so_far.done, so_far.total))
        break
    assert told == [(2, 7)]
    assert await broken() == []
    assert await points_of(asker) == 200

    async def deeds() -> None:
        """Some by and for those who have their new points, some by and for those who have not."""
        await voting.cast_vote(people[2], answer.id, DOWN)
        await voting.cast_vote(people[6], answer.id, UP)
        await voting.cast_vote(people[3], answer.id, NONE)
        mine, question = await asked_by(people[6])
        late = await answered_by(asker, mine)
        await choosing.choose_best_answer(people[6], mine.id, late.id)
        await voting.cast_vote(asker, question.id, UP)
        await voting.cast_vote(await member(f"new {mine.id}"), late.id, UP)
        await choosing.choose_best_answer(asker, thread.id, answer.id)
        assert await broken() == []

    await deeds()
    async for so_far in reckoning.finish():
        await deeds()
        if so_far.done > 3:
            break
    assert (await reckoning.progress()) is not None
    async for _ in reckoning.finish():
        await deeds()
    assert await reckoning.progress() is None
    assert await broken() == []
    assert [each async for each in reckoning.finish()] == []
    assert await models.PointsEntry.filter(reason=PointsReason.RULES_CHANGED, user_id=answerer.id).count() == 1


async def test_hotness_follows_new_weights_with_deeds_between(forum: str) -> None:
    people, thread, _ = await lively()
    questions = await models.Post.filter(kind="question").order_by("id")
    await rules.put_in_force({"hot_votes": 3, "hot_answers": 0})
    steps = 0
    async for _ in reckoning.finish():
        await voting.cast_vote(people[steps % 7 or 1], questions[steps % 2].id, UP)
        await posting.post_answer(people[3], thread.id, f"Answer {steps + 1}, by the new rules.")
        steps += 1
    assert steps == 5
    assert await broken() == []


async def test_while_threads_are_reckoned_the_check_does_not_call_them_wrong(forum: str) -> None:
    await lively()
    await rules.put_in_force({"hot_votes": 3, "hot_views": 8, "hot_question_age": 1})
    assert await broken() == []
    async for _ in reckoning.finish():
        assert await broken() == []
    await models.Thread.all().update(hotness=0)
    assert await broken() == ["hotness = reckoned from the thread"]


async def test_a_deed_that_began_under_the_old_rules_is_counted_before_the_new_ones_come(
    forum: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, thread, _ = await lively()
    began, go_on, pay = asyncio.Event(), asyncio.Event(), points.pay

    async def pay_later(*payment: Any) -> None:
        monkeypatch.undo()
        began.set()
        await go_on.wait()
        await pay(*payment)

    async def changed() -> None:
        await rules.put_in_force(DEARER)
        await _all()

    monkeypatch.setattr(points, "pay", pay_later)
    deed = asyncio.create_task(posting.post_answer(people[6], thread.id, "By the old rules."))
    await began.wait()
    change = asyncio.create_task(changed())
    await asyncio.wait([change], timeout=0.3)
    assert not change.done()
    go_on.set()
    await asyncio.gather(deed, change)
    assert await broken() == []


async def test_many_vote_while_the_rules_change(forum: str) -> None:
    people, _, answer = await lively()
    _, other = await asked_by(people[6])
    is_over = False

    async def restless(voter: models.User) -> None:
        turn = 0
        while not is_over or turn < 3:
            turn += 1
            for post in (answer, other):
                if post.author_id != voter.id:
                    await voting.cast_vote(voter, post.id, (UP, DOWN, NONE)[(turn + voter.id) % 3])

    voters = [asyncio.create_task(restless(voter)) for voter in people]
    for version in range(4):
        await rules.put_in_force({"answer_upvoted": 5 + version, "vote_cast": version, "hot_votes": 90 + version})
        # Two processes that do what is left.
        await asyncio.gather(*(_all() for _ in range(2)))
    is_over = True
    await asyncio.gather(*voters)
    assert await broken() == []


async def _all() -> None:
    async for _ in reckoning.finish():
        pass


async def test_who_was_second_is_told_so(forum: str) -> None:
    await lively()
    await rules.put_in_force(DEARER, expected_version=1)
    with pytest.raises(Conflict, match="The rules are at version 2 by now"):
        await rules.put_in_force({"joined": 5}, expected_version=1)
    with pytest.raises(Conflict, match="Version 2 is still being put in force"):
        await rules.put_in_force({"joined": 5}, expected_version=2)
    await _all()
    assert (await rules.put_in_force({"joined": 5}, expected_version=2)).version == 3
    await _all()
    assert await broken() == []


async def test_the_same_rules_again_change_nothing(forum: str) -> None:
    assert (await rules.put_in_force({"joined": 100, "question_max_gain": 100})).version == 1
    assert (await rules.put_in_force({})).version == 1
    assert await models.PointsRules.all().count() == 1
    assert await models.ModerationEntry.all().count() == 0


async def test_nonsense_is_told_all_at_once(visitor: Client) -> None:
    boss = await admin_of(visitor)
    wanted = {"joined": None, "questionMaxGain": -1, "answerUpvoted": 2**31 - 1, "hotViews": -1, "voteCast": -5}
    message = "Give a number from {} to {}."
    fields = [
        {"path": ["rules", "joined"], "message": "Give a number, or leave it out."},
        {"path": ["rules", "questionMaxGain"], "message": message.format("0", "100,000")},
        {"path": ["rules", "answerUpvoted"], "message": message.format("-100,000", "100,000")},
        {"path": ["rules", "hotViews"], "message": message.format("0", "10,000")},
    ]

    def sorted_fields(result: Any) -> Any:
        return sorted(result["fields"], key=lambda field: field["path"])

    result = await boss.do("update_points_rules", rules=wanted, reason="x" * 1001)
    assert result["__typename"] == "InvalidInput"
    long = {"path": ["reason"], "message": "Write at most 1,000 characters; these are 1,001."}
    assert sorted_fields(result) == sorted([*fields, long], key=lambda field: field["path"])  # type: ignore[arg-type, return-value]
    result = await boss.do("preview_points_rules", rules=wanted, first=101)
    first = {"path": ["first"], "message": "Give a number from 0 to 100."}
    assert sorted_fields(result) == sorted([*fields, first], key=lambda field: field["path"])  # type: ignore[arg-type, return-value]


async def test_points_that_could_not_be_counted_are_refused_before_anything_is_written(forum: str) -> None:
    people, _, _ = await lively()
    await models.Post.filter(author_id=people[1].id).update(up_votes=30_000, score=30_000)
    with pytest.raises(InvalidInput, match="somebody would have 3,000,000,140 points by these"):
        await rules.put_in_force({"answer_upvoted": 100_000, "answer_max_gain": None})
    assert await models.PointsRules.all().count() == 1


async def test_only_who_may_change_the_rules_previews_and_changes_them(visitor: Client) -> None:
    moderator = await visitor.sign_up("ann")
    await models.User.filter(name="ann").update(level=UserLevel.MODERATOR)
    for client, reason in ((visitor, "SIGN_IN"), (moderator, "LEVEL")):
        result = await client.do("update_points_rules", rules={"joined": 5})
        assert (result["__typename"], result["permission"]) == ("NotPermitted", {"reason": reason})
        result = await client.do("preview_points_rules", rules={"joined": 5})
        assert (result["__typename"], result["permission"]) == ("NotPermitted", {"reason": reason})
    with pytest.raises(NotPermitted):
        await rules.update_rules(await member("bob"), {"joined": 5})


async def test_the_server_goes_on_with_a_change_that_was_interrupted(
    forum: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lively()
    await rules.put_in_force(DEARER)
    await database.disconnect()
    monkeypatch.setenv("DATABASE_URL", forum)
    settings.cache_clear()
    async with lifespan(app):
        await all_reckoned()
        assert await points.rules_in_force()
        assert await reckoning.progress() is None
        assert await broken() == []
    settings.cache_clear()
    await database.connect(forum)


async def test_a_server_that_stops_leaves_the_rest_for_its_next_start(forum: str) -> None:
    await lively()
    await rules.put_in_force(DEARER)
    reckoning.begin()
    await asyncio.sleep(0)
    await reckoning.stop()
    assert await reckoning.progress() is not None
    assert await broken() == []
    await _all()
    assert await broken() == []


async def test_the_progress_is_read_of_the_rules(visitor: Client) -> None:
    await lively()
    await rules.put_in_force(DEARER)
    async for _ in reckoning.finish():
        break
    assert (await visitor.run("points_rules_settling"))["pointsRules"] == {
        "version": 2,
        "settling": {"done": 2, "total": 7},
    }
