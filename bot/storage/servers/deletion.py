"""Deleting a server's data in steps: each a short transaction, so that nobody else's write waits long for it.
Never here: when a server's time has come, and who decides it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, exists, select, text

from bot.storage.database import lock
from bot.storage.pace import Pace
from bot.storage.people_tables import drafts, open_answers, region_links
from bot.storage.server_tables import (
    audit,
    blocks,
    grants,
    guild_sections,
    guilds,
    notices,
    own_keys,
    standing_cards,
    strikes,
)
from bot.storage.tables import IS_LIVE, jobs, ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Column, ColumnElement, Table
    from sqlalchemy.engine import Connection

    from bot.storage.database import Database

STEP: Final = 10
"""Rows of one table deleted in one transaction, at most at first; a job's row takes some ten others along."""
MOST: Final = 50
"""To how many that grows for rows that take nothing along."""
PAGE: Final = 5_000
"""Keys read at once, beside the writers: one look through the jobs serves many steps."""
_IN_STEPS: Final[Sequence[tuple[Table, Column[Any]]]] = (
    (ledger, ledger.c.id),
    (audit, audit.c.id),
    (strikes, strikes.c.id),
    (grants, grants.c.id),
    (blocks, blocks.c.user_id),
    (notices, notices.c.key),
    (standing_cards, standing_cards.c.message_id),
    (drafts, drafts.c.key),
    (region_links, region_links.c.digest),
    (open_answers, open_answers.c.interaction_id),
)
LONGEST_S: Final = 300.0
"""After this it is gone on with another time: other housekeeping waits for it."""
_LAST: Final = (own_keys, guild_sections, guilds)


async def delete_server(database: Database, guild_id: int, now: int) -> bool:
    """Delete everything of a server; False if its time has not come, a job of it still runs, it came back meanwhile, or
    not all was done in some minutes: then the next call goes on."""
    until = time.monotonic() + LONGEST_S
    of_server = select(jobs.c.key).where(jobs.c.guild_id == guild_id).limit(PAGE)
    pace = Pace(database, STEP)
    while keys := list(await database.read(lambda cn: cn.execute(of_server).scalars().all())):
        while keys:
            some, keys = keys[: pace.size], keys[pace.size :]
            done = await pace.write(lambda cn, some=some: _jobs(cn, guild_id, now, some))  # type: ignore[misc]  # a default binds it
            if not done or time.monotonic() > until:
                return False
    for table, column in _IN_STEPS:
        if not await _table(database, guild_id, now, table, column, until):
            return False
    return await database.write(lambda cn: _last(cn, guild_id, now))


async def _table(
    database: Database, guild_id: int, now: int, table: Table, column: Column[Any], until: float
) -> bool:
    pace = Pace(database, STEP, most=MOST)
    of_server = select(column).where(table.c.guild_id == guild_id)

    def some(connection: Connection) -> Sequence[Any]:
        return connection.execute(of_server.limit(pace.size)).scalars().all()

    def step(connection: Connection) -> bool:
        return _rows(connection, guild_id, now, table, column, found)

    while found := await database.read(some):
        if not await pace.write(step) or time.monotonic() > until:
            return False
    return True


# Each transaction is one statement on SQLite, its permission among its conditions and what hangs on the rows deleted by
# the foreign keys: between statements the lock is held for nothing, and on a busy machine that is most of the time.


def _may(guild_id: int, now: int) -> ColumnElement[bool]:
    due = exists().where(guilds.c.guild_id == guild_id, guilds.c.delete_at <= now)
    live = select(jobs.c.key).where(jobs.c.guild_id == guild_id, text(IS_LIVE)).correlate(None)
    return and_(due.correlate(None), ~live.exists())


def _delete(
    connection: Connection, guild_id: int, now: int, table: Table, found: ColumnElement[bool]
) -> bool:
    """Delete rows and what hangs on them; False if it may not be."""
    lock(connection, f"guild/{guild_id}")
    may = _may(guild_id, now)
    if connection.execute(delete(table).where(found, may)).rowcount:
        return True
    return bool(connection.execute(select(may)).scalar_one())  # somebody else deleted them


def _jobs(connection: Connection, guild_id: int, now: int, keys: Sequence[str]) -> bool:
    return _delete(connection, guild_id, now, jobs, jobs.c.key.in_(keys))


def _rows(
    connection: Connection, guild_id: int, now: int, table: Table, column: Column[Any], found: Sequence[Any]
) -> bool:
    return _delete(connection, guild_id, now, table, and_(table.c.guild_id == guild_id, column.in_(found)))


def _last(connection: Connection, guild_id: int, now: int) -> bool:
    lock(connection, f"guild/{guild_id}")
    if not connection.execute(select(_may(guild_id, now))).scalar_one():
        return False
    for table in _LAST:
        connection.execute(delete(table).where(table.c.guild_id == guild_id))
    return True
