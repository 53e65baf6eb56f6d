"""The books: units reserved when a job is accepted, and given back when no picture came.
Never here: who may have how much (that is the domain's `Allowance`) and prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Integer, and_, func, insert, literal, select, text
from sqlalchemy import cast as sql_cast

from bot.errors import UserError
from bot.storage.tables import IS_LIVE, jobs, ledger
from bot.texts import text as sentence

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain.jobs import Job
    from bot.domain.pools import Allowance

DAY_MS: Final = 24 * 3_600_000
RESERVE: Final = "reserve"
REFUND: Final = "refund"


def day_start(at: int) -> int:
    """When the day of an allowance began: midnight UTC. The one place that knows what a day is."""
    return at - at % DAY_MS


def _member(table: Any, job: Job) -> ColumnElement[bool]:
    """Narrow to the same member of the same server, or of direct messages, in the same pool."""
    guild = table.c.guild_id
    guild_id = job.reply.guild_id
    return and_(
        table.c.user_id == job.user_id,
        guild.is_(None) if guild_id is None else guild == guild_id,
        table.c.pool == job.pool.value,
    )


async def check_allowance(connection: AsyncConnection, job: Job, allowance: Allowance) -> None:
    """Refuse, naming the limit, if the job would exceed what its member may have. Must hold the member's lock."""
    at_once = allowance.at_once()
    if allowance.per_day is None and at_once is None:
        return
    since = day_start(job.created_at)
    spent = select(sql_cast(func.coalesce(func.sum(ledger.c.units), 0), Integer)).where(
        _member(ledger, job), ledger.c.spent_at >= since
    )
    unfinished = select(func.count()).select_from(jobs).where(_member(jobs, job), text(IS_LIVE))
    row = (
        await connection.execute(
            select(spent.scalar_subquery().label("spent"), unfinished.scalar_subquery().label("live"))
        )
    ).one()
    if allowance.per_day is not None and row.spent + job.units > allowance.per_day:
        raise UserError(
            sentence(
                "refused.per_day",
                pool=job.pool.value,
                limit=allowance.per_day,
                used=row.spent,
                renews=(since + DAY_MS) // 1_000,
            )
        )
    if at_once is not None and row.live >= at_once:
        raise UserError(sentence("refused.at_once", pool=job.pool.value, limit=at_once))


async def reserve(connection: AsyncConnection, job: Job) -> None:
    """Book the units of a job that was just inserted."""
    await connection.execute(
        insert(ledger),
        {
            "guild_id": job.reply.guild_id,
            "user_id": job.user_id,
            "pool": job.pool.value,
            "job_key": job.key,
            "units": job.units,
            "kind": RESERVE,
            "at": job.created_at,
            "spent_at": job.created_at,
        },
    )


_BOOKED = ledger.alias("booked")
_REFUNDED = ledger.alias("refunded")


async def refund(connection: AsyncConnection, job: Job) -> None:
    """Give back what was reserved, once. The caller's transaction holds the job's row, so nobody else does."""
    columns = ("guild_id", "user_id", "pool", "job_key", "units", "kind", "at", "spent_at")
    given = {"units": -_BOOKED.c.units, "kind": literal(REFUND), "at": literal(job.finished_at)}
    await connection.execute(
        insert(ledger).from_select(
            columns,
            select(*(given.get(name, _BOOKED.c[name]).label(name) for name in columns)).where(
                _BOOKED.c.job_key == job.key,
                _BOOKED.c.kind == RESERVE,
                ~select(_REFUNDED.c.id)
                .where(_REFUNDED.c.job_key == job.key, _REFUNDED.c.kind == REFUND)
                .exists(),
            ),
        )
    )
