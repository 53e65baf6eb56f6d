"""The books: units reserved when a job is accepted, drawn from grants, and given back when no picture came.
Never here: who may have how much (that is the domain's `Allowance`) and prices (that is the job's `units`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from sqlalchemy import and_, bindparam, func, insert, literal, or_, select, text, update

from bot.domain.accounts import is_own
from bot.domain.days import UTC_ZONE, Day, day_of, month_of
from bot.domain.pools import name_rule
from bot.domain.schedule import CLOCKS_DIFFER_MS
from bot.errors import UserError
from bot.storage import tenants
from bot.storage.database import lock
from bot.storage.jobs import decided
from bot.storage.periods import ends_of, within
from bot.storage.prepared import Prepared
from bot.storage.server_tables import draws, grants
from bot.storage.tables import IS_LIVE, jobs, ledger
from bot.texts import text as sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, FromClause, ScalarSelect
    from sqlalchemy.engine import Connection

    from bot.domain.jobs import Job
    from bot.domain.pools import Allowance, Pool, ServerLimits
    from bot.domain.tenancy import Budget
    from bot.texts import Text

RESERVE: Final = "reserve"
REFUND: Final = "refund"
HELP: Final = "help"
HELP_REFUND: Final = "help_refund"
"""The same for questions to a chat model, which are no jobs."""

# The ledger has each job's whole price, reserved and perhaps given back. What grants paid of it is written in `draws`
# beside it, so a day's own allowance is used up by the one less the other.


class Booked(Protocol):
    """What a limit looks at: a job, or whatever else is paid."""

    @property
    def key(self) -> str:
        """Its name in the books."""

    @property
    def home(self) -> int | None:
        """The server."""

    @property
    def user_id(self) -> int:
        """Whose allowance it uses."""

    @property
    def pool(self) -> Pool:
        """Which of the allowances."""

    @property
    def account(self) -> str:
        """Whose key pays."""

    @property
    def units(self) -> int:
        """Its price."""

    @property
    def created_at(self) -> int:
        """When it was asked for."""


class Draw(NamedTuple):
    """What one grant pays of a job."""

    grant_id: int
    units: int


# -- what was spent --------------------------------------------------------------------------------------


def _member(table: FromClause, *, in_a_server: bool = True) -> ColumnElement[bool]:
    guild = table.c.guild_id
    return and_(
        table.c.user_id == bindparam("user_"),
        guild == bindparam("guild_") if in_a_server else guild.is_(None),
        table.c.pool == bindparam("pool_"),
    )


def _sum(column: ColumnElement[int], *where: ColumnElement[bool]) -> ScalarSelect[Any]:
    return select(func.coalesce(func.sum(column), 0)).where(*where).scalar_subquery()


OUTSTANDING: Final = draws.c.returned_at.is_(None)


def _usage(*, in_a_server: bool) -> Prepared:
    """Build the query for what a member spent since a time, what grants paid of it, and how much is unfinished."""
    spent = _sum(ledger.c.units, _member(ledger, in_a_server=in_a_server), within(ledger.c.spent_at))
    live = select(func.count()).select_from(jobs)
    live = live.where(_member(jobs, in_a_server=in_a_server), text(IS_LIVE))
    if not in_a_server:
        return Prepared(select(spent, literal(0), live.scalar_subquery()))
    drawn = _sum(
        draws.c.units,
        draws.c.grant_id == grants.c.id,
        _member(grants),
        within(draws.c.spent_at),
        OUTSTANDING,
    )
    return Prepared(select(spent, drawn, live.scalar_subquery()))


_IN_A_SERVER: Final = _usage(in_a_server=True)
_IN_DIRECT_MESSAGES: Final = _usage(in_a_server=False)
SERVER_SPENT: Final = select(func.coalesce(func.sum(ledger.c.units), 0)).where(
    ledger.c.guild_id == bindparam("guild_"),
    ledger.c.pool == bindparam("pool_"),
    within(ledger.c.spent_at),
)
_BACK: Final = ledger.alias("back")
# Of jobs that brought no picture nobody has to rest: their units, and their place in time, are given back.
_LATEST: Final = select(func.max(ledger.c.spent_at)).where(
    _member(ledger),
    within(ledger.c.spent_at),
    ledger.c.kind == RESERVE,
    ~select(_BACK.c.id).where(_BACK.c.job_key == ledger.c.job_key, _BACK.c.kind == REFUND).exists(),
)
_PAID_BY: Final = (
    select(func.coalesce(func.sum(draws.c.units), 0))
    .where(draws.c.grant_id == grants.c.id, OUTSTANDING)
    .correlate(grants)
    .scalar_subquery()
)
LEFT: Final = (grants.c.units - _PAID_BY).label("left")
UNEXPIRED: Final = or_(grants.c.expires_at.is_(None), grants.c.expires_at > bindparam("now_"))
# The grant that expires first is used first.
_FIRST_TO_EXPIRE: Final = (grants.c.expires_at.is_(None), grants.c.expires_at, grants.c.id)
_AVAILABLE: Final = select(grants.c.id, LEFT).where(_member(grants), UNEXPIRED).order_by(*_FIRST_TO_EXPIRE)


class Short(NamedTuple):
    """How many units a limit lacks for a job; the largest of several is the one that refuses."""

    units: int
    why: str
    limit: int
    used: int
    renews: int

    @classmethod
    def of(cls, why: str, job: Booked, limit: int | None, used: int, period: Day) -> Short:
        """Compare a job's price with what is left of a limit."""
        if limit is None:
            return cls(0, why, 0, used, period.end)
        return cls(max(0, job.units - max(0, limit - used)), why, limit, used, period.end)


