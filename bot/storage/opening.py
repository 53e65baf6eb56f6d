"""Opening and closing the database as a whole: check it, migrate it, hand out the stores, close it cleanly.
Never here: what the stores do."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, text

from bot.errors import StartupError, StorageTrouble
from bot.storage import schema
from bot.storage.engine import BUSY_MS, Database, open_database, sqlite_file
from bot.storage.jobs import SqlJobStore
from bot.storage.meta import SqlMeta
from bot.storage.tables import metadata

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(frozen=True, slots=True)
class Storage:
    """An open database and its stores."""

    database: Database
    jobs: SqlJobStore
    meta: SqlMeta

    async def check(self) -> None:
        """Read and write something; raises `StorageTrouble` if either fails. For the health page."""
        async with self.database.read() as connection:
            await connection.execute(select(1))
        await self.meta.set("health", "ok")


@asynccontextmanager
async def open_storage(url: str, *, migrate: bool, busy_ms: int = BUSY_MS) -> AsyncIterator[Storage]:
    """Open the database for the length of the block; raises `StartupError` if it cannot be used as it is.

    With `migrate` an older or empty database is brought to this program's version first.
    """
    database = _find(url, busy_ms)
    try:
        try:
            if migrate:
                await schema.bring_up(database)
            else:
                async with database.write() as connection:
                    await schema.require_current(connection)
            await _examine(database)
        except StorageTrouble as trouble:
            raise schema.as_startup_error(trouble) from None
        yield Storage(database, SqlJobStore(database), SqlMeta(database))
    finally:
        await database.close()


async def migrate(url: str) -> bool:
    """Bring the database to this program's version; returns whether there was anything to do."""
    database = _find(url, BUSY_MS)
    try:
        return await schema.bring_up(database)
    except StorageTrouble as trouble:
        raise schema.as_startup_error(trouble) from None
    finally:
        await database.close()


def _find(url: str, busy_ms: int) -> Database:
    database = open_database(url, busy_ms=busy_ms)
    file = sqlite_file(url)
    if file is not None and not file.parent.is_dir():
        raise StartupError(
            f"The directory of the database does not exist: create {file.parent}, or name another file in DATABASE."
        )
    return database


async def _examine(database: Database) -> None:
    """Touch every table, so that a damaged file is noticed at the start and not by a member."""
    async with database.read() as connection:
        for table in metadata.sorted_tables:
            await connection.execute(select(text("1")).select_from(table).limit(1))
