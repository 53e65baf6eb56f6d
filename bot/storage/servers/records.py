"""What is kept for how long: export and erasure of a member, forgetting of prompts, deletion of a server.
Never here: who asks for it, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, func, insert, or_, select, text, update

from bot.domain.jobs import TERMINAL, JobState
from bot.storage.database import lock
from bot.storage.people_tables import copies, drafts, favourites, region_links
from bot.storage.server_tables import (
    audit,
    blocks,
    draws,
    grants,
    guild_sections,
    guilds,
    notices,
    own_keys,
    strikes,
)
from bot.storage.servers.settings import ensure, record
from bot.storage.tables import (
    EMPTIED,
    ERASED,
    IS_KEPT,
    IS_LIVE,
    actions,
    deliveries,
    inputs,
    jobs,
    ledger,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Table
    from sqlalchemy.engine import Connection

    from bot.domain.guilds import Actor
    from bot.storage.database import Database

DAY_MS: Final = 24 * 3_600_000
NOTICE_MS: Final = 7 * DAY_MS
"""For how long it is remembered that something was told."""
c = jobs.c
_ENDED: Final = c.state.in_([state.value for state in JobState if state in TERMINAL])
_EXPORTED: Final = (
    *("key", "kind", "pool", "prompt", "user_name", "units", "state", "created_at", "finished_at"),
    *("channel_id", "message_id", "result_text"),
)


class SqlRecords:
    """The `Records` of bot.domain.guild_ports, on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- members -----------------------------------------------------------------------------------------

    async def export(self, guild_id: int, user_id: int) -> Mapping[str, Any]:
        """See the port."""

        def rows(connection: Connection, table: Table, *columns: str) -> list[dict[str, Any]]:
            mine = and_(table.c.guild_id == guild_id, table.c.user_id == user_id)
            query = select(*(table.c[name] for name in columns)).where(mine).order_by(table.c[columns[0]])
            return [dict(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - the documented way

        def work(connection: Connection) -> dict[str, Any]:
            told = select(audit.c.at, audit.c.action, audit.c.before, audit.c.after)
            told = told.where(audit.c.guild_id == guild_id, audit.c.subject == user_id)
            return {
                "guild_id": guild_id,
                "user_id": user_id,
                "jobs": rows(connection, jobs, *_EXPORTED),
                "ledger": rows(connection, ledger, "at", "pool", "units", "kind", "job_key"),
                "blocks": rows(connection, blocks, "at", "until", "reason"),
                "strikes": rows(connection, strikes, "at", "why", "spent"),
                "grants": rows(connection, grants, "at", "pool", "units", "reason", "expires_at"),
                "favourites": rows(connection, favourites, "at", "job_key"),
                "drafts": rows(connection, drafts, "until", "prompt", "pool", "option_set"),
                "region_links": rows(connection, region_links, "expires_at", "job_key", "used_at"),
                "audit": [tuple(row) for row in connection.execute(told.order_by(audit.c.id))],
            }

        return await self._database.read(work)

    async def erase(self, guild_id: int, user_id: int, *, actor: Actor, at: int) -> int:
        """See the port."""

        def work(connection: Connection) -> int:
            mine = and_(c.guild_id == guild_id, c.user_id == user_id, _ENDED)
            kept = and_(mine, or_(text(IS_KEPT), c.user_name != ERASED))
            connection.execute(delete(inputs).where(inputs.c.job_key.in_(select(c.key).where(mine))))
            n = connection.execute(update(jobs).where(kept).values({**EMPTIED, "user_name": ERASED})).rowcount
            # What upstream still works on is found by its prompt: it is emptied when it ends (see `steps`).
            live = and_(c.guild_id == guild_id, c.user_id == user_id, text(IS_LIVE))
            connection.execute(update(jobs).where(live, c.unwanted.is_(True)).values(user_name=ERASED))
            for table in (strikes, grants):
                row = and_(table.c.guild_id == guild_id, table.c.user_id == user_id)
                values = {"why": ""} if table is strikes else {"reason": ""}
                connection.execute(update(table).where(row).values(values))
            for table in (favourites, drafts, region_links):
                connection.execute(
                    delete(table).where(table.c.guild_id == guild_id, table.c.user_id == user_id)
                )
            record(
                connection, guild_id, actor=actor, at=at, action="erase", subject=user_id, after={"jobs": n}
            )
            return n

        return await self._database.write(work)

    # -- ages --------------------------------------------------------------------------------------------

    async def forget_prompts(self, now: int, *, limit: int) -> int:
        """See the port."""
        found = select(guild_sections.c.guild_id, guild_sections.c.content).where(
            guild_sections.c.section == "retention_days", guild_sections.c.content != "null"
        )

        def work(connection: Connection) -> int:
            left = limit
            for row in connection.execute(found).all():
                left -= _forget(connection, row.guild_id, now - int(row.content) * DAY_MS, left)
            connection.execute(delete(notices).where(notices.c.at < now - NOTICE_MS))
            return limit - left

        return await self._database.write(work)

    async def forget_inputs(self, before: int, *, limit: int) -> int:
        """See the port."""
        taken_along = select(inputs.c.job_key).distinct()
        ended = select(c.key).where(c.key.in_(taken_along), c.finished_at < before, _ENDED).limit(limit)

        def work(connection: Connection) -> int:
            found = connection.execute(ended).scalars().all()
            connection.execute(delete(inputs).where(inputs.c.job_key.in_(found)))
            return len(found)

        return await self._database.write(work)

    async def forget_links(self, before: int) -> None:
        """See the port."""
        old = delete(region_links).where(region_links.c.expires_at < before)
        await self._database.write(lambda cn: cn.execute(old))

    # -- servers -----------------------------------------------------------------------------------------

    async def schedule_deletion(self, guild_id: int, at: int | None) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            ensure(connection, guild_id)
            connection.execute(update(guilds).where(guilds.c.guild_id == guild_id).values(delete_at=at))

        await self._database.write(work)

    async def delete_due(self, now: int) -> Sequence[int]:
        """See the port. A server that still has unfinished jobs waits for their end."""
        due = select(guilds.c.guild_id).where(guilds.c.delete_at <= now)
        found = await self._database.read(lambda cn: cn.execute(due).scalars().all())
        return [guild_id for guild_id in found if await self._delete(guild_id, now)]

    async def _delete(self, guild_id: int, now: int) -> bool:
        def work(connection: Connection) -> bool:
            lock(connection, f"guild/{guild_id}")
            still = select(guilds.c.guild_id).where(guilds.c.guild_id == guild_id, guilds.c.delete_at <= now)
            live = select(func.count()).where(c.guild_id == guild_id, text(IS_LIVE))
            if connection.execute(still).one_or_none() is None or connection.execute(live).scalar_one():
                return False
            of_guild = select(c.key).where(c.guild_id == guild_id)
            for table in (actions, deliveries, inputs, favourites, copies):
                connection.execute(delete(table).where(table.c.job_key.in_(of_guild)))
            given = select(grants.c.id).where(grants.c.guild_id == guild_id)
            connection.execute(delete(draws).where(draws.c.grant_id.in_(given)))
            for table in (
                drafts,
                region_links,
                jobs,
                ledger,
                grants,
                strikes,
                blocks,
                audit,
                notices,
                own_keys,
                guild_sections,
                guilds,
            ):
                connection.execute(delete(table).where(table.c.guild_id == guild_id))
            return True

        return await self._database.write(work)

    # -- notices -----------------------------------------------------------------------------------------

    async def claim_notice(self, guild_id: int, key: str, now: int, *, window_ms: int) -> int | None:
        """See the port."""
        mine = and_(notices.c.guild_id == guild_id, notices.c.key == key)

        def work(connection: Connection) -> int | None:
            lock(connection, f"notice/{guild_id}/{key}")
            row = connection.execute(select(notices).where(mine)).one_or_none()
            if row is None:
                connection.execute(insert(notices).values(guild_id=guild_id, key=key, at=now, held_back=0))
                return 0
            if now < row.at + window_ms:
                held_back = update(notices).where(mine).values(held_back=row.held_back + 1)
                connection.execute(held_back)
                return None
            connection.execute(update(notices).where(mine).values(at=now, held_back=0))
            return int(row.held_back)

        return await self._database.write(work)

    async def listeners(self) -> Sequence[int]:
        """See the port."""
        s = guild_sections.c
        query = (
            select(s.guild_id)
            .join(guilds, guilds.c.guild_id == s.guild_id)
            .where(s.section == "log_channel", s.content != "null", guilds.c.delete_at.is_(None))
            .order_by(s.guild_id)
        )
        return await self._database.read(lambda cn: cn.execute(query).scalars().all())


def _forget(connection: Connection, guild_id: int, before: int, limit: int) -> int:
    """Empty finished jobs of a server that ended before a time."""
    old: tuple[ColumnElement[bool], ...] = (c.guild_id == guild_id, c.finished_at < before)
    keys = select(c.key).where(*old, text(IS_KEPT), _ENDED).order_by(c.finished_at).limit(limit)
    found = connection.execute(keys).scalars().all()
    connection.execute(delete(inputs).where(inputs.c.job_key.in_(found)))
    connection.execute(update(jobs).where(c.key.in_(found)).values(dict(EMPTIED)))
    return len(found)
