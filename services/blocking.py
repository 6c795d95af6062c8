"""Blocking: users who may read only, and addresses from which nobody may write; and how far users are trusted."""

from functools import partial

import models
from models import ModerationDeed, UserLevel
from models.database import after_commit, transaction
from services import addresses, classification, clock, finding, live, log, origin
from services.actors import Actor, user
from services.changes import appeared, changed, vanished
from services.errors import Findings, NotFound, NotPermitted, RefusalReason
from services.permissions import UserFacts, block_refusal, set_level_refusal, standing_refusal, unblock_refusal
from services.policy import Privilege
from services.text import check_note


async def block_user(actor: Actor, user_id: int, reason: str | None) -> models.User:
    """Have a user read only; what they wrote stays. Raises InvalidInput, NotFound and NotPermitted."""
    reason = check_note("reason", reason)
    async with transaction():
        about = await _locked(user_id)
        if refusal := block_refusal(actor, UserFacts.of(about)):
            raise refusal
        about.blocked_at = clock.now()
        await _save(about, "blocked_at")
        await log.note(ModerationDeed.USER_BLOCKED, actor, about=about, reason=reason)
    return about


async def unblock_user(actor: Actor, user_id: int, reason: str | None) -> models.User:
    """Let a blocked user write again. Raises InvalidInput, NotFound and NotPermitted."""
    reason = check_note("reason", reason)
    async with transaction():
        about = await _locked(user_id)
        if refusal := unblock_refusal(actor, UserFacts.of(about)):
            raise refusal
        about.blocked_at = None
        await _save(about, "blocked_at")
        await log.note(ModerationDeed.USER_UNBLOCKED, actor, about=about, reason=reason)
    return about


async def set_user_level(actor: Actor, user_id: int, level: UserLevel, category_path: str | None = None) -> models.User:
    """Trust a user so far, everywhere or in a category and all that is below it now. The same again changes nothing.

    REGISTERED takes the trust in the category back. Raises InvalidInput, NotFound and NotPermitted.
    """
    async with transaction():
        about = await _locked(user_id)
        if refusal := set_level_refusal(actor, UserFacts.of(about), level):
            raise refusal
        before = about.level, about.levels_in
        place = "everywhere"
        if category_path is None:
            about.level = level
        else:
            category = await _category(category_path)
            place = f"in {category.path}"
            about.levels_in = await _levels_in(about, category, level)
        if (about.level, about.levels_in) != before:
            await _save(about, "level", "levels_in")
            await log.note(ModerationDeed.LEVEL_CHANGED, actor, about=about, reason=f"{level.name} {place}")
    return about


async def block_addresses(actor: Actor, range: str, reason: str | None) -> models.AddressBlock:
    """Let nobody write from a range of addresses (see `services.addresses`). Raises InvalidInput and NotPermitted."""
    if refusal := standing_refusal(actor, Privilege.BLOCK, "block addresses"):
        raise refusal
    lowest, highest = _ends(range)
    reason = check_note("reason", reason)
    if origin.lies_within(lowest, highest):
        findings = Findings()
        findings.add("range", message="Leave out your own address: you could not take this back.")
        findings.raise_if_any()
    async with transaction():
        account = user(actor)
        block, is_new = await models.AddressBlock.get_or_create(
            lowest=addresses.as_kept(lowest),
            highest=addresses.as_kept(highest),
            defaults={
                "range": range.strip(),
                "reason": reason,
                "by_id": account.id if account else None,
                "created_at": clock.now(),
            },
        )
        if not is_new:
            raise NotPermitted(RefusalReason.ALREADY_DONE, "These addresses are blocked already.")
        appeared(block)
        await _note_addresses(ModerationDeed.ADDRESSES_BLOCKED, actor, block.range, reason)
    return block


async def unblock_addresses(actor: Actor, range: str, reason: str | None) -> models.AddressBlock:
    """Let a range that was blocked write again: the same one, however it is written.

    Returns what was blocked. Raises InvalidInput, NotFound and NotPermitted.
    """
    if refusal := standing_refusal(actor, Privilege.BLOCK, "unblock addresses"):
        raise refusal
    lowest, highest = map(addresses.as_kept, _ends(range))
    reason = check_note("reason", reason)
    async with transaction():
        blocks = models.AddressBlock.select_for_update(no_key=True)
        block = await blocks.get_or_none(lowest=lowest, highest=highest)
        if block is None:
            raise NotFound("This range is not blocked: see the ranges that `addressBlocks` lists.")
        await block.delete()
        vanished(block)
        await _note_addresses(ModerationDeed.ADDRESSES_UNBLOCKED, actor, block.range, reason)
    return block


async def _locked(user_id: int) -> models.User:
    about = await models.User.select_for_update(no_key=True).get_or_none(id=user_id)
    if about is None:
        raise NotFound("There is no such user.")
    return about


async def _save(about: models.User, *columns: str) -> None:
    await about.save(update_fields=columns)
    changed(about, *columns)
    after_commit(partial(live.publish, live.rights_topic(about.id)))


async def _category(path: str) -> models.Category:
    findings = Findings()
    category = await classification.check_category(findings, path)
    findings.raise_if_any()
    assert category is not None  # noqa: S101  told above
    return category


async def _levels_in(about: models.User, top: models.Category, level: UserLevel) -> dict[str, int] | None:
    """The user's levels by category, with that one for `top` and all below it."""
    ids = {str(category.id) for category in await finding.categories_from(top.id)}
    kept = {key: given for key, given in (about.levels_in or {}).items() if key not in ids}
    added = {} if level is UserLevel.REGISTERED else dict.fromkeys(sorted(ids, key=int), int(level))
    return kept | added or None


def _ends(range: str) -> addresses.Ends:
    findings = Findings()
    try:
        return addresses.ends_of(range)
    except ValueError:
        example = "203.0.113.7, 203.0.113.0/24, 203.0.113.7-203.0.113.90 or 203.0.113.*, and the same of IPv6"
        findings.add("range", message=f"Write a range of addresses as {example}.")
    findings.raise_if_any()
    raise AssertionError  # told above


async def _note_addresses(deed: ModerationDeed, actor: Actor, range: str, reason: str | None) -> None:
    await log.note(deed, actor, reason=reason, before={"range": range})
    after_commit(addresses.load)
