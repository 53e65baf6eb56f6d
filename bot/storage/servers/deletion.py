"""Deleting a server's data in steps: each a short transaction, so that nobody else's write waits long for it.
Never here: when a server's time has come, and who decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, select, text

from bot.storage.database import lock
from bot.storage.people_tables import copies, drafts, favourites, open_answers, region_links
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
from bot.storage.tables import IS_LIVE, actions, deliveries, inputs, jobs, ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Column, Table
    from sqlalchemy.engine import Connection

    from bot.storage.database import Database

STEP: Final = 20
"""Rows of one table deleted in one transaction; a job's row takes some ten others along."""
PAGE: Final = 5_000
"""Keys read at once, beside the writers: one look through the jobs serves many steps."""
_OF_JOBS: Final = (actions, deliveries, inputs, favourites, copies)
_IN_STEPS: Final[Sequence[tuple[Table, Column[Any]]]] = (
    (ledger, ledger.c.id),
    (audit, audit.c.id),
    (strikes, strikes.c.id),
    (grants, grants.c.id),
    (blocks, blocks.c.user_id),
    (notices, notices.c.key),
    (drafts, drafts.c.key),
    (region_links, region_links.c.digest),
    (open_answers, open_answers.c.interaction_id),
)
_LAST: Final = (own_keys, guild_sections, guilds)


async def delete_server(database: Database, guild_id: int, now: int) -> bool:
    """Delete everything of a server; False if its time has not come, or a job of it still runs, or it came back meanwhile."""
    of_server = select(jobs.c.key).where(jobs.c.guild_id == guild_id).limit(PAGE)
    while keys := await database.read(lambda cn: cn.execute(of_server).scalars().all()):
        for start in range(0, len(keys), STEP):
            some = keys[start : start + STEP]
            if not await database.write(lambda cn, some=some: _jobs(cn, guild_id, now, some)):  # type: ignore[misc]  # a default binds it
                return False
    for table, column in _IN_STEPS:
        part = select(column).where(table.c.guild_id == guild_id).limit(STEP)
        while found := await database.read(lambda cn, part=part: cn.execute(part).scalars().all()):  # type: ignore[misc]  # as above
            if not await database.write(
                lambda cn, table=table, column=column, found=found: _rows(  # type: ignore[misc]  # as above
                    cn, guild_id, now, table, column, found
                )
            ):
                return False
    return await database.write(lambda cn: _last(cn, guild_id, now))


def _may(connection: Connection, guild_id: int, now: int) -> bool:
    lock(connection, f"guild/{guild_id}")
    due = select(guilds.c.guild_id).where(guilds.c.guild_id == guild_id, guilds.c.delete_at <= now)
    live = select(func.count()).where(jobs.c.guild_id == guild_id, text(IS_LIVE))
    return connection.execute(due).one_or_none() is not None and not connection.execute(live).scalar_one()


def _jobs(connection: Connection, guild_id: int, now: int, keys: Sequence[str]) -> bool:
    if not _may(connection, guild_id, now):
        return False
    for table in _OF_JOBS:
        connection.execute(delete(table).where(table.c.job_key.in_(keys)))
    connection.execute(delete(jobs).where(jobs.c.key.in_(keys)))
    return True


def _rows(
    connection: Connection,
    guild_id: int,
    now: int,
    table: Table,
    column: Column[Any],
    found: Sequence[Any],
) -> bool:
    if not _may(connection, guild_id, now):
        return False
    if table is grants:
        connection.execute(delete(draws).where(draws.c.grant_id.in_(found)))
    connection.execute(delete(table).where(table.c.guild_id == guild_id, column.in_(found)))
    return True


def _last(connection: Connection, guild_id: int, now: int) -> bool:
    if not _may(connection, guild_id, now):
        return False
    for table in _LAST:
        connection.execute(delete(table).where(table.c.guild_id == guild_id))
    return True
