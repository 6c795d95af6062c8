"""Every field of the schema, for everybody: what they are shown is what the rules of `access_rules` say, whichever way.

A forum has a thing in every state, and the documents ask every field of everything in it, over HTTP. A field that is
added has no rule, and fails the first test until somebody says who sees it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace

from access_eyes import RULES, Eyes, Seen
from access_rules import PEOPLE
from access_world import (
    RANGE,
    RANGE_REASON,
    TOLD_AT,
    World,
    address_of,
    browser_key_of,
    browser_of,
    made,
    note_of,
    word_of,
)
from clients import Client
from graphql import GraphQLObjectType
from life import everything
from whole_schema import Known, documents, fields_of_outputs

import models
from schema import schema
from schema.nodes import global_id
from services.visibility import everybody_sees

Setting = Callable[..., None]

#: What a page of a list is made of: what is in it is judged with the list.
PAGES = ("Connection", "Edge", "PageInfo")
#: Whose documents go a step further: from a thing to another's fields, by joins and loaders.
LOOK_FURTHER = {"visitor", "confirmed", "editor_here"}
#: What the forum has none of: limits, and rules being put in force.
NOT_THERE = {"CostBudget", "Settling", "RateLimit", "CategoryChange"}
#: What somebody is never shown less of who is shown the thing itself: where it belongs; and what is for everybody.
ALWAYS_SHOWN = {
    *("Thread.question", "Comment.parent", "Question.thread", "Answer.thread", "Comment.thread"),
    *("Viewer.user", "Viewer.email", "Viewer.emailConfirmed", "Query.category"),
}


async def known_of(world: World) -> Known:
    """All there is to ask for; of points, what is about posts that not everybody sees, and the beginning."""
    known = await everything()
    dull = {
        global_id(entry)
        for entry in world.rows.all(models.PointsEntry)[20:]
        if (post := world.rows.get(models.Post, entry.post_id)) is None or everybody_sees(post)
    }
    return replace(known, ids=[each for each in known.ids if each not in dull], depth=0, names_below=True)


def secrets_of(world: World, eyes: Eyes) -> dict[str, bool]:
    """Words that stand somewhere in the database, and whether somebody may read them by the rules."""
    rows = world.rows
    found = {word_of(post): eyes.sees(post) for post in rows.all(models.Post)}
    found |= {each.body: eyes.sees(each) for each in rows.those(models.Revision, number=1)}
    found |= {note_of(flag): eyes.sees(flag) for flag in rows.all(models.Flag)}
    found |= dict.fromkeys((RANGE, RANGE_REASON), eyes.may("block"))
    for name in PEOPLE:
        found[address_of(name)] = name == eyes.person.name and eyes.person.level is not None
        hidden = (f"hash of {name}", browser_of(name), browser_key_of(name), world.tokens.get(name, TOLD_AT))
        found |= dict.fromkeys(hidden, False)
        found |= {hashlib.sha256(each.encode()).hexdigest(): False for each in hidden}
    return found


def test_every_field_has_a_rule() -> None:
    types = schema._schema.type_map.values()
    owners = [each for each in types if isinstance(each, GraphQLObjectType) and not each.name.startswith("__")]
    # Each mutation has one in `test_access_deeds.py`.
    ruled = [each for each in owners if not each.name.endswith(PAGES) and each.name != "Mutation"]
    asked = {(each.name, name) for each in ruled for name in each.fields}
    assert asked - RULES.keys() == set(), "who sees them? Say so in access_rules.FIELDS"
    assert RULES.keys() - asked == set(), "there is no such field"


async def test_every_field_shows_everybody_what_policy_says(visitor: Client, setting: Setting) -> None:
    setting(mail_server="smtp://127.0.0.1")  # where an address can be confirmed
    world, seen = await made(), Seen()
    known = await known_of(world)
    asked, further = list(documents(known)), list(documents(replace(known, depth=1, ids=known.ids[::3])))
    for name, person in PEOPLE.items():
        client, eyes = world.client(visitor, name), Eyes(world, person, seen=seen)
        read = []
        for text, given in asked + (further if name in LOOK_FURTHER else []):
            answer = await client.post(text, given)
            assert "errors" not in answer, (answer["errors"], text)
            eyes.judge(answer["data"], given)
            read.append(repr(answer["data"]))
        whole = "".join(read)
        for word, is_readable in secrets_of(world, eyes).items():
            if (word in whole) is not is_readable:
                seen.wrong.append(f"{name} {'does not read' if is_readable else 'reads'} {word}")
    assert seen.wrong[:20] == []
    judged = seen.shown | seen.withheld
    unjudged = {(owner, name) for owner, name in fields_of_outputs() - judged if owner not in NOT_THERE}
    assert unjudged == {("Query", "node")}  # which the next test asks
    # What could be kept from somebody was shown to one, and kept from another: else the forum would prove nothing.
    kept = {key for key, rule in RULES.items() if rule in ("seen", "told", "own", "decided") and key in judged}
    one_sided = {".".join(key) for key in kept & (seen.shown ^ seen.withheld)}
    assert one_sided == ALWAYS_SHOWN
