"""Visitors at the endpoint, without sockets between, and what it keeps of its answers to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import orjson
import pytest
from random_documents import Asked

import models
import server
from models import PostKind, PostState, UserLevel, VoteValue
from models.database import transaction
from services import accounts, changes, choosing, posting, voting
from services.errors import Refusal
from transports.answers import Answers

_TYPE = (b"content-type", b"application/json")
#: Whoever brings along what nobody knows is a visitor too, but might not have been: nothing is kept for them.
_NOBODY = (b"authorization", b"Basic nobody")

#: In how many threads things are done: the fewer, the more often something happens twice.
FEW = 6


@contextmanager
def keeping(monkeypatch: pytest.MonkeyPatch, most: int = 64 * 2**20, seconds: float = 3600) -> Iterator[Answers]:
    """The endpoint keeps answers, and hears what changes, while the block lasts."""
    answers = Answers(most, seconds)
    monkeypatch.setattr(server.graphql, "answers", answers)
    with changes.hearing(answers.hear):
        yield answers


def body_of(asked: Asked) -> bytes:
    """The body of a request."""
    return orjson.dumps({"query": asked.query, "variables": asked.variables, "operationName": asked.operation_name})


def is_kept(answers: Answers, body: bytes) -> bool:
    """Whether that body's answer is kept."""
    return answers.get(("POST", body, None, _TYPE[1])) is not None


async def posted(body: bytes, *, anew: bool = False) -> bytes:
    """What the endpoint answers to a body; if `anew`, surely not what it has kept."""
    headers = [_TYPE, _NOBODY] if anew else [_TYPE]
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "query_string": b"",
        "headers": headers,
    }
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        said.append(message)

    await server.app(scope, receive, send)
    whole: bytes = said[1]["body"]
    return whole


async def deed_by_chance(chance: Random) -> str:
    """Somebody does something in one of the first few threads, or opens one, or is refused; what."""
    deed = chance.choice(("vote", "vote", "vote", "ask", "answer", "comment", "choose", "join", "trust"))
    users = await models.User.all().order_by("id")
    threads = (await models.Thread.filter(state=PostState.VISIBLE).order_by("id"))[:FEW]
    posts = await models.Post.filter(state=PostState.VISIBLE, thread_id__in=[each.id for each in threads]).order_by(
        "id"
    )
    kind = chance.choice([each for each in PostKind if any(post.kind is each for post in posts)])
    actor, thread = chance.choice(users), chance.choice(threads)
    post = chance.choice([each for each in posts if each.kind is kind])
    words = f"Something by chance: {chance.random()}"
    try:
        match deed:
            case "vote":
                await voting.cast_vote(actor, post.id, chance.choice(list(VoteValue)))
            case "ask":
                category = chance.choice([None, *await models.Category.all().order_by("id")])
                tags = chance.sample(
                    ["plants", "soil", "flora", "new", f"tag-{chance.randrange(9)}"], chance.randrange(4)
                )
                asked = posting.Asked(words, words, category.path if category else None, tuple(tags))
                await posting.ask_question(actor, asked)
            case "answer":
                await posting.post_answer(actor, thread.id, words)
            case "comment":
                await posting.post_comment(actor, post.id, words)
            case "choose":
                answers = [each.id for each in posts if each.thread_id == thread.id and each.kind is PostKind.ANSWER]
                asker = await models.User.get_or_none(id=thread.author_id) or actor
                await choosing.choose_best_answer(asker, thread.id, chance.choice([None, *answers]))
            case "join":
                name = f"user {chance.randrange(10**6)}"
                async with transaction():
                    await accounts._make_user(name, f"{name.replace(' ', '.')}@example.org", "no password")
            case "trust":
                await accounts.set_level(actor, chance.choice(list(UserLevel)))
    except Refusal as refusal:
        return f"{deed}: {refusal.message}"
    return deed
