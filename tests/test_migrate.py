"""`qa migrate`: from nothing to this version's schema, once."""

import asyncio
import re

import pytest
from command_line import QA, Outcome, outcome, qa, started

from models import database


def test_migrating_twice_changes_nothing_the_second_time(any_url: str) -> None:
    first = qa(any_url, "migrate")
    assert (first.status, first.errors) == (0, "")
    assert re.fullmatch(r"Applying 0001_foundation( Applying \S+)+ \d+ migrations applied.", first.output)
    assert qa(any_url, "migrate") == Outcome(0, "Nothing to migrate.", "")


def test_a_new_forum_has_nothing_in_it_and_is_sound(forum_url: str) -> None:
    checked = qa(forum_url, "check")
    assert (checked.status, "BROKEN" in checked.output) == (0, False)
    assert "ok a thread has one question 0 rows" in checked.output


async def test_two_processes_that_migrate_at_once_take_turns(any_url: str) -> None:
    async def migrate() -> Outcome:
        async with started(QA, "migrate", DATABASE_URL=any_url) as process:
            return await outcome(process)

    outcomes = await asyncio.gather(migrate(), migrate())
    assert [(each.status, each.errors) for each in outcomes] == [(0, ""), (0, "")]
    assert sum(each.output.count("Applying 0001_foundation") for each in outcomes) == 1


@pytest.mark.parametrize("command", ["migrate", "serve", "check"])
async def test_a_database_of_a_newer_version_is_left_alone(forum: str, command: str) -> None:
    await database.execute(
        "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('models', '9999_future', CURRENT_TIMESTAMP)"
    )
    await database.disconnect()
    refused = await asyncio.to_thread(qa, forum, command)
    assert (refused.status, refused.output) == (1, "")
    assert "This database was migrated by a newer version (9999_future)" in refused.errors
