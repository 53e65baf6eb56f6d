"""The ledger as it is read: what a member and a server have used today, and what was used over days.
Never here: booking (that is `ledger`)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, func, select, text

from bot.domain.costs import Cost
from bot.domain.days import date_of
from bot.domain.pools import Pool
from bot.domain.servers.guilds import PoolTotals, Standing, UsageRow
from bot.storage.jobs import ledger as entries
from bot.storage.periods import ends_of
from bot.storage.tables import IS_QUEUED, IS_UPSTREAM, jobs, ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from bot.domain.days import Day
    from bot.domain.keys import JobKey
    from bot.storage.database import Database

QUARTER_MS: Final = 15 * 60_000
"""Days of every time zone in use begin at a full quarter of an hour, so sums of quarters fall into whole days."""

c = jobs.c


class SqlBookStore:
    """The `BookStore` of bot.domain.servers.guild_ports, on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def standing(
        self, guild_id: int | None, user_id: int, pool: Pool, *, day: Day, now: int, month: Day | None = None
    ) -> Standing:
        """See the port."""

        def work(connection: Connection) -> Standing:
            own = entries.spent(connection, guild_id, user_id, pool.value, day).own
            here = c.guild_id.is_(None) if guild_id is None else c.guild_id == guild_id
            mine = (c.user_id == user_id, here, c.pool == pool.value)
            running, waiting = (
                connection.execute(select(func.count()).where(*mine, text(which))).scalar_one()
                for which in (IS_UPSTREAM, IS_QUEUED)
            )
            if guild_id is None:
                return Standing(spent=own, running=running, waiting=waiting)
            granted = sum(
                draw.units for draw in entries.available(connection, guild_id, user_id, pool.value, now)
            )
            server = _server_spent(connection, guild_id, pool, day)
            monthly = 0
            if month is not None:
                monthly = entries.spent(connection, guild_id, user_id, pool.value, month).own
            return Standing(own, granted, running, waiting, server, monthly)

        return await self._database.read(work)

    async def totals(self, guild_id: int, day: Day) -> Mapping[Pool, PoolTotals]:
        """See the port."""

        def count(connection: Connection, which: str) -> dict[str, int]:
            query = select(c.pool, func.count().label("n")).where(c.guild_id == guild_id, text(which))
            return {row.pool: row.n for row in connection.execute(query.group_by(c.pool))}

        def work(connection: Connection) -> dict[Pool, PoolTotals]:
            running, waiting = count(connection, IS_UPSTREAM), count(connection, IS_QUEUED)
            return {
                pool: PoolTotals(
                    _server_spent(connection, guild_id, pool, day),
                    running.get(pool.value, 0),
                    waiting.get(pool.value, 0),
                )
                for pool in Pool
            }

        return await self._database.read(work)

    async def usage(self, guild_id: int, since: int, until: int, *, zone: str) -> Sequence[UsageRow]:
        """See the port."""
        e = ledger.c
        quarter = (e.spent_at - e.spent_at % QUARTER_MS).label("quarter")
        query = (
            select(
                e.pool,
                e.user_id,
                quarter,
                func.sum(e.units).label("units"),
                *_counted(),
            )
            .where(
                e.guild_id == guild_id,
                e.pool.in_([pool.value for pool in Pool]),
                e.spent_at >= since,
                e.spent_at < until,
            )
            .group_by(e.pool, e.user_id, quarter)
        )
        units: Counter[tuple[date, Pool, int]] = Counter()
        costs: dict[tuple[date, Pool, int], Cost] = {}
        for row in await self._database.read(lambda cn: cn.execute(query).all()):
            key = (date_of(row.quarter, zone), Pool(row.pool), row.user_id)
            units[key] += row.units
            costs[key] = costs.get(key, Cost()) + _cost(row)
        return [
            UsageRow(*key, units[key], costs[key].jobs, costs[key])
            for key in sorted(units)
            if costs[key].jobs or units[key]
        ]

    async def cost_of(self, key: JobKey) -> Cost:
        """See the port."""
        query = select(*_counted()).where(ledger.c.job_key == key)
        return await self._database.read(lambda cn: _cost(cn.execute(query).one()))

    async def costs(self, guild_id: int, day: Day, *, user_id: int | None = None) -> Mapping[Pool, Cost]:
        """See the port."""
        e = ledger.c
        query = select(e.pool, *_counted()).where(
            e.guild_id == guild_id,
            e.pool.in_([pool.value for pool in Pool]),  # in the index the day stands behind the pool
            e.spent_at >= day.start,
            e.spent_at < day.end,
        )
        if user_id is not None:
            query = query.where(e.user_id == user_id)
        rows = await self._database.read(lambda cn: cn.execute(query.group_by(e.pool)).all())
        found = {row.pool: _cost(row) for row in rows}
        return {pool: found.get(pool.value, Cost()) for pool in Pool}


def _counted() -> tuple[ColumnElement[int], ...]:
    """Jobs that were not given back, those of a known price among them, and their credits."""
    e = ledger.c
    one = case((e.kind == entries.RESERVE, 1), (e.kind == entries.REFUND, -1), else_=0)
    return (
        func.coalesce(func.sum(one), 0).label("jobs"),
        func.coalesce(func.sum(case((e.credits.is_(None), 0), else_=one)), 0).label("priced"),
        func.coalesce(func.sum(e.credits), 0).label("credits"),
    )


def _cost(row: Any) -> Cost:
    return Cost(int(row.credits), int(row.priced), int(row.jobs))


def _server_spent(connection: Connection, guild_id: int, pool: Pool, day: Day) -> int:
    asked = {"guild_": guild_id, "pool_": pool.value, **ends_of(day)}
    spent: int = connection.execute(entries.SERVER_SPENT, asked).scalar_one()
    return spent
