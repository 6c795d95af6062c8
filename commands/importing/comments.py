"""Comments on questions and answers."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import models
from commands.importing import markup, posts
from commands.importing.attributes import number, time
from commands.importing.site import ROWS_AT_A_TIME, Advance, Site
from commands.importing.staging import Row
from commands.importing.writing import execute_many, insert
from models import PostKind, PostState
from models.database import transaction
from services.markdown import render
from services.text import clean
from services.visibility import everybody_sees

NEW_COMMENTS = "WHERE Comments.Id NOT IN (SELECT Id FROM LocalComment)"

_COMMENTS = f"""
    SELECT Comments.*, Parent.LocalId AS ParentId, Author.LocalId AS AuthorId
    FROM Comments
    JOIN LocalPost AS Parent ON Parent.Id = Comments.PostId AND Parent.LocalId IS NOT NULL
    LEFT JOIN LocalUser AS Author ON Author.Id = Comments.UserId
    {NEW_COMMENTS} ORDER BY Comments.PostId, Comments.Id
"""  # noqa: S608


async def import_comments(site: Site, advance: Advance) -> None:
    """Bring in the comments that are not here yet. Those on what is not here are skipped."""
    for rows in site.staging.chunks(_COMMENTS, ROWS_AT_A_TIME):
        async with transaction():
            await _import_chunk(site, rows)
        advance(len(rows))


async def _import_chunk(site: Site, rows: Sequence[Row]) -> None:
    local_ids = site.numbers.of_comments([row["Id"] for row in rows])
    more = Counter[int](row["ParentId"] for row in rows)
    parents = {parent.id: parent for parent in await models.Post.filter(id__in=list(more))}
    await insert("post", (_comment(row, local_ids[row["Id"]], parents[row["ParentId"]]) for row in rows))
    await site.keep("Comment", local_ids)
    await execute_many(
        "UPDATE post SET comment_count = comment_count + $2, child_count = child_count + $2 WHERE id = $1",
        sorted(more.items()),
    )


def _comment(row: Row, local_id: int, parent: models.Post) -> dict[str, Any]:
    body = markup.from_comment(clean(row["Text"] or ""))
    shown = render(body)
    score = number(row["Score"]) or 0
    return {
        "id": local_id,
        "thread_id": parent.thread_id,
        "kind": PostKind.COMMENT.value,
        "parent_id": row["ParentId"],
        "author_id": row["AuthorId"],
        "author_name": posts.author_name(row["AuthorId"], row["UserDisplayName"], row["UserId"]),
        "body": body,
        "body_html": shown.html,
        "body_text": shown.text,
        "state": PostState.VISIBLE.value,
        "is_buried": not everybody_sees(parent),
        **posts.counted(max(score, 0), max(-score, 0)),
        "is_imported": True,
        "created_at": time(row["CreationDate"]),
    }
