"""The rules of points and hotness: what others would change, and putting them in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import models
from models import ModerationDeed
from models.database import after_commit, fetch_rows, transaction
from services import changes, clock, log, points, reckoning
from services.actors import Actor
from services.dues import points_due
from services.errors import Conflict, Findings
from services.permissions import standing_refusal
from services.points import AMOUNTS, CAPS, WEIGHTS
from services.policy import Measured, Privilege
from services.text import check_length

#: What an amount and a weight may be at the most. Far beyond any use; and what they add up to can still be counted.
MOST_AMOUNT, MOST_WEIGHT = 100_000, 10_000
#: How many changes a preview tells of.
MOST_CHANGES = 100

#: Names of rules, and what they shall be; what is not among them stays. A cap of None is no cap.
Wanted = Mapping[str, int | None]

_GIVEN = ", ".join(f"CAST(${place} AS BIGINT) AS {name}" for place, name in enumerate(AMOUNTS, start=1))
_DUE = points_due(f"SELECT {_GIVEN}")
_PREVIEWED = f"""
    WITH {_DUE},
    compared AS (
        SELECT users.id, users.points AS before, COALESCE(due.amount, 0) AS after
        FROM users LEFT JOIN due ON due.id = users.id WHERE users.points <> COALESCE(due.amount, 0)
    )
    SELECT id, before, after,
        SUM(CASE WHEN after > before THEN 1 ELSE 0 END) OVER (),
        SUM(CASE WHEN after > before THEN after - before ELSE 0 END) OVER (),
        SUM(CASE WHEN after < before THEN 1 ELSE 0 END) OVER (),
        SUM(CASE WHEN after < before THEN before - after ELSE 0 END) OVER ()
    FROM compared ORDER BY ABS(after - before) DESC, id LIMIT ${len(AMOUNTS) + 1}
"""
_LARGEST = f"WITH {_DUE} SELECT COALESCE(MAX(ABS(amount)), 0) FROM due"
#: Points are integers of 32 bits; by new rules nobody shall have more than half of that.
_MOST_POINTS = 2**30


@dataclass(frozen=True)
class PointsChange:
    """What other rules would make of a user's points."""

    user: models.User
    before: int
    after: int


@dataclass(frozen=True)
class Preview:
    """How many users would gain by other rules, how many lose, how much all together; and the largest changes."""

    gaining: int = 0
    gained: int = 0
    losing: int = 0
    lost: int = 0
    changes: Sequence[PointsChange] = ()


async def preview_rules(actor: Actor, wanted: Wanted, first: int) -> Preview:
    """What everybody's points would be by other rules; nothing is written. Raises NotPermitted and InvalidInput."""
    _refuse_who_may_not(actor)
    findings = Findings()
    _check(findings, wanted)
    if not 0 <= first <= MOST_CHANGES:
        findings.add("first", message=f"Give a number from 0 to {MOST_CHANGES}.")
    findings.raise_if_any()
    rules = _changed(await points.rules_in_force(), wanted)
    # One at the least: the sums come with it.
    rows = await fetch_rows(_PREVIEWED, [*_amounts(rules), max(first, 1)])
    if not rows:
        return Preview()
    users = {user.id: user for user in await models.User.filter(id__in=[row[0] for row in rows])}
    largest = [PointsChange(users[row[0]], row[1], row[2]) for row in rows if row[0] in users]
    gaining, gained, losing, lost = (int(each) for each in tuple(rows[0])[3:])
    return Preview(gaining, gained, losing, lost, largest[:first])


async def update_rules(
    actor: Actor, wanted: Wanted, expected_version: int | None = None, reason: str | None = None
) -> models.PointsRules:
    """Change the rules: for all that is done from now on, and in the background for all that was.

    Raises NotPermitted, InvalidInput, and Conflict where somebody else was first.
    """
    _refuse_who_may_not(actor)
    async with transaction():
        rules = await put_in_force(wanted, by=actor, expected_version=expected_version, reason=reason)
        after_commit(reckoning.begin)
    return rules


async def put_in_force(
    wanted: Wanted, *, by: Actor = None, expected_version: int | None = None, reason: str | None = None
) -> models.PointsRules:
    """The same by whoever may do everything; what was done so far is left to `services.reckoning`.

    The same rules again change nothing. While others are being put in force, these have to wait.
    """
    findings = Findings()
    _check(findings, wanted)
    noted = check_length(findings, "reason", reason or "", Measured.NOTE)
    findings.raise_if_any()
    await _refuse_what_cannot_be_counted(_changed(await points.rules_in_force(), wanted))
    async with transaction():
        former = await points.rules_to_change()
        if expected_version is not None and expected_version != former.version:
            raise Conflict(f"The rules are at version {former.version} by now: look at those first.")
        if all(getattr(former, name) == value for name, value in wanted.items()):
            return former
        if former.settled_up_to is not None:
            raise Conflict(f"Version {former.version} is still being put in force: wait until all users have it.")
        rules = _changed(former, wanted)
        await rules.save(force_create=True)
        changes.appeared(rules)
        before = {name: getattr(former, name) for name in wanted}
        await log.note(ModerationDeed.RULES_CHANGED, by, reason=noted or None, before=before)
    return rules


def _refuse_who_may_not(actor: Actor) -> None:
    if refusal := standing_refusal(actor, Privilege.CHANGE_RULES, "change the rules"):
        raise refusal


async def _refuse_what_cannot_be_counted(rules: models.PointsRules) -> None:
    [row] = await fetch_rows(_LARGEST, _amounts(rules))
    findings = Findings()
    if row[0] > _MOST_POINTS:
        findings.add("rules", message=f"Give smaller amounts: somebody would have {row[0]:,} points by these.")
    findings.raise_if_any()


def _amounts(rules: models.PointsRules) -> list[int | None]:
    return [getattr(rules, name) for name in AMOUNTS]


def _changed(former: models.PointsRules, wanted: Wanted) -> models.PointsRules:
    """The version after `former`, which nobody's points are under yet."""
    kept: dict[str, Any] = {name: getattr(former, name) for name in (*AMOUNTS, *WEIGHTS)}
    return models.PointsRules(
        version=former.version + 1, settled_up_to=0, created_at=clock.now(), **(kept | dict(wanted))
    )


def _check(findings: Findings, wanted: Wanted) -> None:
    """Note what cannot be a rule."""
    for name, value in wanted.items():
        most = MOST_WEIGHT if name in WEIGHTS else MOST_AMOUNT
        least = 0 if name in WEIGHTS or name in CAPS else -most
        word, *words = name.split("_")
        path = ("rules", word + "".join(map(str.title, words)))
        if value is None and name not in CAPS:
            findings.add(*path, message="Give a number, or leave it out.")
        elif value is not None and not least <= value <= most:
            findings.add(*path, message=f"Give a number from {least:,} to {most:,}.")
