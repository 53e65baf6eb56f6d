"""Erasing what a member wrote, in short steps, and following the words to where others' presses carried them.
Never here: who asks for it, and messages that stand in Discord."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, or_, select, update

from bot.storage.jobs import erased
from bot.storage.pace import Pace
from bot.storage.people_tables import drafts, favourites, region_links
from bot.storage.server_tables import grants, strikes
from bot.storage.servers.settings import record
from bot.storage.tables import OWN, WORDS, jobs

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.engine import Connection

    from bot.domain.servers.guilds import Actor
    from bot.storage.database import Database

STEP: Final = 20
"""Jobs emptied in one transaction, at most."""
c = jobs.c
_EMPTY: Final = and_(
    erased.ENDED, c.erased == OWN, c.prompt == "", c.discord_url.is_(None), c.storage_key.is_(None)
)
"""Nothing is left to be erased of it; or so it was when somebody looked."""


async def erase_member(database: Database, guild_id: int, user_id: int, *, actor: Actor, at: int) -> int:
    """Erase it; returns how many of the member's own jobs were emptied, with an audit line that says so.

    What still runs, theirs or an heir's, is found upstream by its prompt: it is marked, and emptied as it ends.
    """
    own = select(c.key, _EMPTY.label("empty")).where(c.guild_id == guild_id, c.user_id == user_id)
    rows = await database.read(lambda cn: cn.execute(own).all())
    mine = [row.key for row in rows]
    full = frozenset(row.key for row in rows if not row.empty)
    # Those that were emptied before are followed, too: what others made of them may have come since.
    heirs = await _heirs(database, mine, user_id)
    emptied, pace = 0, Pace(database, STEP)
    for keys, whose in ((mine, OWN), (heirs, WORDS)):
        rest_of = list(keys)
        while rest_of:
            some, rest_of = rest_of[: pace.size], rest_of[pace.size :]

            def step(connection: Connection, some: Sequence[str] = some, whose: str = whose) -> int:
                unseen = [key for key in some if whose == WORDS or key in full]
                done = erased.mark(connection, unseen, whose)
                # Even of those that were emptied before: their cards may not have been reached at that time.
                erased.note(connection, guild_id, some, own=whose == OWN, at=at)
                return done

            done = await pace.write(step)
            emptied += done if whose == OWN else 0

    def others(connection: Connection) -> None:
        for table, column in ((strikes, "why"), (grants, "reason")):
            row = and_(table.c.guild_id == guild_id, table.c.user_id == user_id)
            connection.execute(update(table).where(row).values({column: ""}))
        for table in (favourites, drafts, region_links):
            connection.execute(delete(table).where(table.c.guild_id == guild_id, table.c.user_id == user_id))
        _forget_drafts(connection, {*mine, *heirs})
        after = {"jobs": emptied, "others": len(heirs)} if heirs else {"jobs": emptied}
        record(connection, guild_id, actor=actor, at=at, action="erase", subject=user_id, after=after)

    await database.write(others)
    return emptied


def _forget_drafts(connection: Connection, origins: Collection[str]) -> None:
    """Delete what others were given back that was made from these jobs. Of drafts there are a quarter of an hour's."""
    kept = select(drafts.c.key, drafts.c.ancestor).where(drafts.c.ancestor.is_not(None))
    gone = [row.key for row in connection.execute(kept) if row.ancestor in origins]
    if gone:
        connection.execute(delete(drafts).where(drafts.c.key.in_(gone)))


async def _heirs(database: Database, keys: Sequence[str], user_id: int) -> list[str]:
    """Jobs of others that carry the same words on: children of these jobs, and what was remixed from them."""
    found: dict[str, bool] = {}
    todo = list(keys)
    seen = set(keys)
    while todo:
        some, todo = todo[:STEP], todo[STEP:]
        made = select(c.key, c.user_id, c.prompt, c.subject).where(
            or_(c.parent.in_(some), c.ancestor.in_(some))
        )
        for row in await database.read(lambda cn, made=made: cn.execute(made).all()):  # type: ignore[misc]  # a default binds it
            if row.key in seen:
                continue
            seen.add(row.key)
            todo.append(row.key)
            if row.user_id != user_id and (row.prompt or row.subject is not None):
                found[row.key] = True
    return list(found)
