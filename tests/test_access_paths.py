"""Whichever way somebody comes to a thing, they see it or not alike: by its id, by filters, live, kept for visitors."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from access_eyes import Eyes, Seen
from access_rules import PEOPLE
from access_world import Browser, made
from clients import Client
from life import everything
from whole_schema import Known, documents, selection_of

import models
from models import PostKind, PostState, UserLevel
from schema import schema
from schema.nodes import global_id, split_id
from services.visibility import everybody_sees

Setting = Callable[..., None]

#: How many fields of the root one document asks.
MOST_ROOTS = 100
#: Who differ in what they see.
LOOKING = (
    "visitor",
    "anonymous_author",
    "confirmed",
    "author",
    "blocked_author",
    "expert",
    "editor",
    "expert_here",
    "editor_there",
    "blocked_owner",
)


def ways(eyes: Eyes) -> Iterator[tuple[str, Any]]:
    """Fields of the root, each about one thing or one filter, and what they are to say."""
    rows = eyes.world.rows
    for row in (*rows.all(models.Thread), *rows.all(models.Post), *rows.all(models.Revision), *rows.all(models.Flag)):
        named = global_id(row)
        yield f'node(id: "{named}") {{ id }}', {"id": named} if eyes.sees(row) else None
    for row in (*rows.all(models.Thread), *rows.all(models.Post)):
        column, argument = ("thread_id", "threadId") if isinstance(row, models.Thread) else ("post_id", "postId")
        lines = rows.those(models.ModerationEntry, **{column: row.id})
        counted = {"totalCount": len(lines) if eyes.sees(row) else 0}
        yield f'moderationLog(filter: {{{argument}: "{global_id(row)}"}}) {{ totalCount }}', counted
    threads = eyes.of(rows.all(models.Thread))
    tags = {tag.id: tag.name for tag in rows.all(models.Tag)}
    best = {post.thread_id for post in rows.those(models.Post, is_best=True, state=PostState.VISIBLE)}
    shown = rows.those(models.Post, kind=PostKind.ANSWER, state=PostState.VISIBLE)
    answered, liked = {post.thread_id for post in shown}, {post.thread_id for post in shown if post.score > 0}
    [home] = rows.those(models.Category, path="home")
    links = {(link.thread_id, link.tag_id) for link in rows.all(models.ThreadTag)}
    authors = {user.name: user.id for user in rows.all(models.User)}
    filters: dict[str, Callable[[Any], bool]] = {
        **{f'allTags: ["{name}"]': _tagged(links, key) for key, name in tags.items()},
        **{f'author: "{name}"': _asked_by(authors[name]) for name in ("author", "blocked_author")},
        'category: "home"': lambda thread: thread.category_id == home.id,
        "closed: true": lambda thread: thread.closed_at is not None,
        "answered: true": lambda thread: thread.id in answered,
        "hasBestAnswer: true": lambda thread: thread.id in best,
        "hasUpvotedAnswer: true": lambda thread: thread.id in liked,
        "minScore: 0": lambda thread: True,
    }
    for wanted, passes in filters.items():
        yield f"threads(filter: {{{wanted}}}) {{ totalCount }}", {"totalCount": sum(map(passes, threads))}


def _tagged(links: set[tuple[int, int]], tag_id: int) -> Callable[[Any], bool]:
    return lambda thread: (thread.id, tag_id) in links


def _asked_by(user_id: int) -> Callable[[Any], bool]:
    return lambda thread: thread.author_id == user_id


async def listened(eyes: Eyes, client: Client, known: Known) -> None:
    """Subscribe to everything there is, and judge what comes first, or that nothing does."""
    rows = eyes.world.rows
    fields: Any = schema._schema.subscription_type.fields  # type: ignore[union-attr]
    things = [("threadActivity", "threadId", row) for row in rows.all(models.Thread)]
    things += [("votesChanged", "postIds", row) for row in rows.all(models.Post)]
    things += [("pointsChanged", "userId", row) for row in rows.all(models.User)[:2]]
    cookies = client.headers if isinstance(client, Browser) else None
    token = None if isinstance(client, Browser) else client.token
    async with Client(client.http, token).socket(cookies) as socket:
        for number, (name, argument, row) in enumerate(things):
            kind, named = fields[name].args[argument].type, global_id(row)
            text = (
                f"subscription ($id: {kind}) {{ {name}({argument}: $id) {selection_of(fields[name].type, known, 0)} }}"
            )
            variables = {"id": [named] if name == "votesChanged" else named}
            await socket.send(type="subscribe", id=str(number), payload={"query": text, "variables": variables})
            message = await socket.receive()
            assert message["id"] == str(number)
            first = message["payload"]["data"][name] if message["type"] == "next" else None
            eyes.judge_subscription(name, named, first)
            if first is not None:
                await socket.send(type="complete", id=str(number))


async def test_whichever_way_somebody_comes_they_see_the_same(visitor: Client, setting: Setting) -> None:
    setting(mail_server="smtp://127.0.0.1")
    world, seen = await made(), Seen()
    known = replace(await everything(), depth=0, names_below=True)
    for name in (*LOOKING, "visitor"):  # again, once others had asked: what is kept for visitors is theirs
        client, eyes = world.client(visitor, name), Eyes(world, PEOPLE[name], seen)
        asked = list(ways(eyes))
        for start in range(0, len(asked), MOST_ROOTS):
            part = asked[start : start + MOST_ROOTS]
            text = " ".join(f"way{number}: {way}" for number, (way, _) in enumerate(part))
            answer = await client.post(f"{{ {text} }}")
            assert "errors" not in answer, answer["errors"]
            for (way, right), found in zip(part, answer["data"].values(), strict=True):
                if found != right:
                    seen.wrong.append(f"{name} by {way}: {found} instead of {right}")
        await listened(eyes, client, known)
    assert seen.wrong[:20] == []
    everybody = [Eyes(world, person) for person in PEOPLE.values()]
    for post in world.rows.all(models.Post):
        assert everybody_sees(post) == all(eyes.sees(post) for eyes in everybody)


async def test_what_a_site_asks_for_otherwise_is_what_counts(visitor: Client, setting: Setting) -> None:
    world = await made()
    earned = world.account(PEOPLE["author"]).points  # type: ignore[union-attr]
    permissions = {
        "approve": {"points": earned, "confirmed": True},
        "hide": {"level": "moderator"},
        "block": {"level": "admin"},
    }
    setting(mail_server="smtp://127.0.0.1", permissions=permissions)
    level = UserLevel
    trust = {
        "approve": (level.REGISTERED, True, earned),
        "hide": (level.MODERATOR, False, 0),
        "block": (level.ADMIN, False, 0),
    }
    seen, known = Seen(), await everything()
    judged = [
        each for each in known.ids if (split_id(each) or ("",))[0] in ("Thread", "Post", "Flag", "ModerationEntry")
    ]
    known = replace(known, ids=judged, depth=0, names_below=True)
    asked = list(documents(known))
    for name in ("visitor", "confirmed", "author", "blocked_author", "editor", "editor_here", "moderator", "admin"):
        eyes = Eyes(world, PEOPLE[name], seen, trust)
        for text, given in asked:
            answer = await world.client(visitor, name).post(text, given)
            assert "errors" not in answer, answer["errors"]
            eyes.judge(answer["data"], given)
    assert seen.wrong[:20] == []
    may = {name for name in PEOPLE if Eyes(world, PEOPLE[name], seen, trust).may("approve")}
    assert {"author", "expert"} <= may
    assert not {"confirmed", "registered", "blocked_author"} & may