class Spent(NamedTuple):
    """What a member has used up."""

    own: int
    """Units of the day's own allowance."""
    live: int
    """Unfinished jobs."""


def spent(connection: Connection, guild_id: int | None, user_id: int, pool: str, day: Day) -> Spent:
    """Read what a member has used up today in one pool of one place."""
    asked = {"user_": user_id, "pool_": pool, **ends_of(day)}
    if guild_id is None:
        found = _IN_DIRECT_MESSAGES.rows(connection, asked)
    else:
        found = _IN_A_SERVER.rows(connection, asked | {"guild_": guild_id})
    ((units, drawn, live),) = found
    return Spent(units - drawn, live)


def available(connection: Connection, guild_id: int, user_id: int, pool: str, now: int) -> Sequence[Draw]:
    """Read what a member's unexpired grants have left, in the order in which they are used."""
    asked = {"user_": user_id, "pool_": pool, "guild_": guild_id, "now_": now}
    return [Draw(row.id, row.left) for row in connection.execute(_AVAILABLE, asked) if row.left > 0]


# -- accepting -------------------------------------------------------------------------------------------


def check(
    connection: Connection,
    job: Booked,
    allowance: Allowance,
    limits: ServerLimits | None,
    budget: Budget | None = None,
) -> Sequence[Draw]:
    """Refuse, naming the limit, if the job would exceed what its member or server may have. Must hold the member's lock.

    Returns what grants pay of it.
    """
    guild_id = job.home
    if limits is not None and guild_id is not None:
        decided.check(connection, guild_id, job.user_id, job.created_at, limits.revision)
    day = day_of(job.created_at, UTC_ZONE if limits is None else limits.zone)
    month = month_of(job.created_at, UTC_ZONE if limits is None else limits.zone)
    drawn = _check_member(connection, job, allowance, day, month)
    if limits is not None and limits.per_day is not None:
        _check_server(connection, job, limits.per_day, day)
    if budget is not None:  # the owner's word comes last, and nobody's rule, price or grant lifts it
        tenants.check(connection, budget, job.created_at)
    elif guild_id is not None and is_own(job.account):
        tenants.check_queue(connection, guild_id)
    return drawn


def _check_member(
    connection: Connection, job: Booked, allowance: Allowance, day: Day, month: Day
) -> Sequence[Draw]:
    at_once = allowance.at_once()
    _check_cooldown(connection, job, allowance)
    if allowance.per_day is None and allowance.per_month is None and at_once is None:
        return ()
    guild_id = job.home
    used = spent(connection, guild_id, job.user_id, job.pool.value, day)
    rule = name_rule(allowance.rule, guild_id)
    drawn: Sequence[Draw] = ()
    short = Short.of("refused.per_day", job, allowance.per_day, used.own, day)
    if allowance.per_month is not None:
        so_far = spent(connection, guild_id, job.user_id, job.pool.value, month).own
        short = max(short, Short.of("refused.per_month", job, allowance.per_month, so_far, month))
    # It neither renews nor helps to wait.
    nothing = sentence("refused.per_nothing", pool=job.pool.value, rule=rule)
    if short.units > 0:
        drawn = _from_grants(connection, job, short.units)
        if not drawn and allowance.gives_nothing():
            raise UserError(nothing)
        if not drawn:
            raise UserError(_why_short(connection, job, allowance, short))
    if at_once == 0:
        raise UserError(nothing)
    if at_once is not None and used.live >= at_once:
        raise UserError(sentence("refused.at_once", pool=job.pool.value, limit=at_once, rule=rule))
    return drawn


