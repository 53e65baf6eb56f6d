"""Migrations lead to exactly the tables that the program believes in, once, whoever else starts at that moment.
Never here: what is stored in them."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from bot.errors import StartupError
from bot.storage import migrate, open_storage
from bot.storage.database import open_database
from bot.storage.indexes import metadata
from bot.storage.schema import MIGRATIONS, OLDEST, head, versions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from tests.fixtures.postgres import Server

PICTURES = {
    "sqlite": "SELECT name, tbl_name, sql FROM sqlite_master WHERE tbl_name NOT LIKE 'easel%'",
    "postgresql": """
        SELECT table_name, column_name, data_type || is_nullable || COALESCE(column_default, '')
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'easel%'
        UNION ALL
        SELECT tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename NOT LIKE 'easel%'
        UNION ALL
        SELECT relname, 'options', array_to_string(reloptions, ',') FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL
        UNION ALL
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'easel%'
    """,
}


def picture(connection: Connection) -> set[tuple[Any, ...]]:
    """What the database itself says that it holds."""
    rows = connection.execute(text(PICTURES[connection.dialect.name]))
    return {tuple(re.sub(r"\s+", " ", str(value)) for value in row) for row in rows}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def empty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[str, str]]:
    """Two empty databases of a kind."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/a 100%.db", f"sqlite+aiosqlite:///{tmp_path}/b.db"
        return
    server: Server = request.getfixturevalue("postgres_server")
    names = [await server.create() for _ in range(2)]
    yield server.url(names[0]), server.url(names[1])
    for name in names:
        await server.drop(name)


async def test_migrations_make_exactly_the_tables_of_the_program(empty: tuple[str, str]) -> None:
    migrated, declared = empty
    await migrate(migrated)
    pictures = []

    for url in (migrated, declared):
        database = open_database(url)
        if url == declared:
            await database.write(metadata.create_all)
        pictures.append(await database.read(picture))
        await database.close()

    assert pictures[0] == pictures[1]
    assert len(pictures[0]) > 20


async def test_migrating_again_changes_nothing(empty: tuple[str, str]) -> None:
    assert await migrate(empty[0]) is True
    assert await migrate(empty[0]) is False


async def test_processes_that_start_together_migrate_once(empty: tuple[str, str]) -> None:
    done = await asyncio.gather(*(migrate(empty[0]) for _ in range(4)))

    assert sorted(done) == [False, False, False, True]


async def test_an_older_database_is_not_used_without_the_migration(empty: tuple[str, str]) -> None:
    with pytest.raises(StartupError, match="run `easel migrate`"):
        async with open_storage(empty[0], migrate=False):
            pass


async def test_a_newer_database_is_left_alone(url: str) -> None:
    async with open_storage(url, migrate=True) as storage:
        await storage.database.write(
            lambda cn: cn.execute(text("UPDATE easel_version SET version_num = '9999'"))
        )

    for migrating in (True, False):
        with pytest.raises(StartupError, match="made by a newer Easel"):
            async with open_storage(url, migrate=migrating):
                pass
    with pytest.raises(StartupError, match="made by a newer Easel"):
        await migrate(url)


async def test_a_failed_migration_is_a_startup_error_with_advice(tmp_path: Path) -> None:
    (tmp_path / "easel.db").write_text("my diary " * 1_000)

    with pytest.raises(StartupError, match="not a database"):
        await migrate(f"sqlite+aiosqlite:///{tmp_path}/easel.db")


@pytest.mark.postgres
async def test_a_shared_postgres_is_used_unless_a_name_collides(postgres_server: Server) -> None:
    name = await postgres_server.create()
    await postgres_server.execute("CREATE TABLE recipes (name TEXT)", database=name)
    assert await migrate(postgres_server.url(name)) is True
    await postgres_server.drop(name)

    name = await postgres_server.create()
    await postgres_server.execute("CREATE TABLE jobs (name TEXT)", database=name)
    with pytest.raises(StartupError, match="tables of another program"):
        await migrate(postgres_server.url(name))
    await postgres_server.drop(name)


async def test_sqlite_keeps_a_committed_row_through_a_power_cut_and_enforces_references(
    sqlite_url: str,
) -> None:
    async with open_storage(sqlite_url, migrate=True) as storage:

        def pragmas(connection: Connection) -> list[Any]:
            names = ("journal_mode", "synchronous", "foreign_keys")
            return [connection.execute(text(f"PRAGMA {name}")).scalar() for name in names]

        assert await storage.database.write(pragmas) == ["wal", 2, 1]


async def test_a_program_works_on_newer_tables_if_the_newer_program_promised_that_it_can(url: str) -> None:
    async def made_by(version: str, promise: str) -> None:
        database = open_database(url)

        def write(connection: Connection) -> None:
            connection.execute(text("UPDATE easel_version SET version_num = :v"), {"v": version})
            connection.execute(
                text("UPDATE meta SET value = :p WHERE key = 'schema_promise'"), {"p": promise}
            )

        await database.write(write)
        await database.close()

    async with open_storage(url, migrate=True):
        pass
    await made_by("9999", f"9999>={head()}")
    for migrating in (True, False):
        async with open_storage(url, migrate=migrating) as storage:
            await storage.check()
    assert await migrate(url) is False

    for promise in ("9999>=9998", f"9998>={head()}", "", "9999", "9999>="):
        await made_by("9999", promise)
        with pytest.raises(StartupError, match="newer Easel"):
            await migrate(url)


def test_versions_are_named_by_their_files_and_the_promise_is_one_of_them() -> None:
    scripts = {
        path.stem: re.search(r'^revision = "(\d+)"$', path.read_text(), re.MULTILINE)
        for path in (MIGRATIONS / "versions").glob("v*.py")
    }

    assert {found[1] for found in scripts.values() if found} == versions()
    assert all(found and name.startswith(f"v{found[1]}_") for name, found in scripts.items())
    assert OLDEST in versions()
