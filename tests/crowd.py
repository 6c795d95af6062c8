"""People, categories and threads for the tests: made by the deeds themselves, without the slow parts of the door."""

from itertools import count

from clients import Client

import models
from models import PointsReason, PostKind, UserLevel
from models.database import transaction
from services import audit, clock, points, posting
from services.points import Payment
from services.text import folded, look

WORDS = "Long enough to be a reply."
_count = count(1)


def words() -> str:
    """Words that nobody has said yet: what was just said is not said again."""
    return f"Long enough to be a reply, {next(_count)}."


async def member(name: str) -> models.User:
    """A user who has joined, without a password: hashing one takes its time, and who never signs in needs none."""
    async with transaction():
        rules = await points.rules_in_force()
        user = await models.User.create(
            name=name, name_folded=folded(name), name_key=look(name), created_at=clock.now()
        )
        await points.pay([Payment(user.id, rules.joined, PointsReason.JOINED)], rules)
    return user


async def members(amount: int) -> list[models.User]:
    """So many users who have joined."""
    return [await member(f"member {number}") for number in range(1, amount + 1)]


async def question_of(thread: models.Thread) -> models.Post:
    """What the thread asks."""
    return await models.Post.get(thread_id=thread.id, kind=PostKind.QUESTION)


async def asked_by(
    asker: models.User, title: str = "What is a test worth?", category: str | None = None, tags: tuple[str, ...] = ()
) -> tuple[models.Thread, models.Post]:
    """A thread that `asker` opened, and its question."""
    thread = await posting.ask_question(asker, posting.Asked(title, f"Tell me, {next(_count)}.", category, tags))
    return thread, await question_of(thread)


async def answered_by(answerer: models.User, thread: models.Thread) -> models.Post:
    """An answer that `answerer` gave."""
    _, answer = await posting.post_answer(answerer, thread.id, words())
    return answer


async def commented_by(commenter: models.User, parent: models.Post) -> models.Post:
    """A comment that `commenter` made."""
    _, comment = await posting.post_comment(commenter, parent.id, words())
    return comment


async def points_of(user: models.User) -> int:
    """The user's points as they are now."""
    return (await models.User.get(id=user.id)).points


async def category_at(path: str) -> models.Category:
    """The category at `path`, made if need be with all above it."""
    above, _, slug = path.rpartition("/")
    parent = await category_at(above) if above else None
    made, _ = await models.Category.get_or_create(
        path=path, defaults={"name": slug.title(), "slug": slug, "parent": parent, "depth": path.count("/") + 1}
    )
    return made


async def offences() -> list[str]:
    """What `qa check` finds wrong."""
    return [finding.name async for finding in audit.check() if finding.offenders]


async def trusted(visitor: Client, name: str, level: UserLevel) -> Client:
    """The client of a new user of that level."""
    client = await visitor.sign_up(name)
    await models.User.filter(name=name).update(level=level)
    return client
