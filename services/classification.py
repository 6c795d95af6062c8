"""Classification: the category and the tags that a thread is found under, and how many threads each has."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from tortoise.expressions import F

import models
from models import PostState
from models.database import dialect, execute
from services import changes
from services.errors import Findings
from services.finding import category_path
from services.policy import LENGTHS, Measured
from services.text import clean, is_word_character

MOST_TAGS = LENGTHS[Measured.TAGS][1]
TAG_LENGTH = LENGTHS[Measured.TAG][1]
_SIGNS = set("-_.+#")


def check_tags(findings: Findings, tags: Sequence[str]) -> list[str]:
    """The names of `tags`, lower-case and each once; notes a finding for those that cannot be tags."""
    names = list(dict.fromkeys(clean(tag).lower() for tag in tags))
    if len(names) > MOST_TAGS:
        findings.add("tags", message=f"Give at most {MOST_TAGS} tags; these are {len(names)}.")
    for index, name in enumerate(names):
        check_tag(findings, ("tags", str(index)), name)
    return names


def check_tag(findings: Findings, path: Sequence[str], tag: str) -> str:
    """The name of `tag`, lower-case; notes a finding at `path` where it cannot be a tag."""
    name = clean(tag).lower()
    if len(name) > TAG_LENGTH:
        findings.add(*path, message=f"Write a tag in at most {TAG_LENGTH} characters.")
    elif not name or not all(character in _SIGNS or is_word_character(character) for character in name):
        findings.add(*path, message="Write a tag with letters, digits and the signs - _ . + # only.")
    return name


async def check_category(findings: Findings, path: str | None) -> models.Category | None:
    """The category at `path`; notes a finding where there is none."""
    if path is None:
        return None
    category = await models.Category.get_or_none(path=category_path(path))
    if category is None:
        findings.add("categoryPath", message="There is no such category: see the paths that `categories` lists.")
    return category


async def classify(thread: models.Thread, tag_names: Sequence[str]) -> None:
    """Give a new thread its tags, and if it is visible count it there and in its category. Inside a transaction."""
    tags = await find_or_make_tags(tag_names)
    await _link(thread.id, tags)
    if thread.state is PostState.VISIBLE:
        await count(Counter(await ids_down_to(thread.category_id)), Counter(tag.id for tag in tags))


async def count(categories: Counter[int], tags: Counter[int]) -> None:
    """Count so many more threads (below zero: fewer) in categories and tags, by id."""
    await _count(models.Category, categories)
    await _count(models.Tag, tags)


async def tag_names_of(thread_id: int) -> list[str]:
    """The names of a thread's tags, in their order."""
    links = models.ThreadTag.filter(thread_id=thread_id).order_by("position", "id")
    return list(await links.values_list("tag__name", flat=True))  # type: ignore[arg-type]


async def replace_tags(thread_id: int, tags: Sequence[models.Tag]) -> None:
    """Let these be a thread's tags, in this order. Inside `settled`, which counts them."""
    former = models.ThreadTag.filter(thread_id=thread_id)
    changes.appeared(*await former)  # who goes is missed where who comes would be seen
    await former.delete()
    await _link(thread_id, tags)


async def ids_down_to(category_id: int | None) -> list[int]:
    """The ids of a category and of all above it."""
    if category_id is None:
        return []
    category = await models.Category.get(id=category_id)
    slugs = category.path.split("/")
    above = models.Category.filter(path__in=["/".join(slugs[:length]) for length in range(1, len(slugs) + 1)])
    return list(await above.values_list("id", flat=True))  # type: ignore[arg-type]


async def find_or_make_tags(names: Sequence[str]) -> list[models.Tag]:
    """The tags of these names, in their order and each once: a synonym gives its tag, a new name a new tag.

    Call it inside a transaction: until it is over, they stay the tags of these names.
    """
    if not names:
        return []
    await lock_synonyms(Lock.UNCHANGED)
    synonyms = {row.name: row.tag for row in await models.TagSynonym.filter(name__in=names).select_related("tag")}
    wanted = list(dict.fromkeys(synonyms[name].name if name in synonyms else name for name in names))
    await models.Tag.bulk_create([models.Tag(name=name) for name in sorted(wanted)], ignore_conflicts=True)
    found = {tag.name: tag for tag in await models.Tag.filter(name__in=wanted)}
    return [found[name] for name in wanted]


class Lock(StrEnum):
    """What tags are called: either it stays so until the transaction is over, or this transaction changes it."""

    UNCHANGED = "SHARE"
    CHANGING = "ROW EXCLUSIVE"


async def lock_synonyms(lock: Lock) -> None:
    """Wait for who has the other lock, so that no word is both a tag and a synonym. After threads, and before tags."""
    if dialect() == "postgres":  # SQLite has one writer
        await execute(f"LOCK TABLE tag_synonym IN {lock} MODE")


async def _link(thread_id: int, tags: Sequence[models.Tag]) -> None:
    """Have a thread that has no tags carry these."""
    links = [models.ThreadTag(thread_id=thread_id, tag_id=tag.id, position=place) for place, tag in enumerate(tags)]
    await models.ThreadTag.bulk_create(links)
    changes.appeared(*links, *(tag for tag in tags if not tag.thread_count))  # those may be new


async def _count(model: type[models.Category] | type[models.Tag], amounts: Counter[int]) -> None:
    changed = {key: amount for key, amount in amounts.items() if amount}
    # Locked in the order of their ids: two new threads must not wait for each other's tags.
    if changed:
        await model.filter(id__in=list(changed)).order_by("id").select_for_update(no_key=True).only("id")
    for amount in sorted(set(changed.values())):
        ids = [key for key, counted in changed.items() if counted == amount]
        await model.filter(id__in=ids).update(thread_count=F("thread_count") + amount)
        for key in ids:
            changes.changed_by_key(model, key, "thread_count")
