"""Small facts about the deployment that every process must agree on, such as the hash of the synced commands.
Never here: settings and anything about a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from bot.storage.tables import meta

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.storage.engine import Database


class SqlMeta:
    """Values by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> str | None:
        """Read a value; None if it was never set."""
        async with self._database.read() as connection:
            return await _read(connection, key)

    async def set(self, key: str, value: str) -> None:
        """Write a value over the old one."""
        async with self._database.write() as connection:
            await self._database.lock(connection, f"meta/{key}")
            await _write(connection, key, value)

    async def swap(self, key: str, old: str | None, new: str) -> bool:
        """Write only if the value is still `old` (None: not there): of several processes exactly one succeeds."""
        async with self._database.write() as connection:
            await self._database.lock(connection, f"meta/{key}")
            if await _read(connection, key) != old:
                return False
            await _write(connection, key, new)
            return True


async def _read(connection: AsyncConnection, key: str) -> str | None:
    value: str | None = (
        await connection.execute(select(meta.c.value).where(meta.c.key == key))
    ).scalar_one_or_none()
    return value


async def _write(connection: AsyncConnection, key: str, value: str) -> None:
    written = await connection.execute(update(meta).where(meta.c.key == key).values(value=value))
    if not written.rowcount:
        await connection.execute(insert(meta).values(key=key, value=value))
