"""What the tests share: a new SQLite file for each, and PostgreSQL where one answers."""

import asyncio
import gc
import json
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import argon2
import asyncpg  # type: ignore[import-untyped]
import httpx2
import pytest
import redis
import uvicorn
from clients import Client
from command_line import tell
from faults import IS_REPORTED, REPORT, BrokenPostgres, Figures, broken_postgres
from library import Author, Book
from own_redis import OwnRedis, own_redis
from standbys import Pair, replicated
from tortoise.connection import get_connection
from used_again import UsedAgain

from models import database, migrating
from planner.trusted import trusted
from schema import schema
from server import RARELY
from services import budgets, live, passwords, policy, quotas, secret
from settings import settings
from transports import proxies
from transports.wire import OPTIONS

# Tests do in a second what the limits of an hour forbid, and their secret is nobody's; those of limits turn them on.
# Some ask for the whole schema at once. Those of limits set them as a site has them: `setting(limits={})`.
os.environ.setdefault("LIMITS", '{"aliases": 10000, "selections": 20000, "tokens": 50000}')
os.environ.setdefault("RATE_LIMITS", "off")
# A busy machine is no reason to fail: those of slow operations say what is slow.
os.environ.setdefault("SLOW_OPERATION_MS", "0")
os.environ.setdefault("OPERATION_SECONDS", "60")
os.environ.setdefault("SECRET_KEY", "the secret of the tests, which is none at all")

#: Where a PostgreSQL is looked for, unless TEST_POSTGRES_URL or a PostgreSQL in DATABASE_URL says otherwise.
POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
#: Where a Redis is looked for, unless TEST_REDIS_URL says otherwise. Each test has a prefix of its own there.
REDIS = "redis://127.0.0.1:6379"
DEAR, CHEAP = passwords._HASHER, argon2.PasswordHasher(memory_cost=8, time_cost=1, parallelism=1)


def pytest_collection_finish() -> None:
    """Have Python look for garbage as it does in the server: rarely, and never among what stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(RARELY)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """To hash a password takes 30 ms, on purpose: here it takes next to none, but for who asks for `dear_passwords`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", CHEAP)
        patch.setattr(passwords, "_NOBODYS", CHEAP.hash("nobody's password"))
        yield


@pytest.fixture
def dear_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as a site hashes them."""
    monkeypatch.setattr(passwords, "_HASHER", DEAR)


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
        asyncio.run(tell(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))  # of a run that was killed
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


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A Redis that answers."""
    url = os.environ.get("TEST_REDIS_URL", REDIS)
    try:
        with redis.Redis.from_url(url) as client:
            client.ping()
    except redis.RedisError as error:
        pytest.skip(f"Redis does not answer at {url} ({error}): TEST_REDIS_URL says where one does")
    return url


