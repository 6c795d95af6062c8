"""The data that is measured on: made anew from a fixed seed, in SQLite."""

import random
from datetime import UTC, datetime, timedelta

import models
from models import PostKind
from models.database import transaction
from services import points
from services.hotness import hotness
from services.markdown import render

USERS, THREADS, ANSWERS, COMMENTS, TAGS = 500, 2_000, 10, 5, 100
_BODY = "A **body** of some length, with a [link](https://example.org) and a list:\n\n" + "- one more line of it\n" * 5


async def fill() -> None:
    """Fill an empty forum: every thread has ten answers, and every question and answer five comments."""
    chance = random.Random(1)  # noqa: S311  a figure of chance, not a secret
    start = datetime(2020, 1, 1, tzinfo=UTC)
    body = render(_BODY)
    rules = await points.rules_in_force()
    async with transaction():
        names = {each: f"user{each}" for each in range(1, USERS + 1)}
        await models.User.bulk_create(
            models.User(id=each, name=name, name_folded=name, name_key=name, points=each, created_at=start)
            for each, name in names.items()
        )
        await models.Tag.bulk_create(models.Tag(id=each, name=f"tag{each}") for each in range(1, TAGS + 1))
        post_id = 0
        for number in range(1, THREADS + 1):
            at = start + timedelta(hours=number)
            score = chance.randrange(20)
            await models.Thread.create(
                id=number,
                title=f"How is question number {number} answered here?",
                slug=f"how-is-question-number-{number}",
                author_id=chance.randint(1, USERS),
                score=score,
                answer_count=ANSWERS,
                view_count=chance.randrange(1000),
                hotness=hotness(rules, asked_at=at, newest_answer_at=at, answers=ANSWERS, score=score, views=0),
                created_at=at,
                last_activity_at=at,
            )
            await models.ThreadTag.bulk_create(
                models.ThreadTag(thread_id=number, tag_id=tag, position=place)
                for place, tag in enumerate(chance.sample(range(1, TAGS + 1), 3))
            )
            posts = []
            for place in range(1 + ANSWERS):
                post_id += 1
                parent_id = post_id
                kind = PostKind.ANSWER if place else PostKind.QUESTION
                votes = chance.randrange(20) if place else score
                posts.append(_post(parent_id, number, kind, None, votes, chance, body, at))
                for _ in range(COMMENTS):
                    post_id += 1
                    posts.append(_post(post_id, number, PostKind.COMMENT, parent_id, 0, chance, body, at))
            await models.Post.bulk_create(posts)


def _post(post_id, number, kind, parent_id, votes, chance, body, at) -> models.Post:  # type: ignore[no-untyped-def]
    return models.Post(
        id=post_id,
        thread_id=number,
        kind=kind,
        parent_id=parent_id,
        author_id=chance.randint(1, USERS),
        body=_BODY,
        body_html=body.html,
        body_text=body.text,
        score=votes,
        up_votes=votes,
        imported_up_votes=votes,
        comment_count=0 if parent_id else COMMENTS,
        created_at=at + timedelta(seconds=post_id % 60),
    )
