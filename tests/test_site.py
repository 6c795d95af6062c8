"""The site as a whole."""

from clients import Client
from crowd import answered_by, asked_by, commented_by, member

import models
from models import PostState


async def test_an_empty_site_has_a_name_and_nothing_else(visitor: Client) -> None:
    assert await visitor.run("site") == {
        "site": {
            "name": "Plainspoken",
            "welcome": "Ask, answer, and vote.",
            "threadCount": 0,
            "answerCount": 0,
            "commentCount": 0,
            "userCount": 0,
        }
    }


async def test_a_site_counts_what_can_be_seen_on_it(visitor: Client) -> None:
    ann, bob = await member("ann"), await member("bob")
    thread, question = await asked_by(ann)
    answers = [await answered_by(bob, thread) for _ in range(3)]
    await commented_by(ann, question)
    hidden, hidden_question = await asked_by(ann)
    await models.Thread.filter(id=hidden.id).update(state=PostState.HIDDEN)
    await models.Post.filter(id=hidden_question.id).update(state=PostState.HIDDEN)
    await models.Post.filter(id=answers[0].id).update(state=PostState.QUEUED)
    site = (await visitor.run("site"))["site"]
    assert {name: site[name] for name in site if name.endswith("Count")} == {
        "threadCount": 1,
        "answerCount": 2,
        "commentCount": 1,
        "userCount": 2,
    }


async def test_the_sites_name_can_be_changed(visitor: Client) -> None:
    await models.Site.filter(id=1).update(name="Garden talk", welcome="Dig in.")
    site = (await visitor.run("site"))["site"]
    assert (site["name"], site["welcome"]) == ("Garden talk", "Dig in.")
