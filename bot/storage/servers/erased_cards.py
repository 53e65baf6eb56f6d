"""Messages in Discord with words of erased members, as rows that were noted: claimed, and settled.
Never here: deleting messages, and which are noted (that is `bot.storage.jobs.erased`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from bot.domain.keys import JobKey
from bot.domain.servers.guilds import ErasedCard
from bot.storage.server_tables import standing_cards
from bot.storage.tables import OWN, deliveries, is_due, jobs

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from bot.storage.database import Database

c, d, s = jobs.c, deliveries.c, standing_cards.c


async def claim(database: Database, now: int, *, lease_ms: int, limit: int) -> list[ErasedCard]:
    """Take what is due, for a while."""
    due_now = is_due(s.due_at, now, lease_ms=lease_ms)
    due = select(s.message_id).where(due_now).order_by(s.due_at).limit(limit)
    found = await database.read(lambda cn: cn.execute(due).scalars().all())
    if not found:
        return []

    def take(connection: Connection) -> list[ErasedCard]:
        # Whoever comes second finds the time moved on, and takes nothing.
        taken = (
            update(standing_cards)
            .where(s.message_id.in_(found), due_now)
            .values(due_at=now + lease_ms, tries=s.tries + 1)
            .returning(s.message_id, s.channel_id, s.guild_id, s.job_key, s.own, s.tries)
        )
        return [
            ErasedCard(row[0], row[1], row[2], JobKey(row[3]), bool(row[4]), row[5])
            for row in connection.execute(taken)
        ]

    return await database.write(take)


async def settle(database: Database, card: ErasedCard, *, gone: bool) -> None:
    """Forget the row; of a card that is gone nobody knows a place any more, and one that stands stays counted."""

    def work(connection: Connection) -> None:
        connection.execute(delete(standing_cards).where(s.message_id == card.message_id))
        if gone and card.own:
            mine = c.key == card.job_key, c.message_id == card.message_id
            connection.execute(update(jobs).where(*mine).values(message_id=None))
            connection.execute(
                update(deliveries)
                .where(d.job_key == card.job_key, d.message_id == card.message_id)
                .values(message_id=None)
            )

    await database.write(work)


async def left(database: Database, guild_id: int, user_id: int) -> int:
    """How many messages of an erased member still stand in Discord: they wait to be deleted, or could not be."""
    of_member = select(c.key).where(c.guild_id == guild_id, c.user_id == user_id, c.erased == OWN)
    cards = select(c.message_id).where(c.key.in_(of_member), c.message_id.is_not(None))
    shown = select(d.message_id).where(d.job_key.in_(of_member), d.message_id.is_not(None))
    query = select(func.count()).select_from(cards.union(shown).subquery())
    return await database.read(lambda cn: cn.execute(query).scalar_one())
