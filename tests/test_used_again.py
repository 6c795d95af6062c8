"""The PostgreSQL database that tests share one after another is as new for each."""

from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from command_line import tell
from used_again import UsedAgain

ASKED = "INSERT INTO tag (name) VALUES ('soil'); UPDATE site SET name = 'Theirs'; DELETE FROM points_rules;"


async def found(url: str) -> tuple[Any, ...]:
    """Which database it is, and some of its rows."""
    connection = await asyncpg.connect(url)
    try:
        number, name, tags, rules = await connection.fetchrow(
            "SELECT (SELECT oid FROM pg_database WHERE datname = current_database()), (SELECT name FROM site), "
            "(SELECT count(*) FROM tag), (SELECT count(*) FROM points_rules)"
        )
        return number, name, tags, rules, await connection.fetchval("SELECT nextval('tag_id_seq')")
    finally:
        await connection.close()


async def test_rows_and_numbers_are_put_back(postgres_template: str, used_again: UsedAgain) -> None:
    url = await used_again.like(postgres_template)
    before = await found(url)
    assert before[1:] == ("Plainspoken", 0, 1, 1)
    await tell(url, ASKED)
    assert (await found(url))[1:] == ("Theirs", 1, 0, 3)
    assert await found(await used_again.like(postgres_template)) == before


@pytest.mark.parametrize(
    "change",
    [
        "DROP INDEX post_one_best",
        "ALTER TABLE post DROP CONSTRAINT post_score",
        "ALTER TABLE site ALTER name DROP NOT NULL",
        "ALTER TABLE site ALTER welcome SET DEFAULT 'Hello.'",
        "ALTER TABLE site SET (fillfactor = 50)",
        "ALTER TABLE site ADD motto text",
        "ALTER TABLE vote DISABLE TRIGGER ALL",
        "CREATE TABLE leaf (id int)",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1",
        "DROP SCHEMA public CASCADE",
    ],
)
async def test_what_is_more_than_rows_has_it_made_anew(
    postgres_template: str, used_again: UsedAgain, change: str
) -> None:
    url = await used_again.like(postgres_template)
    before = await found(url)
    await tell(url, change)
    after = await found(await used_again.like(postgres_template))
    assert after[0] != before[0]
    assert after[1:] == before[1:]


async def test_who_stayed_connected_is_sent_away(postgres_template: str, used_again: UsedAgain) -> None:
    url = await used_again.like(postgres_template)
    before = await found(url)
    stayed = await asyncpg.connect(url)
    await stayed.execute("BEGIN; LOCK TABLE site")
    assert await found(await used_again.like(postgres_template)) == before
    assert stayed.is_closed()
