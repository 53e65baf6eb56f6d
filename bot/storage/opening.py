"""Opening and closing the database as a whole: check it, migrate it, hand out the stores, close it cleanly.
Never here: what the stores do."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.domain.servers.guild_ports import GuildStores
from bot.errors import StartupError, StorageTrouble
from bot.local_files import is_directory
from bot.storage import backup, errors, put_back, schema
from bot.storage.database import AT_WORK, BUSY_MS, VISITING, Database, open_database
from bot.storage.jobs import line
from bot.storage.jobs.archive import SqlJobArchive
from bot.storage.jobs.books import SqlBookStore
from bot.storage.jobs.help_books import SqlHelpBooks
from bot.storage.jobs.store import SqlJobStore
from bot.storage.meta import SqlMeta
from bot.storage.people.open_answers import SqlAnswerStore
from bot.storage.people.personal_items import SqlPersonalItems
from bot.storage.people.preferences import SqlPreferenceStore
from bot.storage.people.region_links import SqlRegionLinkStore
from bot.storage.servers.members import SqlMemberStore
from bot.storage.servers.own_keys import SqlKeyStore
from bot.storage.servers.records import SqlRecords
from bot.storage.servers.settings import SqlSettingsStore
from bot.storage.tables import metadata
from bot.storage.tenants import SqlTenantStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class Storage:
    """An open database and its stores."""

    database: Database
    jobs: SqlJobStore
    archive: SqlJobArchive
    meta: SqlMeta
    guilds: GuildStores
    people: SqlPreferenceStore
    personal_items: SqlPersonalItems
    region_links: SqlRegionLinkStore
    tenants: SqlTenantStore
    answers: SqlAnswerStore
    help_books: SqlHelpBooks

    async def check(self) -> None:
        """Read and write something; raises `StorageTrouble` if either fails. For the health page."""
        await self.database.read(lambda cn: cn.execute(select(1)).one())
        await self.meta.set("health", "ok")


@asynccontextmanager
async def open_storage(
    url: str, *, migrate: bool, busy_ms: int = BUSY_MS, keep: int = 0, working: bool = False
) -> AsyncIterator[Storage]:
    """Open the database for the length of the block; raises `StartupError` if it cannot be used as it is.

    With `migrate` an older or empty database is brought to this program's version first, after a copy of a SQLite
    file was made beside it, of which the newest `keep` stay. Whoever is `working` on it for long can be told by others
    (`put_back.require_rest`).
    """
    if not migrate:
        backup.require_file(url)
    database = open_database(url, busy_ms=busy_ms, called=AT_WORK if working else VISITING)
    storage = Storage(
        database,
        SqlJobStore(database),
        SqlJobArchive(database),
        SqlMeta(database),
        GuildStores(
            SqlSettingsStore(database),
            SqlMemberStore(database),
            SqlBookStore(database),
            SqlRecords(database),
            SqlKeyStore(database),
            SqlMeta(database),
        ),
        SqlPreferenceStore(database),
        SqlPersonalItems(database),
        SqlRegionLinkStore(database),
        SqlTenantStore(database, line.call_for),
        SqlAnswerStore(database),
        SqlHelpBooks(database),
    )
    try:
        try:
            if migrate:
                await backup.keep_copy(url, database, keep=keep)
                await schema.bring_up(database)
                await schema.take_over(database)
            else:
                await schema.require_current(database)
            await _examine(database)
            # SQLite opens a read-only file and even begins to write in it; only a write tells.
            await storage.check()
        except StorageTrouble as trouble:
            raise schema.as_startup_error(trouble) from None
        yield storage
    finally:
        await database.close()


async def schema_state(url: str) -> schema.SchemaState:
    """Say how a database stands to this program, and make nothing; raises `StartupError` if it cannot be used."""
    path = backup.file_of(url)
    if path is not None and is_directory(path.parent) and backup.is_missing(path):
        return schema.SchemaState.EMPTY
    database = open_database(url)
    try:
        return await schema.state_of(database)
    except StorageTrouble as trouble:
        raise schema.as_startup_error(trouble) from None
    finally:
        await database.close()


def require_writable(url: str) -> None:
    """Raise `StartupError` if this user may not make or migrate the file that an address names, and make nothing."""
    path = backup.file_of(url)
    if path is None:
        return
    needed = [(path.parent, os.W_OK | os.X_OK), *([(path, os.R_OK | os.W_OK)] if path.exists() else [])]
    if not all(os.access(place, rights) for place, rights in needed):
        raise schema.as_startup_error(StorageTrouble(errors.READ_ONLY))


async def migrate(url: str, *, keep: int = 0) -> bool:
    """Bring the database to this program's version; returns whether there was anything to do.

    Of the copies of a SQLite file that are made before, the newest `keep` stay.
    """
    database = open_database(url)
    try:
        await backup.keep_copy(url, database, keep=keep)
        return await schema.bring_up(database)
    except StorageTrouble as trouble:
        raise schema.as_startup_error(trouble) from None
    finally:
        await database.close()


async def settle(url: str) -> int:
    """Keep what waits in a database that other tools put back from being sent again; returns how many jobs did so.

    Raises `StartupError`, also while it is in use.
    """
    backup.require_file(url)
    await backup.require_no_reader(url)
    database = open_database(url)
    try:
        if await schema.state_of(database) is schema.SchemaState.EMPTY:
            raise StartupError("The database holds nothing yet: put the copy back first.")
        await put_back.require_rest(database, "The database")
        return await database.write_at_length(put_back.settle_on)
    except StorageTrouble as trouble:
        raise schema.as_startup_error(trouble) from None
    finally:
        await database.close()


async def _examine(database: Database) -> None:
    """Touch every table, so that a damaged file is noticed at the start and not by a member.

    By plain text: to compile so many statements takes longer than to run them.
    """

    def touch(connection: Connection) -> None:
        quoted = connection.dialect.identifier_preparer.format_table
        for table in metadata.sorted_tables:
            connection.exec_driver_sql(f"SELECT 1 FROM {quoted(table)} LIMIT 1").first()  # noqa: S608 - our own tables

    await database.read(touch)