def _why_short(connection: Connection, job: Booked, allowance: Allowance, short: Short) -> Text:
    """Say when there is more, or that there never will be: not even a new day, and all that is granted, would pay it."""
    named = {"pool": job.pool.value, "units": job.units, "rule": name_rule(allowance.rule, job.home)}
    least = min(limit for limit in (allowance.per_day, allowance.per_month) if limit is not None)
    beyond = job.units - least
    if beyond > 0 and not _from_grants(connection, job, beyond):
        return sentence("refused.per_job", limit=least, **named)
    return sentence(short.why, limit=short.limit, used=short.used, renews=short.renews // 1_000, **named)


def _check_cooldown(connection: Connection, job: Booked, allowance: Allowance) -> None:
    guild_id = job.home
    if not allowance.cooldown or guild_id is None:
        return
    asked = {"user_": job.user_id, "pool_": job.pool.value, "guild_": guild_id}
    begun = max(0, job.created_at - allowance.cooldown * 1_000)  # a stored rule may hold any number
    lately = Day(begun + 1, job.created_at + CLOCKS_DIFFER_MS + 1)
    latest: int | None = connection.execute(_LATEST, {**asked, **ends_of(lately)}).scalar_one()
    if latest is not None:
        raise UserError(
            sentence(
                "refused.cooldown",
                pool=job.pool.value,
                limit=sentence("amount.seconds", n=allowance.cooldown),
                next=-(-(latest + allowance.cooldown * 1_000) // 1_000),
                rule=name_rule(allowance.rule, guild_id),
            )
        )


def _from_grants(connection: Connection, job: Booked, units: int) -> Sequence[Draw]:
    """Choose grants that together pay so much; nothing if they cannot."""
    guild_id = job.home
    if guild_id is None:
        return ()
    drawn = []
    for grant in available(connection, guild_id, job.user_id, job.pool.value, job.created_at):
        drawn.append(Draw(grant.grant_id, min(grant.units, units)))
        units -= drawn[-1].units
        if units == 0:
            return drawn
    return ()


def _check_server(connection: Connection, job: Booked, per_day: int, day: Day) -> None:
    named: dict[str, Any] = {"pool": job.pool.value, "limit": per_day, "units": job.units}
    if job.units > per_day:
        raise UserError(sentence("refused.server_total_job", **named))
    # The member's lock is held already; whoever holds the server's never waits for a member's.
    lock(connection, f"server/{job.home}/{job.pool}")
    asked = {"guild_": job.home, "pool_": job.pool.value, **ends_of(day)}
    used = connection.execute(SERVER_SPENT, asked).scalar_one()
    if used + job.units > per_day:
        raise UserError(sentence("refused.server_total", used=used, renews=day.end // 1_000, **named))


_BOOK: Final = Prepared(insert(ledger))


def reserve(
    connection: Connection,
    job: Booked,
    drawn: Sequence[Draw],
    budget: Budget | None = None,
    credits_: int | None = None,
    *,
    kind: str = RESERVE,
) -> None:
    """Book the units of a job that was just inserted, what it takes of the owner's budget, and its credits if known."""
    cost = 0 if budget is None else budget.cost
    tenants.book(connection, job.home, job.account, cost, job.created_at)
    _BOOK.write(
        connection,
        {
            "guild_id": job.home,
            "user_id": job.user_id,
            "pool": job.pool.value,
            "job_key": job.key,
            "units": job.units,
            "kind": kind,
            "at": job.created_at,
            "spent_at": job.created_at,
            "budget": cost,
            "credits": credits_,
        },
    )
    if drawn:
        rows = [
            {"grant_id": d.grant_id, "job_key": job.key, "units": d.units, "spent_at": job.created_at}
            for d in drawn
        ]
        connection.execute(insert(draws), rows)


# -- giving back -----------------------------------------------------------------------------------------

_BOOKED = ledger.alias("booked")
_REFUNDED = ledger.alias("refunded")


def refund(connection: Connection, job: Job) -> None:
    """Give back what was reserved, once. The caller's transaction holds the job's row, so nobody else does."""
    give_back(connection, job, job.finished_at)


def give_back(
    connection: Connection, job: Booked, at: int | None, *, kind: str = RESERVE, back: str = REFUND
) -> None:
    """Give back what was reserved under a kind, once."""
    if _returned(connection, job.key, at, kind=kind, back=back, owners=True):
        query = select(_BOOKED).where(_BOOKED.c.job_key == job.key, _BOOKED.c.kind == kind)
        booked = connection.execute(query).one()
        tenants.book(connection, booked.guild_id, job.account, -booked.budget, booked.spent_at)


def waive(connection: Connection, key: str, at: int, *, kind: str, back: str) -> None:
    """Give a member their units back, once, and leave to the owner's count what may have been paid."""
    _returned(connection, key, at, kind=kind, back=back, owners=False)


def _returned(
    connection: Connection, key: str, at: int | None, *, kind: str, back: str, owners: bool
) -> bool:
    """Write the entry that gives it back, the owner's part or without it; False: there was none, or it is back."""
    same = ("guild_id", "user_id", "pool", "job_key", "spent_at")
    given = {
        "units": -_BOOKED.c.units,
        "kind": literal(back),
        "at": literal(at),
        "budget": -_BOOKED.c.budget if owners else literal(0),
        "credits": -_BOOKED.c.credits if owners else literal(0),
    }
    columns = (*same, *given)
    returned = connection.execute(
        insert(ledger).from_select(
            columns,
            select(*(given.get(name, _BOOKED.c[name]).label(name) for name in columns)).where(
                _BOOKED.c.job_key == key,
                _BOOKED.c.kind == kind,
                ~select(_REFUNDED.c.id).where(_REFUNDED.c.job_key == key, _REFUNDED.c.kind == back).exists(),
            ),
        )
    )
    connection.execute(update(draws).where(draws.c.job_key == key, OUTSTANDING).values(returned_at=at))
    return returned.rowcount > 0
