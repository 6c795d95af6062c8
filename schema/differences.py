"""What changed between two revisions of a post, part by part."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import UNSET, Parent

import models
from models.paging import Window
from planner.sources import Listing
from schema.context import Info
from schema.enums import Fate
from schema.errors import BadRequest
from schema.nodes import key_of
from services.differences import difference
from services.visibility import visible_revisions

if TYPE_CHECKING:
    from schema.posts import Revision

REVISION_NUMBERED = Listing(
    "revision of post by number",
    models.Revision,
    lambda viewer, key: visible_revisions(viewer).filter(post_id=key[0], number=key[1]),
    by_value=True,
)


@strawberry.type(description="A piece of text, and what became of it.")
class TextSegment:
    fate: Fate = strawberry.field(description="What became of it.")
    text: str = strawberry.field(description="The piece.")


@strawberry.type(description="A thread's category, before and after.")
class CategoryChange:
    before: str | None = strawberry.field(description="The path that it had; null: it was in no category.")
    after: str | None = strawberry.field(description="The path that it got; null: it is in no category.")


@strawberry.type(description="What changed between two revisions. What both have alike is null, or empty.")
class RevisionChanges:
    since: Annotated["Revision", strawberry.lazy("schema.posts")] | None = strawberry.field(
        description="The earlier one; null before the first, when there was nothing."
    )
    title: list[TextSegment] | None = strawberry.field(description="What became of the title.")
    body: list[TextSegment] | None = strawberry.field(
        description="What became of the body, by lines, and where these changed by words."
    )
    tags_added: list[str] = strawberry.field(description="Tags that came.")
    tags_removed: list[str] = strawberry.field(description="Tags that went.")
    category: CategoryChange | None = strawberry.field(description="The move to another category.")


async def changes_since(
    row: Parent[Any],
    info: Info,
    revision_id: Annotated[
        strawberry.ID | None,
        strawberry.argument(description="The revision to compare with; null for the one before this."),
    ] = UNSET,
) -> RevisionChanges:
    """The changes from another revision of the same post to this one."""
    since = await (_before(info, row) if not revision_id else _other(info, row, revision_id))
    tags, former_tags = row.tags or [], (since.tags if since else None) or []
    former_path = since.category_path if since else None
    return RevisionChanges(
        since=since,  # type: ignore[arg-type]  # a row is shown as the type
        title=_segments(since.title if since else None, row.title),
        body=_segments(since.body if since else None, row.body),
        tags_added=[tag for tag in tags if tag not in former_tags],
        tags_removed=[tag for tag in former_tags if tag not in tags],
        category=CategoryChange(before=former_path, after=row.category_path)
        if former_path != row.category_path
        else None,
    )


async def _before(info: Info, revision: models.Revision) -> models.Revision | None:
    numbered = info.context.loaders.page_of(REVISION_NUMBERED, Window(("id",), 1))
    page = await numbered.load((revision.post_id, revision.number - 1))
    return page.rows[0] if page.rows else None


async def _other(info: Info, revision: models.Revision, id: str) -> models.Revision:
    key = key_of("Revision", id)
    found = None if key is None else await info.context.loaders.by_id(models.Revision).load(key)
    if found is None or found.post_id != revision.post_id:
        raise BadRequest(f"{id[:40]!r} is not the id of a revision of the same post.", "revisionId")
    return found


def _segments(before: str | None, after: str | None) -> list[TextSegment] | None:
    if before == after:
        return None
    return [TextSegment(fate=each.fate, text=each.text) for each in difference(before or "", after or "")]