@pytest.fixture
def stoppable_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """A Redis of this test alone, to be stopped and started again."""
    with own_redis(tmp_path) as server:
        yield server


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


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated SQLite database to copy for each test; its URL."""
    return migrated(f"sqlite://{tmp_path_factory.mktemp('template') / 'template.db'}")


@pytest.fixture(scope="session")
def postgres_template(scratch_postgres: str) -> Iterator[str]:
    """A migrated PostgreSQL database to copy for each test; its URL."""
    url = f"{scratch_postgres}_template"
    name = urlsplit(url).path.strip("/")
    asyncio.run(tell(scratch_postgres, f"CREATE DATABASE {name}"))
    yield migrated(url)
    asyncio.run(tell(scratch_postgres, f"DROP DATABASE {name} WITH (FORCE)"))


def migrated(url: str) -> str:
    """Migrate an empty database; its URL."""

    async def migrate() -> None:
        async with database.connected(url):
            await migrating.migrate(lambda name: None)

    asyncio.run(migrate())
    return url


@pytest.fixture(scope="session")
def migrated_template(request: pytest.FixtureRequest) -> str:
    """A migrated database to copy for each test: in PostgreSQL if DATABASE_URL says so, else in SQLite; its URL."""
    kind = "postgres" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite"
    url: str = request.getfixturevalue(f"{kind}_template")
    return url


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def any_template(request: pytest.FixtureRequest) -> str:
    """A migrated database of either kind to copy for each test: they run with both."""
    url: str = request.getfixturevalue(f"{request.param}_template")
    return url


@pytest.fixture(scope="session")
def used_again() -> Iterator[UsedAgain]:
    """The PostgreSQL database that one test after another gets as if it were new."""
    forum = UsedAgain()
    yield forum
    asyncio.run(forum.drop())


async def fresh(template: str, folder: Path, used_again: UsedAgain) -> str:
    """What is like the database at `template`, for one test; its URL."""
    if template.startswith("postgres"):
        return await used_again.like(template)
    shutil.copy(template.removeprefix("sqlite://"), folder / "forum.db")
    return f"sqlite://{folder / 'forum.db'}"


@pytest.fixture
async def forum_url(migrated_template: str, tmp_path: Path, used_again: UsedAgain) -> str:
    """The URL of an empty forum's database: migrated, of this test alone."""
    return await fresh(migrated_template, tmp_path, used_again)


@pytest.fixture
async def any_forum_url(any_template: str, tmp_path: Path, used_again: UsedAgain) -> str:
    """The URL of an empty forum's database of either kind: the test runs with both."""
    return await fresh(any_template, tmp_path, used_again)


@pytest.fixture
async def forum(forum_url: str) -> AsyncIterator[str]:
    """An empty forum that this process is connected to; its URL."""
    await database.connect(forum_url)
    yield forum_url
    await database.disconnect()


@asynccontextmanager
async def served(forum: str, options: dict[str, Any]) -> AsyncIterator[Client]:
    """A visitor to the real server, which serves a forum from this process; with options of uvicorn's."""
    config = uvicorn.Config("server:app", port=0, lifespan="off", log_config=None, proxy_headers=False, **options)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # Without its main loop, which looks only ten times a second whether it shall stop.
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, verify=False) as http:
        yield Client(http)
    live.close()
    server.force_exit = True
    await server.shutdown()


@pytest.fixture
async def visitor(forum: str) -> AsyncIterator[Client]:
    """A visitor to the real server, which serves the empty forum from this process."""
    async with served(forum, OPTIONS) as client:
        yield client


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets settings of the server for one test: `setting(rate_limits=True)`."""
    remembered: tuple[Any, ...] = (settings, policy.matrix, secret._secret, trusted, proxies._proxies, proxies.is_proxy)

    def forget() -> None:
        for each in remembered:
            each.cache_clear()
        budgets.forget()
        quotas.forget()
        # What was read before was measured by other limits.
        schema.forget()

    def change(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name.upper(), value if isinstance(value, str) else json.dumps(value))
        forget()

    yield change
    monkeypatch.undo()
    forget()


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The SQL statements sent to the database, as they are sent; clear it to begin counting."""
    sent: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            sent.append(record.getMessage())

    logger, handler = logging.getLogger("tortoise.db_client"), Listening()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield sent
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture(scope="session")
def figures() -> Iterator[Figures]:
    """Takes down what the tests of faults measure, for the report."""
    figures = Figures()
    yield figures
    if IS_REPORTED:
        REPORT.write_text(figures.report(), encoding="utf-8")


@pytest.fixture(scope="module")
def cluster() -> Iterator[BrokenPostgres]:
    """A PostgreSQL that may be broken."""
    with broken_postgres(Path(tempfile.gettempdir()) / f"plainspoken-cluster-{os.getpid()}") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def pair() -> Iterator[Pair]:
    """A primary and its standby, of the tests of replicas alone."""
    with replicated(Path(tempfile.gettempdir()) / f"plainspoken-pair-{os.getpid()}") as pair:
        yield pair
