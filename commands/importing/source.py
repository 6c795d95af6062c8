"""Which site a dump is of, and what of it is here already: the memory that makes importing again safe."""

import hashlib
from typing import Any

import models
from commands.importing.attributes import maybe_time
from commands.importing.staging import Staging
from models.database import fetch

#: Posts of a dump that are compared with those of a known site, and rows of the memory that are read at a time.
_SAMPLE = 100
_PAGE = 10_000

#: The tables in which the rows of a kind are now.
_TABLES = {
    "User": "users",
    "Tag": "tag",
    "Thread": "thread",
    "Post": "post",
    "Comment": "post",
    "Duplicate": "thread",
}


async def source_of(staging: Staging) -> str:
    """The name of the site that the staged dump is of: the same for its folder, its archive, and a later dump.

    It follows from the first user and the first post. A site and its meta site share their users, and a first post
    may have been deleted since: so a dump whose posts are those of a site that is known here is of that site.
    """
    facts = [
        tuple(row)
        for table in ("Users", "Posts")
        for row in staging.rows(f"SELECT Id, CreationDate FROM {table} ORDER BY Id LIMIT 1")  # noqa: S608
    ]
    name = f"stackexchange:{hashlib.sha256(repr(facts).encode()).hexdigest()[:16]}"
    sources = models.ImportedRow.filter(source__startswith="stackexchange:").distinct()
    known: list[Any] = sorted(await sources.values_list("source", flat=True))
    if name in known:
        return name
    for other in known:
        if await _has_the_posts_of(str(other), staging):
            return str(other)
    return name


async def _has_the_posts_of(source: str, staging: Staging) -> bool:
    """Whether most of the dump's first posts that a known site has too are from the same moments there."""
    first = staging.rows("SELECT Id, CreationDate FROM Posts WHERE PostTypeId IN (1, 2) ORDER BY Id LIMIT ?", _SAMPLE)
    times = {str(row["Id"]): maybe_time(row["CreationDate"]) for row in first}
    memory = models.ImportedRow.filter(source=source, kind="post", external_id__in=list(times))
    local_ids = dict(await memory.values_list("local_id", "external_id"))
    there = await models.Post.filter(id__in=list(local_ids)).values_list("id", "created_at")
    same = sum(times[local_ids[local_id]] == created_at for local_id, created_at in there)
    return bool(same * 2 > len(there))


async def recall(source: str, staging: Staging) -> None:
    """Tell the staging tables which rows of the site are here already, from earlier runs."""
    for kind, table in _TABLES.items():
        last = ""
        while rows := await fetch(
            f"""SELECT memory.external_id, there.id AS local_id
            FROM imported_row AS memory LEFT JOIN {table} AS there ON there.id = memory.local_id
            WHERE memory.source = $1 AND memory.kind = $2 AND memory.external_id > $3
            ORDER BY memory.external_id LIMIT {_PAGE}""",  # noqa: S608
            (source, kind.lower(), last),
        ):
            last = rows[-1]["external_id"]
            staging.remember(kind, {int(row["external_id"]): row["local_id"] for row in rows})
