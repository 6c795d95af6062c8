"""The clock set back, and forward again: who is signed in stays so, versions grow, and the books add up."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from clients import Client
from crowd import offences
from faults import Figures, size

from models import database
from services import clock

TURNS = size(15, 300)
#: How far it is set at most, either way.
FAR = timedelta(days=20)


async def test_a_clock_set_back_and_forward_breaks_nothing(
    visitor: Client, monkeypatch: pytest.MonkeyPatch, figures: Figures
) -> None:
    chance = random.Random(5)
    offset = timedelta()
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + offset)
    people = [await visitor.sign_up(name) for name in ("ann", "ben", "cleo")]
    asked = await people[0].do("ask_question", title="What is the time there?", body="Tell me.")
    number, thread, question = asked["thread"]["number"], asked["thread"]["id"], asked["thread"]["question"]["id"]
    versions: list[int] = []
    for turn in range(TURNS):
        offset = timedelta() if turn % 5 == 0 else FAR * chance.uniform(-1, 1)
        who = chance.choice(people[1:])
        answer = await who.do("post_answer", threadId=thread, body=f"It is {turn} by the clock here.")
        assert answer["__typename"] == "PostAnswerPayload", answer
        vote = await who.do("cast_vote", postId=question, value=chance.choice(["UP", "DOWN", "NONE"]))
        assert vote["__typename"] == "CastVotePayload", vote
        [row] = await database.fetch("SELECT version FROM post WHERE id = 1")
        versions.append(row["version"])
        page = await people[0].run("question_page", number=number)
        assert page["thread"]["answers"]["totalCount"] == turn + 1
        assert (await visitor.run("home"))["threads"] is not None
    assert versions == sorted(versions)
    assert await offences() == []
    figures.say(
        "The clock set back and forward",
        f"{TURNS} times, by up to {FAR.days} days either way, with an answer and a vote each time.",
        "Nobody was signed out or refused, versions only grew, and the books add up.",
    )
