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
from models import ClosureReason, FlagReason, PostKind, PostState, UserLevel, VoteValue
from models.database import transaction
from services import (
    accounts,
    approving,
    blocking,
    changes,
    choosing,
    closing,
    flagging,
    hiding,
    moderating,
    posting,
    voting,
)
from services.errors import Refusal
from transports.answers import Answers

_TYPE = (b"content-type", b"application/json")
#: Whoever brings along what nobody knows is a visitor too, but might not have been: nothing is kept for them.
_NOBODY = (b"authorization", b"Basic nobody")

#: In how many threads things are done: the fewer, the more often something happens twice.
FEW = 6
#: What is done, the first ones most of the time.
DEEDS = ("vote", "vote", "vote", "ask", "answer", "comment", "choose", "join", "trust") * 2 + (
    *("hide", "restore", "delete", "close", "reopen", "flag", "clear", "block", "unblock", "level"),
    *("approve", "reject", "batch", "undo"),
)


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
    deed = chance.choice(DEEDS)
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
            case _:
                return await _moderation_by_chance(chance, deed, thread, post)
    except Refusal as refusal:
        return f"{deed}: {refusal.message}"
    return deed


async def _moderation_by_chance(chance: Random, deed: str, thread: models.Thread, post: models.Post) -> str:
    """Some owner of the site decides something about that thread or post, or about one that is not visible; what."""
    owner = models.User(id=(await models.User.all().order_by("id").first()).id, level=UserLevel.OWNER)  # type: ignore[union-attr]
    hidden, queued = [await _in_state(chance, state) for state in (PostState.HIDDEN, PostState.QUEUED)]
    others = await models.Thread.filter(state=PostState.VISIBLE).order_by("-id")
    about = chance.choice(await models.User.all().order_by("id"))
    batch = await models.ModerationBatch.filter(undone_at__isnull=True).order_by("-id").first()
    match deed:
        case "hide":
            await hiding.hide_post(owner, post.id, "By chance.")
        case "restore":
            await hiding.restore_post(owner, hidden)
        case "delete":
            await hiding.delete_post(owner, hidden)
        case "close":
            reason = chance.choice(list(ClosureReason))
            original = chance.choice(others).id if reason is ClosureReason.DUPLICATE else None
            await closing.close_thread(owner, thread.id, reason, "By chance.", original)
        case "reopen":
            await closing.reopen_thread(owner, thread.id)
        case "flag":
            for flagger in chance.sample(await models.User.all().order_by("id"), chance.choice((1, 6))):
                await flagging.flag_post(flagger, post.id, FlagReason.SPAM, flagged=chance.random() < 0.8)
        case "clear":
            flag = await models.Flag.filter(cleared_at__isnull=True).first()
            await flagging.clear_flags(owner, flag.post_id if flag else post.id)
        case "block":
            await blocking.block_user(owner, about.id, None)
        case "unblock":
            await blocking.unblock_user(owner, about.id, None)
        case "level":
            await blocking.set_user_level(owner, about.id, chance.choice(list(UserLevel)))
        case "approve":
            await approving.approve_post(owner, queued)
        case "reject":
            await approving.reject_post(owner, queued, None)
        case "batch":
            await moderating.moderate_posts(
                owner, [post.id, hidden, queued], chance.choice(list(moderating.BatchDeed)), "By chance."
            )
        case "undo":
            await moderating.undo_moderation(owner, batch.id if batch else 0)
    return deed


async def _in_state(chance: Random, state: PostState) -> int:
    """The id of some post in that state, or of none."""
    ids: Any = await models.Post.filter(state=state).order_by("id").values_list("id", flat=True)
    return int(chance.choice([*ids, 0]))
