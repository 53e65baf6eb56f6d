"""Messages in Discord with words of erased members, as rows: noted with the erasing, claimed, settled.
Never here: deleting messages, and what is erased in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, select, update

from bot.domain.guilds import StandingCard
from bot.domain.keys import JobKey
from bot.storage.server_tables import standing_cards
from bot.storage.tables import ERASED, deliveries, jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from bot.storage.database import Database

PATIENCE_MS: Final = 60_000
"""Until a card that is being written at this moment stands."""
c, d, s = jobs.c, deliveries.c, standing_cards.c


def note(connection: Connection, guild_id: int, keys: Sequence[str], *, own: bool, at: int) -> None:
    """Note the cards of these jobs, and where they were shown besides; those noted before stay as they are."""
    cards = select(c.message_id, c.channel_id, c.key).where(c.key.in_(keys), c.message_id.is_not(None))
    shown = select(d.message_id, d.channel_id, d.job_key).where(
        d.job_key.in_(keys), d.message_id.is_not(None)
    )
    found = {row[0]: row for query in (cards, shown) for row in connection.execute(query)}
    known = set(connection.execute(select(s.message_id).where(s.message_id.in_(found))).scalars())
    fresh = [
        {
            "message_id": message_id,
            "channel_id": channel_id,
            "guild_id": guild_id,
            "job_key": key,
            "own": own,
            "due_at": at + PATIENCE_MS,
            "tries": 0,
        }
        for message_id, channel_id, key in found.values()
        if message_id not in known
    ]
    if fresh:
        connection.execute(insert(standing_cards), fresh)


async def claim(database: Database, now: int, *, lease_ms: int, limit: int) -> list[StandingCard]:
    """Take what is due, for a while."""
    due = select(s.message_id).where(s.due_at <= now).order_by(s.due_at).limit(limit)
    found = await database.read(lambda cn: cn.execute(due).scalars().all())
    if not found:
        return []

    def take(connection: Connection) -> list[StandingCard]:
        # Whoever comes second finds the time moved on, and takes nothing.
        taken = (
            update(standing_cards)
            .where(s.message_id.in_(found), s.due_at <= now)
            .values(due_at=now + lease_ms, tries=s.tries + 1)
            .returning(s.message_id, s.channel_id, s.guild_id, s.job_key, s.own, s.tries)
        )
        return [
            StandingCard(row[0], row[1], row[2], JobKey(row[3]), bool(row[4]), row[5])
            for row in connection.execute(taken)
        ]

    return await database.write(take)


async def settle(database: Database, card: StandingCard, *, gone: bool) -> None:
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
    of_member = select(c.key).where(c.guild_id == guild_id, c.user_id == user_id, c.user_name == ERASED)
    cards = select(c.message_id).where(c.key.in_(of_member), c.message_id.is_not(None))
    shown = select(d.message_id).where(d.job_key.in_(of_member), d.message_id.is_not(None))
    query = select(func.count()).select_from(cards.union(shown).subquery())
    return await database.read(lambda cn: cn.execute(query).scalar_one())
