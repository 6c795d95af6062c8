"""Points: what deeds are worth, in Question2Answer's figures, and the ledger that holds every change."""

import asyncio

import pytest
from clients import Client
from crowd import answered_by, asked_by, commented_by, member, members, points_of

import models
from models import PointsReason, PointsRules, PostKind, VoteValue
from models.database import transaction
from services import choosing, points, voting
from services.points import Payment, compact, votes_worth
from settings import settings

RULES = PointsRules(version=1)
UP, DOWN, NONE = VoteValue.UP, VoteValue.DOWN, VoteValue.NONE


async def entries_of(user: models.User) -> list[tuple[str, int, int, int | None]]:
    """The user's ledger, oldest first: reason, amount, total, post."""
    rows = await models.PointsEntry.filter(user_id=user.id).order_by("id")
    return [(row.reason.value, row.amount, row.total, row.post_id) for row in rows]


async def test_the_worked_example_of_question2answer_comes_out(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    assert await points_of(ann) == 100
    thread, question = await asked_by(ann)
    assert await points_of(ann) == 120
    for index, voter in enumerate(await members(17)):
        await voting.cast_vote(voter, question.id, UP if index < 12 else DOWN)
    assert await points_of(ann) == 190
    answer = await answered_by(bob, thread)
    await choosing.choose_best_answer(ann, thread.id, answer.id)
    assert await points_of(ann) == 220
    await voting.cast_vote(ann, answer.id, DOWN)
    assert await points_of(ann) == 230
    assert await points_of(bob) == 100 + 40 + 300 - 20


@pytest.mark.parametrize(
    ("kind", "up_votes", "down_votes", "worth"),
    [
        (PostKind.QUESTION, 0, 0, 0),
        (PostKind.QUESTION, 14, 0, 100),
        (PostKind.QUESTION, 10, 0, 100),
        (PostKind.QUESTION, 9, 0, 90),
        (PostKind.QUESTION, 0, 3, -30),
        (PostKind.QUESTION, 0, 100, -30),
        (PostKind.QUESTION, 12, 5, 70),
        (PostKind.ANSWER, 9, 0, 180),
        (PostKind.ANSWER, 11, 0, 200),
        (PostKind.ANSWER, 0, 2, -40),
        (PostKind.ANSWER, 0, 3, -50),
        (PostKind.ANSWER, 11, 3, 150),
        (PostKind.COMMENT, 20, 0, 0),
        (PostKind.COMMENT, 0, 20, 0),
    ],
)
def test_gain_and_loss_of_a_post_are_capped_apart(kind: PostKind, up_votes: int, down_votes: int, worth: int) -> None:
    assert votes_worth(RULES, kind, up_votes, down_votes) == worth


def test_a_cap_of_null_is_no_cap() -> None:
    rules = PointsRules(version=2, question_max_gain=None, question_max_loss=None)
    assert votes_worth(rules, PostKind.QUESTION, 1_000, 10) == 10_000 - 100


async def test_votes_beyond_a_cap_count_but_pay_the_author_nothing_more(forum: str) -> None:
    ann = await member("ann")
    _, question = await asked_by(ann)
    *voters, last, one_more = await members(12)
    for voter in (*voters, last):
        await voting.cast_vote(voter, question.id, UP)
    assert await points_of(ann) == 100 + 20 + 100
    voted = await voting.cast_vote(one_more, question.id, UP)
    assert (voted.up_votes, await points_of(ann), await points_of(one_more)) == (12, 220, 110)
    await voting.cast_vote(last, question.id, NONE)
    await voting.cast_vote(one_more, question.id, NONE)
    assert (await points_of(ann), await points_of(one_more)) == (220, 100)
    await voting.cast_vote(voters[0], question.id, NONE)
    assert await points_of(ann) == 210


async def test_an_own_answer_chosen_as_best_pays_for_choosing_alone(forum: str) -> None:
    ann = await member("ann")
    thread, question = await asked_by(ann)
    answer = await answered_by(ann, thread)
    await choosing.choose_best_answer(ann, thread.id, answer.id)
    assert await entries_of(ann) == [
        ("joined", 100, 100, None),
        ("question_posted", 20, 120, question.id),
        ("answer_posted", 40, 160, answer.id),
        ("best_answer_chosen", 30, 190, question.id),
    ]
    await choosing.choose_best_answer(ann, thread.id, None)
    assert await points_of(ann) == 160


async def test_choosing_another_answer_moves_the_points_and_leaves_the_askers(forum: str) -> None:
    ann, bob, cid = await member("ann"), await member("bob"), await member("cid")
    thread, _ = await asked_by(ann)
    by_bob, by_cid = await answered_by(bob, thread), await answered_by(cid, thread)
    await choosing.choose_best_answer(ann, thread.id, by_bob.id)
    assert [await points_of(user) for user in (ann, bob, cid)] == [150, 440, 140]
    await choosing.choose_best_answer(ann, thread.id, by_cid.id)
    assert [await points_of(user) for user in (ann, bob, cid)] == [150, 140, 440]
    await choosing.choose_best_answer(ann, thread.id, None)
    assert [await points_of(user) for user in (ann, bob, cid)] == [120, 140, 140]


async def test_a_comment_and_the_votes_on_it_are_worth_nothing(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    comment = await commented_by(bob, question)
    voted = await voting.cast_vote(ann, comment.id, UP)
    assert voted.score == 1
    assert (await points_of(ann), await points_of(bob)) == (120, 100)
    assert await entries_of(bob) == [("joined", 100, 100, None)]


async def test_a_vote_taken_back_takes_the_points_of_both_back_in_lines_of_their_own(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    for value in (UP, DOWN, NONE):
        await voting.cast_vote(bob, question.id, value)
    assert await entries_of(ann) == [
        ("joined", 100, 100, None),
        ("question_posted", 20, 120, question.id),
        ("vote_received", 10, 130, question.id),
        ("vote_received", -20, 110, question.id),
        ("vote_received", 10, 120, question.id),
    ]
    # From up to down the voter's vote still stands: only the first and the last of the three changed their points.
    assert await entries_of(bob) == [
        ("joined", 100, 100, None),
        ("vote_cast", 10, 110, question.id),
        ("vote_cast", -10, 100, question.id),
    ]


async def test_a_voter_on_a_post_without_an_author_is_paid_and_nobody_else(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    _, question = await asked_by(ann)
    await models.Post.filter(id=question.id).update(author_id=None)
    await voting.cast_vote(bob, question.id, UP)
    assert (await points_of(ann), await points_of(bob)) == (120, 110)


async def test_points_may_fall_below_zero(forum: str) -> None:
    ann = await member("ann")
    async with transaction():
        rules = await points.rules_in_force()
        await points.pay([Payment(ann.id, -150, PointsReason.ADJUSTMENT)], rules)
    assert await points_of(ann) == -50
    assert (await entries_of(ann))[-1] == ("adjustment", -150, -50, None)


async def test_payments_of_nothing_or_to_nobody_leave_no_line(forum: str) -> None:
    ann = await member("ann")
    async with transaction():
        rules = await points.rules_in_force()
        await points.pay(
            [Payment(ann.id, 0, PointsReason.ADJUSTMENT), Payment(None, 5, PointsReason.ADJUSTMENT)], rules
        )
    assert await entries_of(ann) == [("joined", 100, 100, None)]


async def test_several_payments_to_one_user_are_lines_with_running_totals(forum: str) -> None:
    ann = await member("ann")
    async with transaction():
        rules = await points.rules_in_force()
        await points.pay([Payment(ann.id, amount, PointsReason.ADJUSTMENT) for amount in (5, -3)], rules)
    assert await entries_of(ann) == [
        ("joined", 100, 100, None),
        ("adjustment", 5, 105, None),
        ("adjustment", -3, 102, None),
    ]


async def test_payments_that_cross_each_other_all_arrive(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    rules = await points.rules_in_force()

    async def pay(*users: models.User) -> None:
        async with transaction():
            await points.pay([Payment(user.id, 1, PointsReason.ADJUSTMENT) for user in users], rules)

    await asyncio.gather(*(pay(ann, bob) if index % 2 else pay(bob, ann) for index in range(10)))
    assert (await points_of(ann), await points_of(bob)) == (110, 110)


async def test_every_line_names_the_version_of_the_rules_it_was_reckoned_by(visitor: Client) -> None:
    ann = await member("ann")
    await PointsRules.create(version=2, question_posted=7, created_at=(await PointsRules.get(version=1)).created_at)
    await asked_by(ann)
    history = (await visitor.run("points_history", name="ann"))["user"]["pointsHistory"]["edges"]
    assert [(edge["node"]["amount"], edge["node"]["rulesVersion"]) for edge in history] == [(7, 2), (100, 1)]
    assert (await visitor.run("points_rules"))["pointsRules"]["questionPosted"] == 7


async def test_the_history_tells_newest_first_what_each_point_came_from(visitor: Client) -> None:
    ann, bob = await member("ann"), await member("bob")
    thread, question = await asked_by(ann, "Where do my points come from?")
    answer = await answered_by(bob, thread)
    await choosing.choose_best_answer(ann, thread.id, answer.id)
    await voting.cast_vote(bob, question.id, UP)
    user = (await visitor.run("points_history", name="ann", counted=True))["user"]
    told = [edge["node"] for edge in user["pointsHistory"]["edges"]]
    assert [(entry["reason"], entry["amount"], entry["total"]) for entry in told] == [
        ("VOTE_RECEIVED", 10, 160),
        ("BEST_ANSWER_CHOSEN", 30, 150),
        ("QUESTION_POSTED", 20, 120),
        ("JOINED", 100, 100),
    ]
    assert user["pointsHistory"]["totalCount"] == 4
    assert user["points"] == sum(entry["amount"] for entry in told) == told[0]["total"]
    assert {entry["user"]["name"] for entry in told} == {"ann"}
    assert [entry["post"] and entry["post"]["__typename"] for entry in told] == ["Question"] * 3 + [None]
    assert told[0]["post"]["thread"]["title"] == "Where do my points come from?"


async def test_the_rules_are_question2answers_defaults_times_ten(visitor: Client) -> None:
    assert (await visitor.run("points_rules"))["pointsRules"] == {
        "version": 1,
        "joined": 100,
        "questionPosted": 20,
        "answerPosted": 40,
        "bestAnswerChosen": 30,
        "chosenAsBest": 300,
        "voteCast": 10,
        "questionUpvoted": 10,
        "questionDownvoted": -10,
        "questionMaxGain": 100,
        "questionMaxLoss": 30,
        "answerUpvoted": 20,
        "answerDownvoted": -20,
        "answerMaxGain": 200,
        "answerMaxLoss": 50,
        "commentUpvoted": 0,
        "commentDownvoted": 0,
        "commentMaxGain": 100,
        "commentMaxLoss": 30,
        "hotQuestionAge": 100,
        "hotAnswerAge": 100,
        "hotAnswers": 100,
        "hotVotes": 100,
        "hotViews": 100,
    }


async def test_the_rules_of_the_first_migration_are_the_defaults_of_the_model(forum: str) -> None:
    kept, defaults = await points.rules_in_force(), PointsRules(version=1)
    fields = set(PointsRules._meta.fields_map) & set(PointsRules._meta.db_fields) - {"created_at"}
    assert {name: getattr(kept, name) for name in fields} == {name: getattr(defaults, name) for name in fields}


@pytest.mark.parametrize(
    ("figure", "shown"),
    [
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (1_000, "1.0k"),
        (1_049, "1.0k"),
        (1_050, "1.1k"),
        (1_150, "1.2k"),
        (6_649, "6.6k"),
        (6_650, "6.7k"),
        (6_749, "6.7k"),
        (6_750, "6.8k"),
        (99_949, "99.9k"),
        (99_950, "100.0k"),
        (99_999, "100.0k"),
        (100_000, "100k"),
        (100_499, "100k"),
        (100_500, "101k"),
        (999_499, "999k"),
        (999_500, "1,000k"),
        (999_999, "1,000k"),
        (1_000_000, "1.0m"),
        (1_049_999, "1.0m"),
        (1_050_000, "1.1m"),
        (99_950_000, "100.0m"),
        (100_000_000, "100m"),
        (2_147_483_647, "2,147m"),
        (-1, "-1"),
        (-999, "-999"),
        (-1_234, "-1,234"),
        (-1_234_567, "-1,234,567"),
    ],
)
def test_points_are_shown_as_question2answer_shows_them(figure: int, shown: str) -> None:
    assert compact(figure) == shown


def test_a_title_is_that_of_the_highest_threshold_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    assert points.title_earned(10_000) is None
    monkeypatch.setattr(settings(), "points_titles", {1_000: "Regular", 100: "Newcomer"})
    titles = [points.title_earned(figure) for figure in (-5, 99, 100, 999, 1_000, 50_000)]
    assert titles == [None, None, "Newcomer", "Newcomer", "Regular", "Regular"]
