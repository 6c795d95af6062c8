"""What the tests share: a new SQLite file for each, and PostgreSQL where one answers."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
import pytest
from library import Author, Book
from tortoise.connection import get_connection

from models import database

#: Where a PostgreSQL is looked for, unless TEST_POSTGRES_URL or a PostgreSQL in DATABASE_URL says otherwise.
POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that is not there yet."""
    return f"sqlite://{tmp_path / 'test.db'}"


@pytest.fixture(scope="session")
def scratch_postgres() -> Iterator[str]:
    """A database of this run alone on the PostgreSQL server."""
    url = os.environ.get("DATABASE_URL", "")
    server = url if url.startswith("postgres") else os.environ.get("TEST_POSTGRES_URL", POSTGRES)
    name = f"plainspoken_test_{os.getpid()}"
    try:
        asyncio.run(tell(server, f"CREATE DATABASE {name}"))
    except (OSError, asyncpg.PostgresError) as error:
        pytest.skip(f"PostgreSQL does not answer at {server} ({error}): TEST_POSTGRES_URL says where one does")
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    asyncio.run(tell(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def postgres_url(scratch_postgres: str) -> str:
    """An empty PostgreSQL database."""
    asyncio.run(tell(scratch_postgres, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    return scratch_postgres


@pytest.fixture(params=["sqlite", "postgres"])
def any_url(request: pytest.FixtureRequest) -> str:
    """An empty database of either kind: the test runs with both."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def library(any_url: str) -> AsyncIterator[str]:
    """The tables of `library.py` in a database of either kind, connected, with one book of one author; its URL."""
    await database.connect(any_url, "library")
    try:
        connection: Any = get_connection("default")
        async with connection.changing_schema() as transaction:
            editor = transaction.schema_editor(transaction)
            for model in (Author, Book):
                await editor.create_model(model)
        author = await Author.create(name="Le Guin")
        await Book.create(title="The Dispossessed", author=author, shelf="L1", copies=1)
        yield any_url
    finally:
        await database.disconnect()


async def tell(url: str, command: str) -> None:
    """Run a command on a PostgreSQL server."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        await connection.execute(command)
    finally:
        await connection.close()
