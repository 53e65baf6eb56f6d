"""Looking back: the `JobArchive` port on SQL, read-only; each question has its index.
Never here: writing, and anything a worker asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text

from bot.domain.archive import JobPage
from bot.domain.jobs import JobState
from bot.domain.pools import Pool
from bot.domain.ports import Load
from bot.storage.jobs import rows
from bot.storage.tables import HAS_PARENT, IS_LIVE, IS_OPEN, IS_QUEUED, IS_UPSTREAM, deliveries, jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.storage.database import Database

c, d = jobs.c, deliveries.c
_NEWEST_FIRST = (c.created_at.desc(), c.key.desc())
_OLDEST_FIRST = (c.created_at, c.key)


class SqlJobArchive:
    """The `JobArchive` of bot.domain.ports, on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, user_id: int, guild_id: int, *, skip: int, limit: int) -> JobPage:
        """See the port."""
        mine = (c.user_id == user_id, c.guild_id == guild_id)
        count = select(func.count()).select_from(jobs).where(*mine)
        part = select(jobs).where(*mine).order_by(*_NEWEST_FIRST).offset(skip).limit(limit)

        def look(connection: Connection) -> JobPage:
            return JobPage(_read(connection, part), connection.execute(count).scalar_one())

        return await self._database.read(look)

    async def finished(self, user_id: int, guild_id: int, *, limit: int) -> Sequence[Job]:
        """See the port."""
        query = (
            select(jobs)
            .where(c.user_id == user_id, c.guild_id == guild_id, c.state == JobState.SUCCEEDED.value)
            .order_by(*_NEWEST_FIRST)
            .limit(limit)
        )
        return await self._database.read(lambda cn: _read(cn, query))

    async def live(self, guild_id: int, *, user_id: int | None = None, limit: int) -> Sequence[Job]:
        """See the port."""
        query = select(jobs).where(text(IS_LIVE), c.guild_id == guild_id)
        if user_id is not None:
            # Naming every pool and sorting here leads SQLite to the index of live rows: otherwise it walks through
            # the member's whole history.
            query = query.where(c.user_id == user_id, c.pool.in_([pool.value for pool in Pool]))
        found = await self._database.read(lambda cn: _read(cn, query))
        return sorted(found, key=lambda job: (job.created_at, job.key))[:limit]

    async def load(self, guild_id: int) -> dict[Pool, Load]:
        """See the port."""

        def count(connection: Connection, condition: str) -> dict[str, int]:
            query = select(c.pool, func.count().label("n")).where(c.guild_id == guild_id, text(condition))
            return {row.pool: row.n for row in connection.execute(query.group_by(c.pool))}

        waiting, running = await self._database.read(
            lambda cn: (count(cn, IS_QUEUED), count(cn, IS_UPSTREAM))
        )
        return {pool: Load(waiting=waiting.get(pool, 0), running=running.get(pool, 0)) for pool in Pool}

    async def undelivered_since(self) -> int | None:
        """When what ended first, of all that nobody was shown yet, did so; for the meters."""
        query = select(func.min(c.finished_at)).where(text(IS_OPEN))
        return await self._database.read(lambda cn: cn.execute(query).scalar_one())

    async def children(self, parent: JobKey, *, limit: int) -> Sequence[Job]:
        """See the port."""
        query = select(jobs).where(text(HAS_PARENT), c.parent == parent).order_by(*_OLDEST_FIRST).limit(limit)
        return await self._database.read(lambda cn: _read(cn, query))

    async def shown_at(self, key: JobKey) -> Sequence[tuple[int, int]]:
        """See the port."""
        card = select(c.channel_id, c.message_id).where(c.key == key, c.message_id.is_not(None))
        before = select(d.channel_id, d.message_id).where(d.job_key == key, d.message_id.is_not(None))

        def look(connection: Connection) -> list[tuple[int, int]]:
            found = [(row[0], row[1]) for query in (card, before) for row in connection.execute(query)]
            return list(dict.fromkeys(found))

        return await self._database.read(look)


def _read(connection: Connection, query: Select[Any]) -> list[Job]:
    return rows.read_jobs(connection.execute(query).mappings())
