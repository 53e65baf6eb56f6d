"""Erasing what a member wrote, in short steps, and following the words to where others' presses carried them.
Never here: who asks for it, and messages that stand in Discord."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, or_, select, text, update

from bot.domain.jobs import TERMINAL, JobState
from bot.storage.people_tables import drafts, favourites, region_links
from bot.storage.server_tables import grants, strikes
from bot.storage.servers import standing
from bot.storage.servers.settings import record
from bot.storage.tables import EMPTIED, ERASED, FORGOTTEN, IS_KEPT, IS_LIVE, inputs, jobs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

    from bot.domain.guilds import Actor
    from bot.storage.database import Database

STEP: Final = 20
"""Jobs emptied in one transaction."""
c = jobs.c
_ENDED: Final = c.state.in_([state.value for state in JobState if state in TERMINAL])


async def erase_member(database: Database, guild_id: int, user_id: int, *, actor: Actor, at: int) -> int:
    """Erase it; returns how many of the member's own jobs were emptied, with an audit line that says so."""
    mine = and_(c.guild_id == guild_id, c.user_id == user_id)
    left = or_(text(IS_KEPT), c.user_name != ERASED, c.discord_url.is_not(None), c.storage_key.is_not(None))
    own = select(c.key).where(mine)
    to_empty = own.where(_ENDED, left)
    keys = await database.read(lambda cn: cn.execute(to_empty).scalars().all())
    # Those that were emptied before are followed, too: what others made of them may have run at that time.
    heirs = await _heirs(database, await database.read(lambda cn: cn.execute(own).scalars().all()), user_id)
    emptied = 0
    for some in _steps(keys):
        emptied += await database.write(lambda cn, some=some: _empty(cn, some, FORGOTTEN))  # type: ignore[misc]  # a default binds it
    for some in _steps(heirs):
        await database.write(lambda cn, some=some: _empty(cn, some, EMPTIED))  # type: ignore[misc]  # as above
    # Even of those that were emptied before: their cards may not have been reached at that time.
    for keys, own_cards in (
        (await database.read(lambda cn: cn.execute(own).scalars().all()), True),
        (heirs, False),
    ):
        for some in _steps(keys):
            await database.write(
                lambda cn, some=some, own_cards=own_cards: standing.note(  # type: ignore[misc]  # as above
                    cn, guild_id, some, own=own_cards, at=at
                )
            )

    def rest(connection: Connection) -> None:
        # What upstream still works on is found by its prompt: it is emptied when it ends (see `steps`).
        unwanted = update(jobs).where(mine, text(IS_LIVE), c.unwanted.is_(True)).values(user_name=ERASED)
        connection.execute(unwanted)
        for table, column in ((strikes, "why"), (grants, "reason")):
            row = and_(table.c.guild_id == guild_id, table.c.user_id == user_id)
            connection.execute(update(table).where(row).values({column: ""}))
        for table in (favourites, drafts, region_links):
            connection.execute(delete(table).where(table.c.guild_id == guild_id, table.c.user_id == user_id))
        after = {"jobs": emptied, "others": len(heirs)} if heirs else {"jobs": emptied}
        record(connection, guild_id, actor=actor, at=at, action="erase", subject=user_id, after=after)

    await database.write(rest)
    return emptied


async def _heirs(database: Database, keys: Sequence[str], user_id: int) -> list[str]:
    """Ended jobs of others that carry the same words on: children of these jobs, and what was remixed from them."""
    found: dict[str, bool] = {}
    todo = list(keys)
    seen = set(keys)
    while todo:
        some, todo = todo[:STEP], todo[STEP:]
        made = select(c.key, c.user_id, _ENDED.label("ended"), c.prompt, c.subject).where(
            or_(c.parent.in_(some), c.ancestor.in_(some))
        )
        for row in await database.read(lambda cn, made=made: cn.execute(made).all()):  # type: ignore[misc]  # as above
            if row.key in seen:
                continue
            seen.add(row.key)
            todo.append(row.key)
            if row.user_id != user_id and row.ended and (row.prompt or row.subject is not None):
                found[row.key] = True
    return list(found)


def _empty(connection: Connection, keys: Sequence[str], values: Mapping[str, object]) -> int:
    connection.execute(delete(inputs).where(inputs.c.job_key.in_(keys)))
    return connection.execute(update(jobs).where(c.key.in_(keys), _ENDED).values(dict(values))).rowcount


def _steps(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[start : start + STEP] for start in range(0, len(keys), STEP)]
