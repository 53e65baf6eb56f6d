"""A PostgreSQL server that goes away, refuses us or stops writing: one clear reason, and recovery by itself.
Never here: SQLite."""

from __future__ import annotations

import sys
import traceback

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.errors import StartupError, StorageTrouble
from bot.storage import database, migrate, open_storage
from tests.fixtures.postgres import Server, running_server
from tests.storage.making import FREE, NOON, job

pytestmark = pytest.mark.postgres
SECRET = "a-secret-that-no-message-may-hold"


async def refused(url: str, *, migrate: bool = True) -> str:
    with pytest.raises(StartupError) as startup:
        async with open_storage(url, migrate=migrate, busy_ms=50):
            pass
    return str(startup.value)


async def test_lost_connections_are_trouble_once_and_then_replaced(postgres_url: str) -> None:
    async with open_storage(postgres_url, migrate=False) as storage:
        kept = await storage.jobs.insert(job(), FREE)

        with pytest.raises(StorageTrouble, match="connection to the database was lost"):
            await storage.database.write(
                lambda cn: cn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            )

        assert await storage.jobs.get(kept.key) == kept
        await storage.check()


async def test_a_server_that_is_down_is_trouble_until_it_is_back() -> None:
    with running_server() as server:
        async with open_storage(server.url("postgres"), migrate=True) as storage:
            kept = await storage.jobs.insert(job(), FREE)
            server.stop()
            with pytest.raises(StorageTrouble, match="connection to the database was lost"):
                await storage.jobs.get(kept.key)
            startup = await refused(server.url("postgres"))
            server.start()

            assert await storage.jobs.get(kept.key) == kept
    assert "does not answer" in startup


async def test_an_unknown_database_is_a_matter_of_the_address(postgres_server: Server) -> None:
    assert "refuses us" in await refused(postgres_server.url("nowhere"))


async def test_a_waiting_lock_ends_as_trouble(postgres_url: str) -> None:
    async with open_storage(postgres_url, migrate=False, busy_ms=50) as storage:
        kept = await storage.jobs.insert(job(), FREE)
        engine = create_async_engine(postgres_url, poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.execute(text("SELECT key FROM jobs FOR UPDATE"))

            with pytest.raises(StorageTrouble, match="locked by another program"):
                await storage.jobs.cancel(kept.key, NOON)

        assert await storage.jobs.cancel(kept.key, NOON) is not None


async def test_what_goes_through_all_there_is_has_longer_than_a_statement_of_everyday(
    postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_server.url(await postgres_server.create())
    monkeypatch.setattr(database, "COMMAND_SECONDS", 0.001)
    long = text("SELECT count(*) FROM generate_series(1, 100000)")

    await migrate(url)
    opened = database.open_database(url)
    async with opened.snapshot() as here, opened.transaction() as there:
        assert [(await cn.execute(long)).scalar_one() for cn in (here, there)] == [100_000, 100_000]
    with pytest.raises(StorageTrouble, match="too busy"):
        await opened.read(lambda cn: cn.execute(long))
    await opened.close()


async def test_a_read_only_server_is_named(postgres_url: str) -> None:
    async with open_storage(postgres_url, migrate=False) as storage:
        with pytest.raises(StorageTrouble, match="read-only"):
            await storage.database.write(
                lambda cn: (
                    cn.execute(text("SET TRANSACTION READ ONLY")),
                    cn.execute(text("DELETE FROM meta")),
                )
            )


async def test_a_row_that_is_refused_is_not_quoted(postgres_url: str) -> None:
    async with open_storage(postgres_url, migrate=False) as storage:
        with pytest.raises(StorageTrouble) as trouble:
            await storage.jobs.insert(job(prompt=SECRET, units=2**40), FREE)

    assert SECRET not in "".join(traceback.format_exception(trouble.value))


async def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    assert "extra `postgres`" in await refused("postgresql+asyncpg://easel@/easel")


async def test_an_unprepared_database_asks_for_the_migration(postgres_server: Server) -> None:
    name = await postgres_server.create()

    assert "easel migrate" in await refused(postgres_server.url(name), migrate=False)
    async with open_storage(postgres_server.url(name), migrate=True) as storage:
        await storage.database.write(lambda cn: cn.execute(text("DROP TABLE meta")))
    assert "tables are missing" in await refused(postgres_server.url(name))

    await postgres_server.drop(name)
