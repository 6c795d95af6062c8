"""Classification: the category and the tags that a thread is found under, and how many threads each has."""

from collections.abc import Sequence

from tortoise.expressions import F
from tortoise.queryset import QuerySet

import models
from services import changes
from services.errors import Findings
from services.finding import category_path
from services.text import clean, is_word_character

# Question2Answer's limits (`app/options.php`); a tag's length is Stack Exchange's.
MOST_TAGS = 5
TAG_LENGTH = 35
_SIGNS = set("-_.+#")


def check_tags(findings: Findings, tags: Sequence[str]) -> list[str]:
    """The names of `tags`, lower-case and each once; notes a finding for those that cannot be tags."""
    names = list(dict.fromkeys(clean(tag).lower() for tag in tags))
    if len(names) > MOST_TAGS:
        findings.add("tags", message=f"Give at most {MOST_TAGS} tags; these are {len(names)}.")
    for index, name in enumerate(names):
        if len(name) > TAG_LENGTH:
            findings.add("tags", str(index), message=f"Write a tag in at most {TAG_LENGTH} characters.")
        elif not name or not all(character in _SIGNS or is_word_character(character) for character in name):
            findings.add("tags", str(index), message="Write a tag with letters, digits and the signs - _ . + # only.")
    return names


async def check_category(findings: Findings, path: str | None) -> models.Category | None:
    """The category at `path`; notes a finding where there is none."""
    if path is None:
        return None
    category = await models.Category.get_or_none(path=category_path(path))
    if category is None:
        findings.add("categoryPath", message="There is no such category: see the paths that `categories` lists.")
    return category


async def classify(thread: models.Thread, category: models.Category | None, tag_names: Sequence[str]) -> None:
    """Put a new visible thread under `category` and its tags, and count it there. Call it inside a transaction."""
    if category is not None:
        await _add_one(models.Category.filter(path__in=_paths_down_to(category)))
    tags = await find_or_make_tags(tag_names)
    links = [models.ThreadTag(thread_id=thread.id, tag_id=tag.id, position=place) for place, tag in enumerate(tags)]
    await models.ThreadTag.bulk_create(links)
    changes.appeared(*links, *(tag for tag in tags if not tag.thread_count))  # those may be new
    await _add_one(models.Tag.filter(id__in=[tag.id for tag in tags]))


async def find_or_make_tags(names: Sequence[str]) -> list[models.Tag]:
    """The tags of these names, in their order and each once: a synonym gives its tag, a new name a new tag."""
    if not names:
        return []
    synonyms = {row.name: row.tag for row in await models.TagSynonym.filter(name__in=names).select_related("tag")}
    wanted = list(dict.fromkeys(synonyms[name].name if name in synonyms else name for name in names))
    await models.Tag.bulk_create([models.Tag(name=name) for name in wanted], ignore_conflicts=True)
    found = {tag.name: tag for tag in await models.Tag.filter(name__in=wanted)}
    return [found[name] for name in wanted]


def _paths_down_to(category: models.Category) -> list[str]:
    """The paths of the category and of all above it."""
    slugs = category.path.split("/")
    return ["/".join(slugs[:length]) for length in range(1, len(slugs) + 1)]


async def _add_one(things: "QuerySet[models.Category] | QuerySet[models.Tag]") -> None:
    # Locked in the order of their ids: two new threads must not wait for each other's tags.
    ids = [thing.id for thing in await things.order_by("id").select_for_update(no_key=True).only("id")]
    if ids:
        await things.model.filter(id__in=ids).update(thread_count=F("thread_count") + 1)
    for key in ids:
        changes.changed_by_key(things.model, key, "thread_count")
