"""`qa rules`: the rules of points and hotness, from the command line."""

from command_line import qa
from crowd import asked_by, member
from test_user_commands import told

import models
from services import reckoning, rules


def points_of_ann(url: str) -> list[int]:
    async def ask() -> list[int]:
        return await models.User.filter(name="ann").values_list("points", flat=True)  # type: ignore[return-value]

    return told(url, ask)


async def ann_asks() -> None:
    await asked_by(await member("ann"))


def test_rules_are_changed_and_everybody_has_their_points(forum_url: str) -> None:
    told(forum_url, ann_asks)
    changed = qa(forum_url, "rules", "set", "question_posted=50", "question_max_gain=none", "--reason", "Rare.")
    assert (changed.status, changed.errors) == (0, "")
    assert changed.output == "Version 2 is in force. Everybody has the points that the rules in force give."
    assert points_of_ann(forum_url) == [150]
    shown = qa(forum_url, "rules", "show").output
    assert "Version 2" in shown
    assert "question_posted │ 50" in shown
    assert "question_max_gain │ none" in shown
    again = qa(forum_url, "rules", "set", "question_posted=50")
    assert (again.status, again.output) == (0, "These are the rules already: version 2.")
    assert "ok points = recomputed from posts and votes" in qa(forum_url, "check").output


def test_a_change_that_was_interrupted_is_resumed(forum_url: str) -> None:
    async def interrupted() -> None:
        await ann_asks()
        await rules.put_in_force({"question_posted": 50})
        assert (await reckoning.progress()) == reckoning.Progress(0, 1)

    told(forum_url, interrupted)
    assert "0 of 1 users have their new points. Go on with: qa rules resume" in qa(forum_url, "rules", "show").output
    checked = qa(forum_url, "check")
    assert checked.status == 0
    assert checked.output.endswith(
        "A change of the rules is under way: 0 of 1 users have their new points, and the others were not looked at."
    )
    assert qa(forum_url, "rules", "resume").status == 0
    assert points_of_ann(forum_url) == [150]


def test_what_is_no_rule_is_told(forum_url: str) -> None:
    assert "There is no rule karma. Choose of joined, " in qa(forum_url, "rules", "set", "karma=5").errors
    assert qa(forum_url, "rules", "set", "joined=x").errors == "'joined=x' gives no whole number: write joined=30."
    assert qa(forum_url, "rules", "set", "joined=none").status == 1
    told_wrong = qa(forum_url, "rules", "set", "question_max_gain=-1")
    assert (told_wrong.status, told_wrong.errors) == (1, "rules.questionMaxGain: Give a number from 0 to 100,000.")
