"""Databases for storage tests: every contract test runs on a SQLite file and on a real PostgreSQL.
Never here: what is asserted."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.storage import Storage, migrate, open_storage
from tests.fixtures.postgres import Server, server_or_skip
from tests.fixtures.sqlite import migrated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from bot.storage import SqlJobStore

    Opener = Callable[[], Awaitable[Storage]]

TEMPLATE = "easel_template"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    with server_or_skip() as server:
        yield server


@pytest_asyncio.fixture
async def postgres_url(postgres_server: Server, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A database of its own, copied from one that was migrated once."""
    if not request.session.stash.get(_has_template, False):
        await postgres_server.execute(f"CREATE DATABASE {TEMPLATE}")
        await migrate(postgres_server.url(TEMPLATE))
        request.session.stash[_has_template] = True
    name = await postgres_server.create(template=TEMPLATE)
    yield postgres_server.url(name)
    await postgres_server.drop(name)


_has_template = pytest.StashKey[bool]()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'easel.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return migrated(request.getfixturevalue("tmp_path") / "easel.db")
    address: str = request.getfixturevalue("postgres_url")
    return address


@pytest_asyncio.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def empty_url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A database in which no program has been yet."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server: Server = request.getfixturevalue("postgres_server")
    name = await server.create(template="template0")
    yield server.url(name)
    await server.drop(name)


@pytest_asyncio.fixture
async def another(url: str) -> AsyncIterator[Opener]:
    """Opens the same database once more, as a second process would."""
    async with AsyncExitStack() as opened:

        async def open_again() -> Storage:
            return await opened.enter_async_context(open_storage(url, migrate=True, busy_ms=60_000))

        yield open_again


@pytest_asyncio.fixture
async def storage(another: Opener) -> Storage:
    return await another()


@pytest.fixture
def store(storage: Storage) -> SqlJobStore:
    return storage.jobs
