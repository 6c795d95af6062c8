"""`qa migrate`: the database, brought to this version's schema."""

import asyncio

from commands.running import console, fail
from models import database, migrating
from settings import settings


def migrate() -> None:
    """Bring the database to this version's schema; what is there already stays.

    Each migration happens as a whole or not at all, and two processes that migrate at once take turns.
    """
    try:
        applied = asyncio.run(_migrate())
    except database.DatabaseUnavailable as error:
        fail(str(error))
    console.print(f"{len(applied)} migrations applied." if applied else "Nothing to migrate.")


async def _migrate() -> list[str]:
    await database.connect(settings().database_url)
    try:
        return await migrating.migrate(lambda name: console.print(f"Applied {name}", highlight=False))
    finally:
        await database.disconnect()
