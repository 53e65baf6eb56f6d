"""Small facts about the deployment that every process must agree on, such as the hash of the synced commands.
Never here: settings and anything about a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from bot.storage.database import lock
from bot.storage.tables import meta

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from bot.storage.database import Database


class SqlMeta:
    """Values by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> str | None:
        """Read a value; None if it was never set."""
        return await self._database.read(lambda cn: _read(cn, key))

    async def set(self, key: str, value: str) -> None:
        """Write a value over the old one."""

        def write(connection: Connection) -> None:
            lock(connection, f"meta/{key}")
            _write(connection, key, value)

        await self._database.write(write)

    async def swap(self, key: str, old: str | None, new: str) -> bool:
        """Write only if the value is still `old` (None: not there): of several processes exactly one succeeds."""

        def write(connection: Connection) -> bool:
            lock(connection, f"meta/{key}")
            if _read(connection, key) != old:
                return False
            _write(connection, key, new)
            return True

        return await self._database.write(write)


def _read(connection: Connection, key: str) -> str | None:
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none()


def _write(connection: Connection, key: str, value: str) -> None:
    if not connection.execute(update(meta).where(meta.c.key == key).values(value=value)).rowcount:
        connection.execute(insert(meta).values(key=key, value=value))
