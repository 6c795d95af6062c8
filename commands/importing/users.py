"""People: their names told apart, their profiles, and their reputation as an opening entry in the ledger."""

from collections.abc import Sequence
from typing import Any

import models
from commands.importing import markup
from commands.importing.attributes import NAME_LENGTH, line, name, number, time, web_address
from commands.importing.site import ROWS_AT_A_TIME, Advance, Site, ids
from commands.importing.staging import Row
from commands.importing.writing import insert
from models import PointsReason, UserLevel
from models.database import transaction
from services.markdown import sanitised
from services.text import folded, look

#: The room for a location, and for what a name folds to (`models.User`), in characters.
_LOCATION_LENGTH = 200
_FOLDED_LENGTH = 240

NEW_USERS = "FROM Users WHERE Id NOT IN (SELECT Id FROM LocalUser)"


async def import_users(site: Site, advance: Advance) -> None:
    """Bring in the people of the dump that are not here yet. E-mail addresses and passwords are not in any dump."""
    # Of those who share a name, the first keeps it: the site itself, then who is best known.
    query = f"SELECT * {NEW_USERS} ORDER BY Id > 0, Reputation DESC, Id"
    for rows in site.staging.chunks(query, ROWS_AT_A_TIME):
        async with transaction():
            local_ids = await site.numbers.of_users(ids(rows))
            names = await _names(rows)
            users = [_user(row, local_ids[row["Id"]], names[row["Id"]]) for row in rows]
            await insert("users", users)
            await insert("points_entry", [_opening_entry(user, site.rules) for user in users if user["points"]])
            await site.keep("User", local_ids)
        site.report.note(
            "names that were taken, or looked like one that was: they have the user's number behind them",
            sum(names[row["Id"]] != _wanted_name(row) for row in rows),
        )
        advance(len(rows))


def _user(row: Row, local_id: int, user_name: str) -> dict[str, Any]:
    about = sanitised(row["AboutMe"] or "")
    return {
        "id": local_id,
        "name": user_name,
        "name_folded": folded(user_name),
        "name_key": look(user_name),
        "level": UserLevel.REGISTERED.value,
        "points": number(row["Reputation"]) or 0,
        "about": markup.from_html(about) or None,
        "about_html": about.html or None,
        "location": line(row["Location"], _LOCATION_LENGTH) or None,
        "website": web_address(row["WebsiteUrl"]),
        "avatar_url": web_address(row["ProfileImageUrl"]),
        "is_imported": True,
        "created_at": time(row["CreationDate"]),
    }


def _opening_entry(user: dict[str, Any], rules: models.PointsRules) -> dict[str, Any]:
    return {
        "user_id": user["id"],
        "amount": user["points"],
        "total": user["points"],
        "reason": PointsReason.IMPORTED.value,
        "rules_id": rules.version,
        "created_at": user["created_at"],
    }


async def _names(rows: Sequence[Row]) -> dict[int, str]:
    """A name for each user that nobody else has, here or in the dump, or has one that looks like it.

    The first to come keeps the name; the others get their number behind it, and should somebody be called just
    that, a count behind the number.
    """
    names: dict[int, str] = {}
    claimed: set[str] = set()
    unnamed, attempt = list(rows), 0
    while unnamed:
        candidates = {row["Id"]: _candidate(row, attempt) for row in unnamed}
        looks = {external_id: look(candidate) for external_id, candidate in candidates.items()}
        taken = await models.User.filter(name_key__in=list(looks.values())).values_list("name_key", flat=True)
        claimed.update(str(key) for key in taken)
        for row in unnamed:
            key = looks[row["Id"]]
            if key not in claimed:
                claimed.add(key)
                names[row["Id"]] = candidates[row["Id"]]
        unnamed = [row for row in unnamed if row["Id"] not in names]
        attempt += 1
    return names


def _candidate(row: Row, attempt: int) -> str:
    if attempt == 0:
        return _wanted_name(row)
    suffix = f" ({row['Id']})" if attempt == 1 else f" ({row['Id']}, {attempt})"
    return _fitting(_wanted_name(row)[: NAME_LENGTH - len(suffix)].rstrip(), suffix)


def _wanted_name(row: Row) -> str:
    return _fitting(name(row["DisplayName"]) or f"user {row['Id']}", "")


def _fitting(beginning: str, suffix: str) -> str:
    # A few signs fold to eighteen letters each.
    while max(len(folded(beginning + suffix)), len(look(beginning + suffix))) > _FOLDED_LENGTH:
        beginning = beginning[:-1]
    return beginning + suffix
