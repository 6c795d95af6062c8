"""Tags, and their wikis as their descriptions."""

from collections.abc import Iterable

import models
from commands.importing import attributes, markup
from commands.importing.history import History
from commands.importing.site import ROWS_AT_A_TIME, Advance, Site
from commands.importing.staging import Row
from models.database import transaction
from services.markdown import sanitised

NEW_TAGS = "FROM Tags WHERE Id NOT IN (SELECT Id FROM LocalTag)"


async def import_tags(site: Site, advance: Advance) -> None:
    """Bring in the tags that are not here yet, those without threads too. A description that is here stays."""
    for rows in site.staging.chunks(f"SELECT * {NEW_TAGS} ORDER BY Id", ROWS_AT_A_TIME):
        names = {row["Id"]: next(iter(attributes.tags(row["TagName"])), "") for row in rows}
        async with transaction():
            tag_ids = await tags_named(name for name in names.values() if name)
            local_ids = {external_id: tag_ids[name] for external_id, name in names.items() if name}
            for row in rows:
                if row["Id"] in local_ids and (description := _description(site, row)):
                    undescribed = models.Tag.filter(id=local_ids[row["Id"]], description=None)
                    await undescribed.update(description=description)
            await site.keep("Tag", local_ids)
        advance(len(rows))


async def tags_named(names: Iterable[str]) -> dict[str, int]:
    """The ids of the tags of these names; a synonym gives its tag, a new name a new tag. Call it in a transaction."""
    wanted = list(dict.fromkeys(names))
    known: dict[str, int] = dict(await models.Tag.filter(name__in=wanted).values_list("name", "id"))
    known |= dict(await models.TagSynonym.filter(name__in=wanted).values_list("name", "tag_id"))
    missing = [name for name in wanted if name not in known]
    await models.Tag.bulk_create([models.Tag(name=name) for name in missing], ignore_conflicts=True)
    return known | dict(await models.Tag.filter(name__in=missing).values_list("name", "id"))


def _description(site: Site, tag: Row) -> str:
    """What the tag's excerpt says, and below it what its wiki says."""
    texts: list[str] = []
    for external_id in (tag["ExcerptPostId"], tag["WikiPostId"]):
        for post in site.staging.rows("SELECT * FROM Posts WHERE Id = ? AND PostTypeId IN (4, 5)", external_id):
            text = History.of(site.staging, external_id).body or markup.from_html(sanitised(post["Body"] or ""))
            if text and text not in texts:
                texts.append(text)
    return "\n\n".join(texts)
