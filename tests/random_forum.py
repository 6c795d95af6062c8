"""A forum made by chance: the same from the same seed, with all that makes reading it hard.

Times and scores that are equal, so that only the id decides; times with microseconds and without; what is hidden or
queued, with visible things below it; nobody's posts, threads in no category, texts in many scripts, tags with
synonyms, closed threads with a reason and without one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from random_moderation import random_batches, random_blocks, random_flags, random_log
from tortoise.models import Model

import models
from models import ClosureReason, PointsReason, PostKind, PostState, UserLevel, VoteValue
from models.database import execute
from services.invariants import BURIED
from services.markdown import render
from services.text import folded, look, slug

Row = TypeVar("Row", bound=Model)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_MOMENTS = [
    NOON + timedelta(**after)
    for after in (
        {},
        {"microseconds": 1},
        {"milliseconds": 500},
        {"seconds": 59},
        {"hours": 9, "microseconds": 120},
        {"days": -400},
        {"days": 3, "microseconds": 999_999},
    )
]
_TEXTS = [
    *(
        "Short.",
        "Why *not*?",
        "Größe, naïve, Ελληνικά, 日本語, עברית, العربية",
        "👩‍👩‍👧 family & <b>bold</b> \"quoted\" 'ones'",
    ),
    *("Write to somebody@example.org.", "`code` and\n\n- a list\n- of two", "100 % of _it_ \\ back\\slash", "x" * 300),
]
_NAMES = ["Ada", "Brontë", "Çelik", "Dmitri", "Ēriks", "Fáelán", "二郎", "Ḫasan", "İpek", "Jürgen", "k_d", "L%M"]
_TAGS = ["plants", "trees", "soil", "c++", "größe", "日本", "under_score", "per%cent", "zz", "zzz", "a-b", "σίγμα"]
_STATES = [PostState.VISIBLE] * 8 + [PostState.HIDDEN, PostState.QUEUED]
_THREADS = 36
_VOTERS = 8


@dataclass(frozen=True)
class Forum:
    """All rows of the forum that clients can name, hidden ones too."""

    users: Sequence[models.User]
    categories: Sequence[models.Category]
    tags: Sequence[models.Tag]
    synonyms: Sequence[models.TagSynonym]
    threads: Sequence[models.Thread]
    posts: Sequence[models.Post]
    revisions: Sequence[models.Revision]
    entries: Sequence[models.PointsEntry]
    flags: Sequence[models.Flag]
    batches: Sequence[models.ModerationBatch]
    log: Sequence[models.ModerationEntry]
    blocks: Sequence[models.AddressBlock]

    @property
    def viewers(self) -> tuple[models.User | None, ...]:
        """A visitor, two users and one of the staff."""
        return (None, self.users[0], self.users[1], next(each for each in self.users if each.level >= UserLevel.EDITOR))

    def rows(self, model: type[Model]) -> Sequence[Any]:
        """The rows of a model."""
        rows: Sequence[Any]
        [rows] = (each for each in vars(self).values() if type(each[0]) is model)
        return rows


async def random_forum(seed: int, size: int = 1, *, torn: float = 0.0) -> Forum:
    """Fill an empty forum; one of another `size` has so many times the threads, of the same people.

    `torn` is how often something is seen below what is not: a null where none may be.
    """
    chance = Random(seed)
    users = await _users(chance)
    categories = await _categories(chance)
    tags, synonyms = await _tags(chance)
    threads = await _threads(chance, size * _THREADS, users, categories)
    await models.ThreadTag.bulk_create(
        models.ThreadTag(thread_id=thread.id, tag_id=tag.id, position=chance.choice((0, 0, place)))
        for thread in threads
        for place, tag in enumerate(chance.sample(tags, chance.randrange(4)))
    )
    posts = await _posts(chance, threads, users, torn)
    if not torn:
        await execute(f"UPDATE post SET is_buried = TRUE WHERE {BURIED}")
        posts = await models.Post.all().order_by("id")
    await models.Vote.bulk_create(
        models.Vote(
            user_id=user.id, post_id=post.id, value=chance.choice(list(VoteValue)), created_at=NOON, updated_at=NOON
        )
        for user in users[:_VOTERS]
        for post in posts
        if chance.random() < 0.3
    )
    return Forum(
        users,
        categories,
        tags,
        synonyms,
        threads,
        posts,
        await _revisions(chance, posts, users),
        await _entries(chance, posts, users),
        await random_flags(chance, posts, users),
        batches := await random_batches(chance, users),
        await random_log(chance, posts, users, tags, batches),
        await random_blocks(chance, users),
    )


async def _made(model: type[Row], rows: list[Row]) -> list[Row]:
    await model.bulk_create(rows)
    return await model.all().order_by("id")


async def _users(chance: Random) -> list[models.User]:
    levels = [UserLevel.REGISTERED, UserLevel.REGISTERED, *UserLevel]
    return await _made(
        models.User,
        [
            models.User(
                name=name,
                name_folded=folded(name),
                name_key=look(name),
                email=chance.choice((None, f"user{place}@example.org")),
                email_confirmed_at=chance.choice((None, *_MOMENTS)),
                level=levels[place % len(levels)],
                points=chance.choice((0, 0, 100, 999, 1000, 6660, 1_000_000, -30)),
                about=(about := chance.choice((None, *_TEXTS))),
                about_html=None if about is None else render(about).html,
                location=chance.choice((None, "", "Zürich")),
                website=chance.choice((None, "https://example.org/?a=1&b=2")),
                created_at=chance.choice(_MOMENTS),
            )
            for place, name in enumerate(_NAMES)
        ],
    )


async def _categories(chance: Random) -> list[models.Category]:
    made: list[models.Category] = []
    for place in range(14):
        parent = chance.choice([None, *(each for each in made if each.depth < 4)])
        word = f"place_{place}" if place % 3 else f"größe%{place}"
        made.append(
            await models.Category.create(
                parent=parent,
                name=word.title(),
                slug=word,
                path=word if parent is None else f"{parent.path}/{word}",
                depth=1 if parent is None else parent.depth + 1,
                position=chance.randrange(3),
                description=chance.choice((None, "", *_TEXTS)),
                thread_count=chance.randrange(9),
            )
        )
    return made


async def _tags(chance: Random) -> tuple[list[models.Tag], list[models.TagSynonym]]:
    tags = await _made(
        models.Tag,
        [
            models.Tag(name=name, description=chance.choice((None, *_TEXTS)), thread_count=chance.randrange(3))
            for name in _TAGS
        ],
    )
    words = ("plant", "flora", "tree", "cpp", "size", "japan")
    return tags, await _made(
        models.TagSynonym, [models.TagSynonym(name=word, tag_id=chance.choice(tags).id) for word in words]
    )


async def _threads(
    chance: Random, amount: int, users: list[models.User], categories: list[models.Category]
) -> list[models.Thread]:
    threads = []
    for place in range(amount):
        author = chance.choice((None, *users))
        is_closed = chance.random() < 0.3
        title = f"{place}: {chance.choice(_TEXTS)[:60]}"
        thread = models.Thread(
            slug=slug(title),
            title=title,
            category_id=chance.choice((None, *(each.id for each in categories))),
            author_id=author and author.id,
            state=chance.choice(_STATES),
            score=chance.randint(-2, 2),
            answer_count=chance.randrange(4),
            view_count=chance.randrange(3) * 1000,
            hotness=chance.choice((0.0, 0.5, -1.25, 1e16, 123456.789, 1 / 3)),
            created_at=chance.choice(_MOMENTS),
            last_activity_at=chance.choice(_MOMENTS),
            close_note=chance.choice((None, *_TEXTS)) if is_closed else None,
        )
        if is_closed:
            thread.closed_at = chance.choice(_MOMENTS)
            thread.close_reason = chance.choice((None, *ClosureReason))
            thread.closed_by_id = chance.choice((None, *(each.id for each in users)))
            thread.duplicate_of_id = None if place == 0 else chance.choice((None, chance.randint(1, place)))
        threads.append(thread)
    return await _made(models.Thread, threads)


async def _posts(
    chance: Random, threads: list[models.Thread], users: list[models.User], torn: float
) -> list[models.Post]:
    above: list[models.Post] = []
    for thread in threads:
        question = _post(chance, thread, PostKind.QUESTION, users)
        question.author_id, question.state = thread.author_id, thread.state
        question.created_at = thread.created_at
        answers = [_post(chance, thread, PostKind.ANSWER, users) for _ in range(chance.randrange(7))]
        for answer in answers:
            _place_below(chance, answer, thread, torn)
        if answers and chance.random() < 0.5:
            chance.choice(answers).is_best = True
        above += [question, *answers]
    above = await _made(models.Post, above)
    by_id = {thread.id: thread for thread in threads}
    comments = []
    for post in above:
        for _ in range(chance.choice((0, 0, 1, 4))):
            comment = _post(chance, by_id[post.thread_id], PostKind.COMMENT, users)
            comment.parent_id = post.id
            _place_below(chance, comment, post, torn)
            comments.append(comment)
    return await _made(models.Post, comments)


def _post(chance: Random, thread: models.Thread, kind: PostKind, users: list[models.User]) -> models.Post:
    body = chance.choice(_TEXTS)
    up, down = _VOTERS + chance.randrange(3), _VOTERS + chance.randrange(3)  # so that all can take theirs back
    author = chance.choice((None, *users))
    edited = chance.random() < 0.3
    return models.Post(
        thread_id=thread.id,
        kind=kind,
        author_id=author and author.id,
        author_name=chance.choice((None, "A guest", "")) if author is None else None,
        body=body,
        body_html=render(body).html,
        body_text=render(body).text,
        score=up - down,
        up_votes=up,
        down_votes=down,
        comment_count=chance.randrange(3),
        version=chance.randint(1, 9),
        created_at=chance.choice(_MOMENTS),
        edited_at=chance.choice(_MOMENTS) if edited else None,
        editor_id=chance.choice((None, *(each.id for each in users))) if edited else None,
    )


def _place_below(chance: Random, post: models.Post, above: models.Thread | models.Post, torn: float) -> None:
    """Give a post a state; below what is not seen it is hidden and buried, but where the forum is torn."""
    post.is_buried = above.state is not PostState.VISIBLE and chance.random() >= torn
    post.state = PostState.HIDDEN if post.is_buried else chance.choice(_STATES)


async def _revisions(chance: Random, posts: list[models.Post], users: list[models.User]) -> list[models.Revision]:
    revisions = []
    for post in posts:
        for number in range(1, chance.choice((0, 0, 0, 1, 3)) + 1):
            is_question = post.kind is PostKind.QUESTION
            revisions.append(
                models.Revision(
                    post_id=post.id,
                    number=number,
                    title=chance.choice(_TEXTS)[:60] if is_question else None,
                    body=(body := chance.choice(_TEXTS)),
                    body_html=render(body).html,
                    tags=chance.sample(_TAGS, chance.randrange(3)) if is_question else None,
                    editor_id=chance.choice((None, *(each.id for each in users))),
                    comment=chance.choice((None, "", *_TEXTS)),
                    edited_at=chance.choice(_MOMENTS),
                )
            )
    return await _made(models.Revision, revisions)


async def _entries(chance: Random, posts: list[models.Post], users: list[models.User]) -> list[models.PointsEntry]:
    entries = []
    for user in users:
        total = 0
        for _ in range(chance.randrange(5)):
            total += (amount := chance.choice((-10, 0, 20, 300)))
            entries.append(
                models.PointsEntry(
                    user_id=user.id,
                    amount=amount,
                    total=total,
                    reason=chance.choice(list(PointsReason)),
                    post_id=chance.choice((None, *(each.id for each in posts))),
                    rules_id=1,
                    created_at=chance.choice(_MOMENTS),
                )
            )
    return await _made(models.PointsEntry, entries)


def moment(chance: Random) -> datetime:
    """A moment near which things happened."""
    return chance.choice(_MOMENTS)


__all__ = ["Forum", "moment", "random_forum"]
