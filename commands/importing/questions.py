"""Questions, and the threads that they open."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from commands.importing import attributes, posts
from commands.importing.attributes import number
from commands.importing.closures import closure
from commands.importing.history import History
from commands.importing.posts import POSTS
from commands.importing.site import POSTS_AT_A_TIME, Advance, Site, ids
from commands.importing.staging import Row
from commands.importing.tags import tags_named
from commands.importing.writing import execute_many, insert
from models import PostKind
from models.database import transaction
from services.hotness import hotness
from services.markdown import excerpt
from services.text import slug

NEW_QUESTIONS = "WHERE PostTypeId = 1 AND Posts.Id NOT IN (SELECT Id FROM LocalPost)"

#: Characters of a question's text that stand in for a title that is missing.
_EXCERPT_LENGTH = 80


async def import_questions(site: Site, advance: Advance) -> None:
    """Bring in the questions that are not here yet, each with its thread, tags, revisions and closing."""
    for rows in site.staging.chunks(f"SELECT {POSTS} {NEW_QUESTIONS} ORDER BY Posts.Id", POSTS_AT_A_TIME):
        async with transaction():
            await _import_chunk(site, rows)
        advance(len(rows))


async def _import_chunk(site: Site, rows: Sequence[Row]) -> None:
    thread_ids = await site.numbers.of_threads(ids(rows))
    post_ids = await site.numbers.of_posts(ids(rows))
    threads: list[dict[str, Any]] = []
    questions: list[dict[str, Any]] = []
    revisions: list[dict[str, Any]] = []
    tags: dict[int, list[str]] = {}
    for row in rows:
        history = History.of(site.staging, row["Id"])
        thread_id = thread_ids[row["Id"]]
        question = posts.post(site, row, history, PostKind.QUESTION, local_id=post_ids[row["Id"]], thread_id=thread_id)
        thread = _thread(site, row, history, question)
        tags[thread_id] = attributes.tags(row["Tags"]) or history.tags
        threads.append(thread)
        questions.append(question)
        revisions += posts.revisions(
            history, question["id"], title=thread["title"], body=question["body"], tags=tags[thread_id]
        )
    await insert("thread", threads)
    await insert("post", questions)
    await insert("revision", revisions)
    await _tag(tags)
    await site.keep("Thread", thread_ids)
    await site.keep("Post", post_ids)
    site.report["revisions"].imported += len(revisions)
    site.report["closed questions"].imported += sum(thread["closed_at"] is not None for thread in threads)


def _thread(site: Site, row: Row, history: History, question: dict[str, Any]) -> dict[str, Any]:
    title = (
        attributes.line(row["Title"], attributes.TITLE_LENGTH)
        or history.title
        or excerpt(question["body_text"], _EXCERPT_LENGTH)
        or f"Question {row['Id']}"
    )
    views = max(0, number(row["ViewCount"]) or 0)
    closed = closure(row, history, site.staging)
    asked_at, score = question["created_at"], question["score"]
    return {
        "id": question["thread_id"],
        "slug": slug(title),
        "title": title,
        "author_id": question["author_id"],
        "state": question["state"],
        "score": score,
        "view_count": views,
        "hotness": hotness(site.rules, asked_at=asked_at, newest_answer_at=None, answers=0, score=score, views=views),
        "created_at": asked_at,
        "last_activity_at": max(attributes.time(row["LastActivityDate"]), asked_at),
        "closed_at": closed.closed_at if closed else None,
        "close_reason": closed.reason.value if closed else None,
        "close_note": closed.note if closed else None,
        "closed_by_id": closed.closed_by_id if closed else None,
    }


async def _tag(tags: dict[int, list[str]]) -> None:
    """Put new threads under their tags, in the order of the dump, and count them there."""
    tag_ids = await tags_named(name for names in tags.values() for name in names)
    links = [
        {"thread_id": thread_id, "tag_id": tag_id, "position": position}
        for thread_id, names in tags.items()
        for position, tag_id in enumerate(dict.fromkeys(tag_ids[name] for name in names))
    ]
    await insert("thread_tag", links)
    # In the order of their ids, as everybody does: two writers must not wait for each other's tags.
    more = sorted(Counter(link["tag_id"] for link in links).items())
    await execute_many("UPDATE tag SET thread_count = thread_count + $2 WHERE id = $1", more)
