"""The books: units reserved when a job is accepted, and given back when no picture came.
Never here: who may have how much (that is the domain's `Allowance`) and prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, func, insert, literal, select, text

from bot.errors import UserError
from bot.storage.tables import IS_LIVE, jobs, ledger
from bot.texts import text as sentence

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, FromClause, Select
    from sqlalchemy.engine import Connection

    from bot.domain.jobs import Job
    from bot.domain.pools import Allowance

DAY_MS: Final = 24 * 3_600_000
RESERVE: Final = "reserve"
REFUND: Final = "refund"


def day_start(at: int) -> int:
    """When the day of an allowance began: midnight UTC. The one place that knows what a day is."""
    return at - at % DAY_MS


def _usage(*, in_a_server: bool) -> Select[Any]:
    """Build the query for what a member spent since a time and has unfinished, in one pool of one place."""

    def member(table: FromClause) -> ColumnElement[bool]:
        guild = table.c.guild_id
        return and_(
            table.c.user_id == bindparam("user_"),
            guild == bindparam("guild_") if in_a_server else guild.is_(None),
            table.c.pool == bindparam("pool_"),
        )

    spent = select(func.coalesce(func.sum(ledger.c.units), 0)).where(
        member(ledger), ledger.c.spent_at >= bindparam("since_")
    )
    live = select(func.count()).select_from(jobs).where(member(jobs), text(IS_LIVE))
    return select(spent.scalar_subquery().label("spent"), live.scalar_subquery().label("live"))


_IN_A_SERVER: Final = _usage(in_a_server=True)
_IN_DIRECT_MESSAGES: Final = _usage(in_a_server=False)


def check_allowance(connection: Connection, job: Job, allowance: Allowance) -> None:
    """Refuse, naming the limit, if the job would exceed what its member may have. Must hold the member's lock."""
    at_once = allowance.at_once()
    if allowance.per_day is None and at_once is None:
        return
    since = day_start(job.created_at)
    asked = {"user_": job.user_id, "pool_": job.pool.value, "since_": since}
    guild_id = job.reply.guild_id
    if guild_id is None:
        row = connection.execute(_IN_DIRECT_MESSAGES, asked).one()
    else:
        row = connection.execute(_IN_A_SERVER, asked | {"guild_": guild_id}).one()
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


def reserve(connection: Connection, job: Job) -> None:
    """Book the units of a job that was just inserted."""
    connection.execute(
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


def refund(connection: Connection, job: Job) -> None:
    """Give back what was reserved, once. The caller's transaction holds the job's row, so nobody else does."""
    columns = ("guild_id", "user_id", "pool", "job_key", "units", "kind", "at", "spent_at")
    given = {"units": -_BOOKED.c.units, "kind": literal(REFUND), "at": literal(job.finished_at)}
    connection.execute(
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
