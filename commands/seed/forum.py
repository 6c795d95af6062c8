"""The sample forum, done again: every sign-up, post, vote and choice of `forum.toml`, in the order of their times."""

import secrets
import tomllib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

import models
from models import ClosureReason, PointsReason, PostKind, UserLevel, VoteValue
from models.database import transaction
from services import accounts, choosing, classification, clock, closing, points, posting, voting
from services.hotness import hotness
from services.markdown import render
from services.points import Payment

DEMO_NAME = "demo"
DEMO_PASSWORD = "demo-password"  # noqa: S105  it opens nothing but the sample forum
_FORUM = Path(__file__).with_name("forum.toml")
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class _Event:
    """Something that somebody did."""

    at: datetime
    do: Callable[[], Awaitable[Any]]


class _Replay:
    """What has come to be so far, and how each thing of the file is done."""

    def __init__(self, forum: dict[str, Any], now: datetime) -> None:
        self.forum = forum
        self.now = now
        self.users: dict[str, models.User] = {}
        self.threads: dict[str, models.Thread] = {}
        self.joined = {user["name"]: self.ago(user["days_ago"]) for user in forum["users"]}

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)

    def events(self) -> Iterator[_Event]:
        for index, user in enumerate(self.forum["users"]):
            yield _Event(self.joined[user["name"]], partial(self.join, user, index))
        for thread in self.forum["threads"]:
            written: dict[int, models.Post] = {}
            yield _Event(self.ago(thread["days_ago"]), partial(self.ask, thread, written))
            yield from self.votes(thread, written)
            for comment in thread.get("comments", ()):
                yield from self.reply(comment, written, partial(self.comment, comment, thread, written))
            for answer in thread.get("answers", ()):
                yield from self.reply(answer, written, partial(self.answer, answer, thread, written))
                if answer.get("best"):
                    chosen_at = self.ago(answer["days_ago"]) + _HOUR
                    yield _Event(min(chosen_at, self.now), partial(self.choose, answer, thread, written))
                for comment in answer.get("comments", ()):
                    yield from self.reply(comment, written, partial(self.comment, comment, answer, written))
            if closed := thread.get("closed"):
                yield _Event(self.now, partial(self.close, closed, thread))

    def reply(
        self, post: dict[str, Any], written: dict[int, models.Post], do: Callable[[], Awaitable[Any]]
    ) -> Iterator[_Event]:
        yield _Event(self.ago(post["days_ago"]), do)
        yield from self.votes(post, written)

    def votes(self, post: dict[str, Any], written: dict[int, models.Post]) -> Iterator[_Event]:
        for value, names in ((VoteValue.UP, post.get("up", ())), (VoteValue.DOWN, post.get("down", ()))):
            for place, name in enumerate(names, start=1):
                at = max(self.ago(post["days_ago"]), self.joined[name]) + place * _HOUR / 4
                yield _Event(min(at, self.now), partial(self.vote, name, post, value, written))

    async def join(self, user: dict[str, Any], index: int) -> None:
        made, _ = await accounts.sign_up(
            user["name"], f"person-{index}@example.org", secrets.token_urlsafe(), is_real=False
        )
        await models.User.filter(id=made.id).update(
            level=UserLevel[user["level"]],
            location=user["location"],
            website=user.get("website"),
            about=user["about"],
            about_html=render(user["about"]).html,
        )
        if opening := user.get("opening_points"):
            async with transaction():
                rules = await points.rules_in_force()
                await points.pay([Payment(made.id, opening, PointsReason.IMPORTED)], rules)
        self.users[user["name"]] = made

    async def ask(self, thread: dict[str, Any], written: dict[int, models.Post]) -> None:
        asked = posting.Asked(thread["title"], thread["body"], thread["category"], tuple(thread["tags"]))
        made = await posting.ask_question(self.users[thread["asked_by"]], asked)
        made.view_count = thread["views"]
        made.hotness = hotness(
            await points.rules_in_force(),
            asked_at=made.created_at,
            newest_answer_at=None,
            answers=0,
            score=0,
            views=made.view_count,
        )
        await made.save(update_fields=["view_count", "hotness"])
        self.threads[thread["title"]] = made
        written[id(thread)] = await models.Post.get(thread_id=made.id, kind=PostKind.QUESTION)

    async def answer(self, answer: dict[str, Any], thread: dict[str, Any], written: dict[int, models.Post]) -> None:
        actor = self.users[answer["by"]]
        _, written[id(answer)] = await posting.post_answer(actor, self.threads[thread["title"]].id, answer["body"])

    async def comment(self, comment: dict[str, Any], parent: dict[str, Any], written: dict[int, models.Post]) -> None:
        actor = self.users[comment["by"]]
        _, written[id(comment)] = await posting.post_comment(actor, written[id(parent)].id, comment["body"])

    async def vote(self, name: str, post: dict[str, Any], value: VoteValue, written: dict[int, models.Post]) -> None:
        await voting.cast_vote(self.users[name], written[id(post)].id, value)

    async def choose(self, answer: dict[str, Any], thread: dict[str, Any], written: dict[int, models.Post]) -> None:
        made = self.threads[thread["title"]]
        await choosing.choose_best_answer(self.users[thread["asked_by"]], made.id, written[id(answer)].id)

    async def close(self, closed: dict[str, Any], thread: dict[str, Any]) -> None:
        original = self.threads.get(closed.get("duplicate_of", ""))
        actor = await models.User.get(id=self.users[closed["by"]].id)  # at the level they have by now
        await closing.close_thread(
            actor,
            self.threads[thread["title"]].id,
            ClosureReason[closed["reason"]],
            closed.get("note"),
            original.id if original else None,
        )


async def replay(console: Console) -> None:
    """Fill an empty, migrated database."""
    forum = tomllib.loads(_FORUM.read_text(encoding="utf-8"))
    await models.Site.filter(id=1).update(**forum["site"])
    await _classify(forum)
    doing = _Replay(forum, datetime.now(UTC))
    # Sorting is stable: what has the same time stays in the order of the file.
    events = sorted(doing.events(), key=lambda event: event.at)
    for event in track(events, "Seeding", console=console):
        with clock.standing_at(event.at):
            await event.do()
    demo, _ = await accounts.sign_up(DEMO_NAME, "demo@example.org", DEMO_PASSWORD, is_real=False)
    # So that whoever looks around finds every deed within reach.
    await accounts.set_level(demo, UserLevel.MODERATOR)


async def _classify(forum: dict[str, Any]) -> None:
    made: dict[str, models.Category] = {}
    for position, category in enumerate(forum["categories"]):
        above, _, slug = category["path"].rpartition("/")
        made[category["path"]] = await models.Category.create(
            parent=made.get(above),
            name=category["name"],
            slug=slug,
            path=category["path"],
            depth=category["path"].count("/") + 1,
            position=position,
            description=category.get("description"),
        )
    async with transaction():
        tags = await classification.find_or_make_tags([tag["name"] for tag in forum["tags"]])
    for tag, described in zip(tags, forum["tags"], strict=True):
        await models.Tag.filter(id=tag.id).update(description=described["description"])
        await models.TagSynonym.bulk_create(
            models.TagSynonym(name=name, tag_id=tag.id) for name in described.get("synonyms", ())
        )
