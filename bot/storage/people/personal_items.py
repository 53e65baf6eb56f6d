"""Small things kept for one person, as rows: refused prompts, favourites, copies owed.
Never here: preferences (those are in `people`), and what is done with any of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, select, update

from bot.domain.archive import JobPage
from bot.domain.keys import JobKey
from bot.domain.personal_items import Draft
from bot.domain.pools import Pool
from bot.storage.database import lock, plain
from bot.storage.jobs import erased, rows
from bot.storage.people_tables import copies, drafts, favourites
from bot.storage.tables import is_due, jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from bot.storage.database import Database

POOLS: Final = frozenset(pool.value for pool in Pool)
d, f, c = drafts.c, favourites.c, copies.c


class SqlPersonalItems:
    """The `PersonalItems` of bot.domain.personal_items, on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- drafts ------------------------------------------------------------------------------------------

    async def keep_draft(self, draft: Draft) -> None:
        """See the port. What was made from words that were erased meanwhile is not kept."""
        values = {
            "key": draft.key,
            "user_id": draft.user_id,
            "guild_id": draft.guild_id,
            "home_channel_id": draft.home_channel,
            "prompt": plain(draft.prompt),
            "pool": None if draft.pool is None else draft.pool.value,
            "option_set": None if draft.option_set is None else plain(draft.option_set),
            "borrowed": plain(draft.borrowed) or None,
            "ancestor": draft.ancestor,
            "until": draft.until,
        }

        def work(connection: Connection) -> None:
            if draft.ancestor is None or not erased.is_marked(connection, draft.ancestor):
                connection.execute(insert(drafts).values(values))

        await self._database.write(work)

    async def draft(self, key: JobKey) -> Draft | None:
        """See the port."""
        query = select(drafts).where(d.key == key)
        row = await self._database.read(lambda cn: cn.execute(query).one_or_none())
        if row is None or (row.pool is not None and row.pool not in POOLS):  # a newer version's
            return None
        return Draft(
            key=JobKey(row.key),
            user_id=row.user_id,
            guild_id=row.guild_id,
            home_channel=row.home_channel_id,
            prompt=row.prompt,
            pool=None if row.pool is None else Pool(row.pool),
            option_set=row.option_set,
            borrowed=row.borrowed or "",
            ancestor=None if row.ancestor is None else JobKey(row.ancestor),
            until=row.until,
        )

    async def tidy_drafts(self, now: int) -> int:
        """See the port."""
        old = delete(drafts).where(d.until <= now)
        return await self._database.write(lambda cn: cn.execute(old).rowcount)

    # -- favourites --------------------------------------------------------------------------------------

    async def toggle_favourite(self, user_id: int, key: JobKey, guild_id: int | None, at: int) -> bool:
        """See the port."""

        def work(connection: Connection) -> bool:
            lock(connection, f"person/{user_id}")
            mine = delete(favourites).where(f.user_id == user_id, f.job_key == key)
            if connection.execute(mine).rowcount:
                return False
            connection.execute(
                insert(favourites).values(user_id=user_id, job_key=key, guild_id=guild_id, at=at)
            )
            return True

        return await self._database.write(work)

    async def favourites(self, user_id: int, guild_id: int, *, skip: int, limit: int) -> JobPage:
        """See the port."""
        mine = (f.user_id == user_id, f.guild_id == guild_id)
        count = select(func.count()).select_from(favourites).where(*mine)
        part = (
            select(jobs)
            .join(favourites, f.job_key == jobs.c.key)
            .where(*mine)
            .order_by(f.at.desc(), f.job_key.desc())
            .offset(skip)
            .limit(limit)
        )

        def look(connection: Connection) -> JobPage:
            found = rows.read_jobs(connection.execute(part).mappings())
            return JobPage(found, connection.execute(count).scalar_one())

        return await self._database.read(look)

    # -- copies ------------------------------------------------------------------------------------------

    async def enqueue_copy(self, key: JobKey, at: int) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            lock(connection, f"copy/{key}")
            known = select(c.job_key).where(c.job_key == key)
            if connection.execute(known).one_or_none() is None:
                connection.execute(insert(copies).values(job_key=key, due_at=at, tries=0))

        await self._database.write(work)

    async def claim_copies(self, now: int, *, lease_ms: int, limit: int) -> Sequence[tuple[JobKey, int]]:
        """See the port."""
        due_now = is_due(c.due_at, now, lease_ms=lease_ms)
        due = select(c.job_key).where(due_now).order_by(c.due_at).limit(limit)
        found = await self._database.read(lambda cn: cn.execute(due).scalars().all())
        if not found:
            return ()

        def take(connection: Connection) -> list[tuple[JobKey, int]]:
            # Whoever comes second finds the time moved on, and takes nothing.
            taken = (
                update(copies)
                .where(c.job_key.in_(found), due_now)
                .values(due_at=now + lease_ms, tries=c.tries + 1)
                .returning(c.job_key, c.tries)
            )
            return [(JobKey(row.job_key), row.tries) for row in connection.execute(taken)]

        return await self._database.write(take)

    async def remove_copy(self, key: JobKey) -> None:
        """See the port."""
        await self._database.write(lambda cn: cn.execute(delete(copies).where(c.job_key == key)))
