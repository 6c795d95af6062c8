"""One process that lends a book fifty times, reading before it writes; test_engines.py runs three of them at once.

Usage: python borrower.py ENGINE FILE. Prints how many of the fifty transactions failed.
"""

import asyncio
import sys

from library import Book
from tortoise.context import TortoiseContext
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from models.database import configuration


async def lend_fifty_times(engine: str, file: str) -> int:
    settings = configuration(f"sqlite://{file}", "library")
    settings["connections"]["default"]["engine"] = engine
    failures = 0
    async with TortoiseContext() as context:
        await context.init(settings)
        for _ in range(50):
            try:
                async with in_transaction("default"):
                    book = await Book.get(id=1)
                    await asyncio.sleep(0.001)
                    book.copies += 1
                    await book.save(update_fields=["copies"])
            except OperationalError:
                failures += 1
    return failures


if __name__ == "__main__":
    print(asyncio.run(lend_fifty_times(sys.argv[1], sys.argv[2])))
