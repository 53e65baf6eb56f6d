"""What is kept for how long: export and erasure of a member, forgetting of prompts, deletion of a server.
Never here: who asks for it, and when."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Table, and_, delete, insert, select, text, update

from bot.domain.jobs import TERMINAL, JobState
from bot.domain.schedule import DAY, is_recent
from bot.storage.database import lock
from bot.storage.people_tables import drafts, favourites, region_links
from bot.storage.server_tables import (
    TAKEN_BACK,
    audit,
    blocks,
    grants,
    guild_sections,
    guilds,
    notices,
    strikes,
)
from bot.storage.servers import erased_cards
from bot.storage.servers.deletion import delete_server
from bot.storage.servers.erasure import erase_member
from bot.storage.servers.settings import ensure
from bot.storage.tables import (
    CAN_REPLY,
    EMPTIED,
    IS_KEPT,
    inputs,
    jobs,
    ledger,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Column, ColumnElement, Select
    from sqlalchemy.engine import Connection

    from bot.domain.servers.guilds import Actor, ErasedCard
    from bot.storage.database import Database

c = jobs.c
_IS_DECIDED: Final = guild_sections.c.content != "null"
_ENDED: Final = c.state.in_([state.value for state in JobState if state in TERMINAL])
EXPORTED: Final[Mapping[Table, tuple[str, ...]]] = {
    jobs: (
        *("key", "kind", "pool", "prompt", "typed", "subject", "user_name", "units", "state", "created_at"),
        *(
            "finished_at",
            "channel_id",
            "message_id",
            "result_text",
            "failure_words",
            "discord_url",
            "storage_key",
        ),
    ),
    ledger: ("at", "pool", "units", "kind", "job_key"),
    blocks: ("at", "until", "reason"),
    strikes: ("at", "why", "spent"),
    grants: ("at", "pool", "units", "reason", "expires_at"),
    favourites: ("at", "job_key"),
    drafts: ("until", "prompt", "pool", "option_set", "borrowed"),
    region_links: ("expires_at", "job_key", "used_at"),
    audit: ("at", "action", "before", "after"),
}
"""Of a member; docs/data.md says the same."""


class SqlRecords:
    """The `Records` of bot.domain.servers.guild_ports, on SQLite and PostgreSQL."""

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
            told = select(*(audit.c[name] for name in EXPORTED[audit]))
            told = told.where(audit.c.guild_id == guild_id, audit.c.subject == user_id)
            whole: dict[str, Any] = {"guild_id": guild_id, "user_id": user_id}
            whole |= {t.name: rows(connection, t, *names) for t, names in EXPORTED.items() if t is not audit}
            for grant in whole[grants.name]:
                if grant["expires_at"] == TAKEN_BACK:  # no moment; when it was taken back stands in the audit
                    grant["expires_at"] = grant["at"]
            return whole | {"audit": [tuple(row) for row in connection.execute(told.order_by(audit.c.id))]}

        return await self._database.read(work)

    async def erase(self, guild_id: int, user_id: int, *, actor: Actor, at: int) -> int:
        """See the port."""
        return await erase_member(self._database, guild_id, user_id, actor=actor, at=at)

    async def cards_left(self, guild_id: int, user_id: int) -> int:
        """See the port."""
        return await erased_cards.left(self._database, guild_id, user_id)

    async def claim_cards(self, now: int, *, lease_ms: int, limit: int) -> Sequence[ErasedCard]:
        """See the port."""
        return await erased_cards.claim(self._database, now, lease_ms=lease_ms, limit=limit)

    async def settle_card(self, card: ErasedCard, *, gone: bool) -> None:
        """See the port."""
        await erased_cards.settle(self._database, card, gone=gone)

    # -- ages --------------------------------------------------------------------------------------------

    async def servers_to_forget(self, now: int, *, usual_days: int | None = None) -> Sequence[int | None]:
        """See the port."""
        s = guild_sections.c
        queries: list[Select[Any]] = [select(s.guild_id).where(s.section == "retention_days", _IS_DECIDED)]
        if usual_days is not None:
            old = c.finished_at < now - usual_days * DAY
            queries.append(select(c.guild_id).distinct().where(text(IS_KEPT), old))
        found = [await self._database.read(lambda cn, q=q: cn.execute(q).scalars().all()) for q in queries]  # type: ignore[misc]  # a default binds it
        return list(dict.fromkeys(chain.from_iterable(found)))

    async def forget_prompts(
        self, guild_id: int | None, now: int, *, limit: int, usual_days: int | None = None
    ) -> int:
        """See the port. What moderators decided is read each time: they may do it meanwhile."""
        s = guild_sections.c
        decided = select(s.content).where(s.guild_id == guild_id, s.section == "retention_days", _IS_DECIDED)
        content = await self._database.read(lambda cn: cn.execute(decided).scalar_one_or_none())
        days = usual_days if content is None else _days(content)
        return 0 if days is None else await self._forget(guild_id, now - days * DAY, limit)

    async def _forget(self, guild_id: int | None, before: int, limit: int) -> int:
        """Empty finished jobs of a server that ended before a time. They are found beside the writers."""
        old = select(c.key).where(c.guild_id == guild_id, c.finished_at < before, text(IS_KEPT), _ENDED)
        first = old.order_by(c.finished_at).limit(limit)
        found = await self._database.read(lambda cn: cn.execute(first).scalars().all())
        if not found:
            return 0

        def work(connection: Connection) -> int:
            connection.execute(delete(inputs).where(inputs.c.job_key.in_(found)))
            emptying = update(jobs).where(c.key.in_(found), _ENDED).values(dict(EMPTIED))
            return connection.execute(emptying).rowcount

        return await self._database.write(work)

    async def forget_tokens(self, before: int, *, limit: int) -> int:
        """See the port."""
        dead = select(c.key).where(text(CAN_REPLY), c.token_until < before).limit(limit)
        found = await self._database.read(lambda cn: cn.execute(dead).scalars().all())
        if not found:
            return 0
        clearing = update(jobs).where(c.key.in_(found), c.token_until < before).values(token=None)
        return await self._database.write(lambda cn: cn.execute(clearing).rowcount)

    async def forget_audit(self, before: int, *, limit: int) -> int:
        """See the port."""
        return await self._prune(audit, audit.c.id, audit.c.at < before, limit)

    async def forget_notices(self, before: int, *, limit: int) -> int:
        """See the port."""
        return await self._prune(notices, notices.c.key, notices.c.at < before, limit)

    async def _prune(self, table: Table, column: Column[Any], old: ColumnElement[bool], limit: int) -> int:
        found = await self._database.read(
            lambda cn: cn.execute(select(column).where(old).limit(limit)).scalars().all()
        )
        if not found:
            return 0
        pruning = delete(table).where(column.in_(found), old)
        return await self._database.write(lambda cn: cn.execute(pruning).rowcount)

    async def forget_inputs(self, before: int, *, limit: int) -> int:
        """See the port."""
        taken_along = select(inputs.c.job_key).distinct()
        ended = select(c.key).where(c.key.in_(taken_along), c.finished_at < before, _ENDED).limit(limit)
        found = await self._database.read(lambda cn: cn.execute(ended).scalars().all())
        if not found:
            return 0
        forgetting = delete(inputs).where(inputs.c.job_key.in_(found))
        await self._database.write(lambda cn: cn.execute(forgetting))
        return len(found)

    async def forget_links(self, before: int) -> None:
        """See the port."""
        old = delete(region_links).where(region_links.c.expires_at < before)
        await self._database.write(lambda cn: cn.execute(old))

    # -- servers -----------------------------------------------------------------------------------------

    async def schedule_deletion(self, guild_id: int, at: int | None) -> None:
        """See the port. Nothing is written if nothing was to be deleted: a thousand servers come with each start."""
        scheduled = select(guilds.c.guild_id).where(
            guilds.c.guild_id == guild_id, guilds.c.delete_at.is_not(None)
        )
        if at is None and await self._database.read(lambda cn: cn.execute(scheduled).one_or_none()) is None:
            return

        def work(connection: Connection) -> None:
            ensure(connection, guild_id)
            connection.execute(update(guilds).where(guilds.c.guild_id == guild_id).values(delete_at=at))

        await self._database.write(work)

    async def delete_due(self, now: int) -> Sequence[int]:
        """See the port. A server that still has unfinished jobs waits for their end."""
        due = select(guilds.c.guild_id).where(guilds.c.delete_at <= now)
        found = await self._database.read(lambda cn: cn.execute(due).scalars().all())
        return [guild_id for guild_id in found if await delete_server(self._database, guild_id, now)]

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
            if is_recent(row.at, now, window_ms):
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


def _days(content: str) -> int | None:
    """What a server decided: days, or that all is kept (`KEPT`, here None). Nothing is forgotten where this program cannot read it."""
    return int(content) if content.isdecimal() else None
