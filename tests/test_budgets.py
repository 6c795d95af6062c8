"""Budgets: each page's document costs so many SQL statements, at one row and at thirty, the session's included."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from clients import Client, document
from crowd import category_at, member

import models
from models import PointsReason, PostKind, VoteValue
from models.database import dialect
from services.text import look

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MANY = 30


# Budgets look at reads alone, so the rows go straight into their tables.


async def make_users() -> list[models.User]:
    """Many users, each with one point more than the one before."""
    names = [f"member {number}" for number in range(1, MANY + 1)]
    await models.User.bulk_create(
        models.User(name=name, name_folded=name, name_key=look(name), points=index, created_at=NOON)
        for index, name in enumerate(names)
    )
    return await models.User.filter(name__in=names).order_by("id")


async def make_threads(authors: Sequence[models.User]) -> list[models.Thread]:
    """A thread of each author with a question, in a category and under a tag of its own, and under one of all."""
    shared = await models.Tag.create(name="plants")
    await models.Tag.bulk_create(models.Tag(name=f"tag{index}") for index in range(len(authors)))
    tags = await models.Tag.exclude(id=shared.id).order_by("id")
    await models.Category.bulk_create(
        models.Category(name=f"Place {index}", slug=f"place{index}", path=f"place{index}", depth=1)
        for index in range(len(authors))
    )
    await models.Thread.bulk_create(
        models.Thread(
            title="A thread", slug="a-thread", author=author, category=category, created_at=NOON, last_activity_at=NOON
        )
        for author, category in zip(authors, await models.Category.all().order_by("id"), strict=True)
    )
    threads = await models.Thread.all().order_by("id")
    for carried in (tags, [shared] * len(threads)):
        await models.ThreadTag.bulk_create(
            models.ThreadTag(thread=thread, tag=tag) for thread, tag in zip(threads, carried, strict=True)
        )
    await make_posts([written(PostKind.QUESTION, thread.id, thread.author_id) for thread in threads])
    return threads


def written(
    kind: PostKind, thread_id: int, author_id: int | None, parent_id: int | None = None, is_best: bool = False
) -> models.Post:
    return models.Post(
        kind=kind,
        thread_id=thread_id,
        parent_id=parent_id,
        author_id=author_id,
        body="b",
        body_html="<p>b</p>",
        body_text="b",
        is_best=is_best,
        created_at=NOON,
    )


async def make_posts(posts: Sequence[models.Post]) -> list[models.Post]:
    await models.Post.bulk_create(posts)
    return await models.Post.all().order_by("-id").limit(len(posts))


async def vote_for_all(voter: models.User) -> None:
    await models.Vote.bulk_create(
        models.Vote(user=voter, post=post, value=VoteValue.UP, created_at=NOON, updated_at=NOON)
        for post in await models.Post.all()
    )


def here(on_sqlite: Any, on_postgres: Any) -> Any:
    """What is right on this database: on PostgreSQL one statement reads what several do on SQLite."""
    return on_sqlite if dialect() == "sqlite" else on_postgres


async def cost(statements: list[str], client: Client, text: str, **variables: Any) -> tuple[int, Any]:
    """How many statements a document takes, and its data."""
    statements.clear()
    answer = await client.post(text, variables)
    assert "errors" not in answer
    return len(statements), answer["data"]


async def test_the_question_page_costs_seven_statements_at_one_answer_and_at_thirty(
    visitor: Client, statements: list[str]
) -> None:
    ann = await visitor.sign_up("ann")
    users = await make_users()
    small, large, *_ = await make_threads(users)
    answers = await make_posts(
        [
            written(PostKind.ANSWER, small.id, users[0].id),
            *(written(PostKind.ANSWER, large.id, user.id) for user in users),
        ]
    )
    questions = await models.Post.filter(kind=PostKind.QUESTION, thread_id__in=[small.id, large.id])
    await make_posts(
        [
            written(PostKind.COMMENT, parent.thread_id, users[(index + turn) % MANY].id, parent.id)
            for index, parent in enumerate([*questions, *answers])
            for turn in range(3)
        ]
    )
    await vote_for_all(await models.User.get(name="ann"))
    page = document("question_page").replace("answers(first: 10)", "answers(first: 30)")
    at_one, one = await cost(statements, ann, page, number=small.id)
    at_thirty, thirty = await cost(statements, ann, page, number=large.id)
    for data, count in ((one, 1), (thirty, MANY)):
        shown = data["thread"]["answers"]["nodes"]
        assert len(shown) == data["thread"]["answers"]["totalCount"] == count
        assert {len(each["comments"]["nodes"]) for each in (*shown, data["thread"]["question"])} == {3}
        assert {comment["viewerVote"] for each in shown for comment in (each, *each["comments"]["nodes"])} == {"UP"}
    assert (at_one, at_thirty) == here((7, 7), (2, 2))


async def test_the_home_page_costs_five_statements_at_one_thread_and_at_thirty(
    visitor: Client, statements: list[str]
) -> None:
    ann = await visitor.sign_up("ann")
    users = await make_users()
    threads = await make_threads(users)
    await make_posts(
        [
            written(PostKind.ANSWER, thread.id, user.id, is_best=True)
            for thread, user in zip(threads, users, strict=True)
        ]
    )
    await vote_for_all(await models.User.get(name="ann"))
    at_one, one = await cost(statements, ann, document("home"), first=1)
    at_thirty, thirty = await cost(statements, ann, document("home"), first=MANY)
    for data, count in ((one, 1), (thirty, MANY)):
        shown = data["threads"]["nodes"]
        assert len(shown) == count
        assert len({thread["category"]["path"] for thread in shown}) == count
        assert len({thread["question"]["author"]["name"] for thread in shown}) == count
        assert {len(thread["tags"]) for thread in shown} == {2}
        assert all(thread["bestAnswer"] and thread["question"]["viewerVote"] == "UP" for thread in shown)
    assert (at_one, at_thirty) == here((5, 5), (3, 3))


async def test_the_list_of_users_costs_three_statements_at_one_and_at_thirty(
    visitor: Client, statements: list[str]
) -> None:
    await make_threads(await make_users())
    at_one, _ = await cost(statements, visitor, document("users"), first=1)
    at_thirty, data = await cost(statements, visitor, document("users"), first=MANY)
    shown = [edge["node"] for edge in data["users"]["edges"]]
    assert [(user["rank"], user["questionCount"]) for user in shown] == [(rank, 1) for rank in range(1, MANY + 1)]
    assert (at_one, at_thirty) == (3, 3)


async def test_the_tree_of_categories_costs_a_statement_a_level_at_one_branch_and_at_thirty(
    visitor: Client, statements: list[str]
) -> None:
    await category_at("0/a/b/c")
    at_one, _ = await cost(statements, visitor, document("categories"))
    for depth, slug in ((1, None), (2, "a"), (3, "b"), (4, "c")):
        above = await models.Category.filter(depth=depth - 1).exclude(path__startswith="0")
        parents: list[tuple[models.Category | None, str]] = [(parent, f"{parent.path}/{slug}") for parent in above]
        parents = parents or [(None, str(number)) for number in range(1, MANY)]
        await models.Category.bulk_create(
            models.Category(name=path, slug=slug or path, path=path, parent=parent, depth=depth)
            for parent, path in parents
        )
    at_thirty, data = await cost(statements, visitor, document("categories"))
    assert len(data["categories"]) == MANY
    assert (at_one, at_thirty) == here((4, 4), (1, 1))


async def test_the_list_of_tags_costs_three_statements_at_one_and_at_thirty(
    visitor: Client, statements: list[str]
) -> None:
    await models.Tag.bulk_create(models.Tag(name=f"tag{index}") for index in range(MANY))
    await models.TagSynonym.bulk_create(
        models.TagSynonym(name=f"word{tag.id}", tag=tag) for tag in await models.Tag.all()
    )
    at_one, _ = await cost(statements, visitor, document("tags"), first=1, counted=True)
    at_thirty, data = await cost(statements, visitor, document("tags"), first=MANY, counted=True)
    assert all(len(edge["node"]["synonyms"]) == 1 for edge in data["tags"]["edges"])
    assert (at_one, at_thirty) == (3, 3)


async def test_the_points_history_costs_two_statements_at_one_entry_and_at_thirty(
    visitor: Client, statements: list[str]
) -> None:
    ann = await member("ann")
    threads = await make_threads(await make_users())
    questions = await models.Post.filter(thread_id__in=[thread.id for thread in threads])
    await models.PointsEntry.bulk_create(
        models.PointsEntry(
            user=ann,
            amount=0,
            total=100,
            reason=PointsReason.VOTE_CAST,
            post=question,
            rules_id=1,
            created_at=NOON + timedelta(minutes=index),
        )
        for index, question in enumerate(questions)
    )
    history = document("points_history")
    at_one, _ = await cost(statements, visitor, history, name="ann", first=1)
    at_thirty, data = await cost(statements, visitor, history, name="ann", first=MANY)
    assert len({edge["node"]["post"]["id"] for edge in data["user"]["pointsHistory"]["edges"]}) == MANY
    assert (at_one, at_thirty) == here((2, 2), (1, 1))


async def test_a_list_of_threads_filtered_by_everything_is_one_statement(
    visitor: Client, statements: list[str]
) -> None:
    criteria = {
        "category": "life",
        "allTags": ["plants"],
        "anyTag": ["water"],
        "noTag": ["money"],
        "author": "ann",
        "hasBestAnswer": True,
        "hasUpvotedAnswer": True,
    }
    assert (await cost(statements, visitor, document("threads"), filter=criteria))[0] == 1
    assert (await cost(statements, visitor, document("threads"), filter=criteria, counted=True))[0] == 2
