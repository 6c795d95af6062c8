"""`qa migrate` killed at any moment: each migration was done or was not, and the next run does the rest."""

import asyncio
from pathlib import Path

from command_line import QA, outcome, qa, started, tell
from faults import Figures, Stopwatch, size
from shape import present, promise

from models.database import connected, fetch

KILLS = size(3, 12)


async def test_a_migration_that_is_killed_is_done_by_the_next_run(any_url: str, figures: Figures) -> None:
    done: list[int] = []
    whole = Stopwatch()
    async with started(QA, "migrate", DATABASE_URL=any_url) as process:
        await outcome(process)
    longest, start = whole.seconds, whole.seconds / 2  # the first half is Python's own start
    for kill in range(KILLS):
        await emptied(any_url)
        async with started(QA, "migrate", DATABASE_URL=any_url) as process:
            try:
                await asyncio.wait_for(process.wait(), start + (longest - start) * (kill + 0.5) / KILLS)
            except TimeoutError:
                process.kill()
            await outcome(process)
        async with connected(any_url):
            done.append(await applied())
        again = await asyncio.to_thread(qa, any_url, "migrate")
        assert (again.status, again.errors) == (0, "")
        async with connected(any_url):
            assert await present() == promise()
    checked = await asyncio.to_thread(qa, any_url, "check")
    assert (checked.status, checked.errors) == (0, "")
    figures.say(
        f"A migration interrupted half way, {any_url.partition(':')[0]}",
        f"{KILLS} kills over the whole run: it had done "
        f"{', '.join(f'{count} migrations {done.count(count)} times' for count in sorted(set(done)))}.",
        "The next run did the rest each time, and the tables are as the models promise.",
    )


async def emptied(url: str) -> None:
    """Have nothing at all in a database."""
    if not url.startswith("sqlite"):
        await tell(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        return
    file = Path(url.removeprefix("sqlite://"))
    for each in file.parent.glob(f"{file.name}*"):
        each.unlink()


async def applied() -> int:
    """How many migrations took place."""
    try:
        return len(await fetch("SELECT name FROM tortoise_migrations"))
    except Exception:  # there is no such table yet
        return 0
