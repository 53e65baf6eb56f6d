"""People's own preferences as rows: read whole, changed under a lock, deleted with all that is theirs.
Never here: caches, and what a preference means."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import delete, insert, select, text, update

from bot.domain.people import Preferences
from bot.errors import StorageTrouble
from bot.storage.database import lock, plain
from bot.storage.errors import BROKEN
from bot.storage.people_tables import SPEAKS, copies, drafts, favourites, preferences
from bot.storage.tables import jobs
from bot.storage.unknown_fields import with_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.engine import Connection

    from bot.storage.database import Database

p = preferences.c


@cache
def _codec() -> TypeAdapter[Preferences]:
    """Built when the first row is read: it takes as long as importing a small library."""
    return TypeAdapter(Preferences)


class SqlPreferenceStore:
    """The `PreferenceStore` of bot.domain.people, on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def preferences(self, user_id: int) -> Preferences:
        """See the port."""
        return await self._database.read(lambda cn: _load(cn, user_id) or Preferences())

    async def change(
        self, user_id: int, change: Callable[[Preferences], Preferences], *, at: int
    ) -> Preferences:
        """See the port."""

        def work(connection: Connection) -> Preferences:
            lock(connection, f"person/{user_id}")
            stored = _stored(connection, user_id)
            before = None if stored is None else _decoded(stored)
            after = change(before or Preferences())
            written = _codec().dump_python(after, mode="json")
            if stored is not None:
                written = with_unknown(json.loads(stored), written)
            values = {
                "content": plain(json.dumps(written, ensure_ascii=False)),
                "language": after.language,
                "changed_at": at,
            }
            if before is None:
                connection.execute(insert(preferences).values(user_id=user_id, **values))
            elif after != before:
                connection.execute(update(preferences).where(p.user_id == user_id).values(values))
            return after

        return await self._database.write(work)

    async def forget(self, user_id: int) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            lock(connection, f"person/{user_id}")
            for table in (preferences, drafts, favourites):
                connection.execute(delete(table).where(table.c.user_id == user_id))
            theirs = select(jobs.c.key).where(jobs.c.user_id == user_id)
            connection.execute(delete(copies).where(copies.c.job_key.in_(theirs)))

        await self._database.write(work)

    async def languages(self) -> Mapping[int, str]:
        """See the port."""
        query = select(p.user_id, p.language).where(text(SPEAKS))
        return await self._database.read(
            lambda cn: {row.user_id: str(row.language) for row in cn.execute(query)}
        )


def _load(connection: Connection, user_id: int) -> Preferences | None:
    stored = _stored(connection, user_id)
    return None if stored is None else _decoded(stored)


def _stored(connection: Connection, user_id: int) -> str | None:
    return connection.execute(select(p.content).where(p.user_id == user_id)).scalar_one_or_none()


def _decoded(stored: str) -> Preferences:
    try:
        return _codec().validate_json(stored)
    except ValidationError:  # its words hold what somebody typed
        raise StorageTrouble(BROKEN) from None
