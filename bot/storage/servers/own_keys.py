"""Servers' own keys as rows, one a generation: replaced in one step with the audit's line, emptied when nobody needs them.
Never here: a key that can be read (what comes in is sealed), and when any of it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, func, insert, or_, select, text, update

from bot.domain.accounts import OwnAccount
from bot.domain.jobs import LATE_WATCH_MS
from bot.domain.servers.own_keys import OwnKey, SealedKey
from bot.storage.server_tables import own_keys
from bot.storage.servers.settings import ensure, record
from bot.storage.tables import IS_OPEN, IS_QUEUED, IS_WATCHED, jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from bot.domain.servers.guilds import Actor
    from bot.domain.servers.own_keys import KeyVersion
    from bot.storage.database import Database

c = own_keys.c


class SqlKeyStore:
    """The `KeyStore` of bot.domain.servers.own_keys, on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading -----------------------------------------------------------------------------------------

    async def current(self, guild_id: int) -> OwnKey | None:
        """See the port."""
        return await self._database.read(lambda cn: _current(cn, guild_id))

    async def sealed(self, account: OwnAccount) -> str | None:
        """See the port."""
        query = select(c.sealed).where(_is(account))
        return await self._database.read(lambda cn: cn.execute(query).scalar_one_or_none())

    async def every(self) -> Sequence[SealedKey]:
        """See the port."""
        query = select(c.guild_id, c.generation, c.sealed).where(c.sealed.is_not(None))
        return await self._database.read(
            lambda cn: [
                SealedKey(OwnAccount(row.guild_id, row.generation), row.sealed) for row in cn.execute(query)
            ]
        )

    async def in_use(self) -> Sequence[OwnAccount]:
        """See the port."""
        query = select(c.guild_id, c.generation).where(c.retired_at.is_(None)).order_by(c.guild_id)
        return await self._database.read(
            lambda cn: [OwnAccount(row.guild_id, row.generation) for row in cn.execute(query)]
        )

    # -- changing ----------------------------------------------------------------------------------------

    async def replace(
        self, guild_id: int, sealed: str, *, instead_of: OwnAccount | None, actor: Actor, at: int
    ) -> OwnKey | None:
        """See the port."""

        def work(connection: Connection) -> OwnKey | None:
            ensure(connection, guild_id)
            before = _current(connection, guild_id)
            if (None if before is None else before.account) != instead_of:
                return None
            _retire(connection, guild_id, at)
            last = select(func.max(c.generation)).where(c.guild_id == guild_id)
            account = OwnAccount(guild_id, (connection.execute(last).scalar() or 0) + 1)
            connection.execute(
                insert(own_keys).values(
                    guild_id=guild_id,
                    generation=account.generation,
                    sealed=sealed,
                    by_id=actor.user_id,
                    at=at,
                    tested_at=at,
                )
            )
            action = "own_key_set" if before is None else "own_key_replaced"
            record(connection, guild_id, actor=actor, at=at, action=action)
            return OwnKey(account, actor.user_id, at, at)

        return await self._database.write(work)

    async def exchange(self, account: OwnAccount, sealed: str, *, actor: Actor, at: int) -> bool:
        """See the port."""
        change = (
            update(own_keys)
            .where(_is(account), c.retired_at.is_(None))
            .values(sealed=sealed, by_id=actor.user_id, at=at, tested_at=at)
        )

        def work(connection: Connection) -> bool:
            ensure(connection, account.guild_id)
            exchanged = bool(connection.execute(change).rowcount)
            if exchanged:
                record(connection, account.guild_id, actor=actor, at=at, action="own_key_replaced")
            return exchanged

        return await self._database.write(work)

    async def remove(self, seen: KeyVersion, *, actor: Actor, at: int) -> bool:
        """See the port."""
        change = (
            update(own_keys)
            .where(_is(seen.account), c.at == seen.at, c.retired_at.is_(None))
            .values(retired_at=at)
        )

        def work(connection: Connection) -> bool:
            ensure(connection, seen.account.guild_id)
            removed = bool(connection.execute(change).rowcount)
            if removed:
                record(connection, seen.account.guild_id, actor=actor, at=at, action="own_key_removed")
            return removed

        return await self._database.write(work)

    async def mark_tested(self, account: OwnAccount, at: int) -> None:
        """See the port."""
        change = update(own_keys).where(_is(account)).values(tested_at=at)
        await self._database.write(lambda cn: cn.execute(change))

    async def reseal(self, key: SealedKey, sealed: str) -> bool:
        """See the port."""
        change = update(own_keys).where(_is(key.account), c.sealed == key.sealed).values(sealed=sealed)
        return await self._database.write(lambda cn: bool(cn.execute(change).rowcount))

    async def forget_unneeded(self, before: int, now: int) -> int:
        """See the port. A job that timed out counts for as long as it is looked at."""
        old = select(c.guild_id, c.generation).where(c.retired_at < before, c.sealed.is_not(None))

        def work(connection: Connection) -> int:
            accounts = [OwnAccount(row.guild_id, row.generation) for row in connection.execute(old).all()]
            unneeded = [account for account in accounts if not _is_needed(connection, account, now)]
            for account in unneeded:
                connection.execute(update(own_keys).where(_is(account)).values(sealed=None))
            return len(unneeded)

        return await self._database.write(work)


def _is(account: OwnAccount) -> ColumnElement[bool]:
    return and_(c.guild_id == account.guild_id, c.generation == account.generation)


def _current(connection: Connection, guild_id: int) -> OwnKey | None:
    query = select(own_keys).where(c.guild_id == guild_id, c.retired_at.is_(None))
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return OwnKey(OwnAccount(guild_id, row.generation), row.by_id, row.at, row.tested_at)


def _retire(connection: Connection, guild_id: int, at: int) -> None:
    mine = and_(c.guild_id == guild_id, c.retired_at.is_(None))
    connection.execute(update(own_keys).where(mine).values(retired_at=at))


def _is_needed(connection: Connection, account: OwnAccount, now: int) -> bool:
    """Whether a job waits, is on its way to people or is still looked at; three conditions, each with an index of its own."""
    j = jobs.c
    mine = j.account == account.name
    watched = and_(text(IS_WATCHED), j.finished_at > now - LATE_WATCH_MS)
    found = (exists().where(mine, condition) for condition in (text(IS_QUEUED), text(IS_OPEN), watched))
    return bool(connection.execute(select(or_(*found))).scalar_one())
