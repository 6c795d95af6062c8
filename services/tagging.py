"""Tagging: what tags are called, and what they are for. Which threads carry them is for `reclassifying` to say."""

import models
from models import ModerationDeed
from models.database import execute, transaction
from services import changes, classification, log
from services.actors import Actor
from services.errors import Conflict, Findings, NotFound
from services.finding import tag_name, with_tag
from services.permissions import manage_tags_refusal
from services.policy import Measured
from services.text import check_length

# Of tag $2 into tag $1. Where a thread carries both, one link stays, in the place of the first of the two.
_KEEP_PLACES = """UPDATE thread_tag SET position = other.position FROM thread_tag AS other
    WHERE thread_tag.tag_id = $1 AND other.tag_id = $2 AND other.thread_id = thread_tag.thread_id
    AND other.position < thread_tag.position"""
_DROP_DOUBLES = """DELETE FROM thread_tag
    WHERE tag_id = $2 AND thread_id IN (SELECT thread_id FROM thread_tag WHERE tag_id = $1)"""
_MOVE_LINKS = "UPDATE thread_tag SET tag_id = $1 WHERE tag_id = $2"
_MOVE_SYNONYMS = "UPDATE tag_synonym SET tag_id = $1 WHERE tag_id = $2"
_COUNT = """UPDATE tag SET thread_count = (
        SELECT COUNT(*) FROM thread_tag JOIN thread ON thread.id = thread_tag.thread_id AND thread.state = 'visible'
        WHERE thread_tag.tag_id = $1
    ) WHERE id = $1"""


async def add_synonym(actor: Actor, tag_id: int, name: str) -> models.Tag:
    """Let `name` be another word for a tag; again, nothing changes. Raises any refusal: Conflict if it is taken."""
    _check_allowed(actor)
    findings = Findings()
    name = classification.check_tag(findings, ["name"], name)
    findings.raise_if_any()
    async with transaction():
        await classification.lock_synonyms(classification.Lock.CHANGING)
        tag = await _locked(tag_id)
        synonym = await models.TagSynonym.get_or_none(name=name).select_related("tag")
        if synonym is not None and synonym.tag_id == tag.id:
            return tag
        if synonym is not None:
            raise Conflict(f"{name} is another word for {synonym.tag.name}: take it away there first.")
        if await models.Tag.filter(name=name).exists():
            raise Conflict(f"{name} is a tag: merge it into {tag.name}.")
        changes.appeared(await models.TagSynonym.create(name=name, tag_id=tag.id))
        await log.note(ModerationDeed.SYNONYM_ADDED, actor, tag_id=tag.id)
    return tag


async def remove_synonym(actor: Actor, name: str) -> models.Tag:
    """Let `name` no longer be another word for a tag, which is returned. Raises NotFound and NotPermitted."""
    _check_allowed(actor)
    async with transaction():
        await classification.lock_synonyms(classification.Lock.CHANGING)
        synonym = await models.TagSynonym.get_or_none(name=tag_name(name))
        if synonym is None:
            raise NotFound("There is no such synonym.")
        tag = await _locked(synonym.tag_id)
        await synonym.delete()
        changes.appeared(synonym)  # who goes is missed where who comes would be seen
        await log.note(ModerationDeed.SYNONYM_REMOVED, actor, tag_id=tag.id)
    return tag


async def describe(actor: Actor, tag_id: int, description: str | None) -> models.Tag:
    """Say what a tag is for. Raises NotFound, NotPermitted and InvalidInput."""
    _check_allowed(actor)
    findings = Findings()
    wanted = check_length(findings, "description", description or "", Measured.NOTE) or None
    findings.raise_if_any()
    async with transaction():
        tag = await _locked(tag_id)
        if tag.description != wanted:
            tag.description = wanted
            await tag.save(update_fields=["description"])
            changes.changed(tag, "description")
    return tag


async def merge(actor: Actor, from_id: int, into_id: int, reason: str | None = None) -> models.Tag:
    """Let one tag be another word for another: whatever carries the first carries the second, which is returned.

    A few statements, however many threads there are. Raises NotFound, NotPermitted and InvalidInput.
    """
    _check_allowed(actor)
    findings = Findings()
    comment = check_length(findings, "reason", reason or "", Measured.NOTE) or None
    if from_id == into_id:
        findings.add("intoId", message="Name another tag than the one that is merged.")
    findings.raise_if_any()
    async with transaction():
        # Their threads first: what is done to them counts them under the tag that it finds.
        await models.Thread.filter(with_tag(from_id)).order_by("id").select_for_update(no_key=True).only("id")
        await classification.lock_synonyms(classification.Lock.CHANGING)
        locked = models.Tag.filter(id__in=(from_id, into_id)).order_by("id").select_for_update()
        found = {tag.id: tag for tag in await locked}
        if len(found) < 2:
            raise NotFound("There is no such tag.")
        gone, tag = found[from_id], found[into_id]
        await execute(_KEEP_PLACES, [tag.id, gone.id])
        moved = await execute(_DROP_DOUBLES, [tag.id, gone.id]) + await execute(_MOVE_LINKS, [tag.id, gone.id])
        await execute(_MOVE_SYNONYMS, [tag.id, gone.id])
        await gone.delete()
        await models.TagSynonym.create(name=gone.name, tag_id=tag.id)
        await execute(_COUNT, [tag.id])
        changes.appeared(gone)  # who goes is missed where who comes would be seen
        changes.appeared_with(models.ThreadTag)
        changes.appeared_with(models.TagSynonym)
        changes.changed_by_key(models.Tag, tag.id, "thread_count")
        before = {"name": gone.name, "description": gone.description}
        await log.note(ModerationDeed.TAGS_MERGED, actor, tag_id=tag.id, reason=comment, amount=moved, before=before)
    return await models.Tag.get(id=tag.id)


def _check_allowed(actor: Actor) -> None:
    if refusal := manage_tags_refusal(actor):
        raise refusal


async def _locked(tag_id: int) -> models.Tag:
    tag = await models.Tag.filter(id=tag_id).select_for_update(no_key=True).get_or_none()
    if tag is None:
        raise NotFound("There is no such tag.")
    return tag
