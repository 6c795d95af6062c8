"""`qa migrate`: the database, brought to this version's schema."""

import asyncio

from commands.running import console, failures_told
from models import database, migrating
from settings import settings


def migrate() -> None:
    """Bring the database to this version's schema; what is there already stays.

    Each migration happens as a whole or not at all, and two processes that migrate at once take turns.
    """
    with failures_told():
        applied = asyncio.run(_migrate())
    console.print(f"{len(applied)} migrations applied." if applied else "Nothing to migrate.")


async def _migrate() -> list[str]:
    async with database.connected(settings().database_url):
        return await migrating.migrate(lambda name: console.print(f"Applying {name}", highlight=False))
