"""Servers as the owner sees them, and what each drew on the owner's accounts: checked, booked, given back.
Never here: members' allowances and moderators' prices (that is `ledger`), and who is an owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    Table,
    Text,
    bindparam,
    func,
    insert,
    literal,
    select,
    text,
    update,
)

from bot.domain.days import day_of, month_of
from bot.domain.tenancy import OWN_KEY_WAITING, Ceiling, KnownServer, Used, parse_ceiling
from bot.errors import UserError
from bot.storage.database import lock, plain
from bot.storage.periods import ends_of, within
from bot.storage.prepared import Prepared
from bot.storage.tables import IS_QUEUED, IS_UPSTREAM, jobs, metadata
from bot.texts import text as sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from bot.domain.days import Day
    from bot.domain.tenancy import Budget
    from bot.storage.database import Database

CLAIMS: Final = ("greeted_at", "asked_at")
IS_OWNERS: Final = "account NOT LIKE 'guild:%'"
"""It draws on an account of the owner's, not on one behind a server's own key."""


class Refused(NamedTuple):
    """Ids of the sentences with which a ceiling refuses."""

    per_day: str
    per_month: str
    per_job: str
    """One alone is more than a whole day or month has, so that waiting does not help."""
    waiting: str


OF_SERVER: Final = Refused(
    "refused.ceiling_day", "refused.ceiling_month", "refused.ceiling_job", "refused.ceiling_waiting"
)
OF_ACCOUNT: Final = Refused(
    "refused.owner_ceiling_day",
    "refused.owner_ceiling_month",
    "refused.owner_ceiling_job",
    "refused.owner_ceiling_waiting",
)

tenants = Table(
    "tenants",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("owner_id", BigInteger),
    Column("ours", Boolean, nullable=False),
    Column("left_at", BigInteger),
    Column("greeted_at", BigInteger),
    Column("asked_at", BigInteger),
    Column("let_in_at", BigInteger),
    Column("let_in_by", BigInteger),
    Column("shut_at", BigInteger),
    Column("ceiling", Text),
)

# What was drawn on the owner's accounts, a row a day (of UTC, by its first millisecond) for each server and account.
# Apart from the ledger on purpose: it outlives a server's data, so that going and coming back renews no budget.
budgets = Table(
    "budgets",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("units", Integer, nullable=False),
)

t, b = tenants.c, budgets.c
_CEILINGS: Final = select(tenants).where(
    t.guild_id.in_(bindparam("known_", expanding=True)), t.ceiling.is_not(None) | t.ours.is_(True)
)


class SqlTenantStore:
    """The `TenantStore` of bot.domain.tenancy, on SQLite and PostgreSQL."""

    def __init__(self, database: Database, call_lanes: Callable[[Connection, int], None]) -> None:
        """`call_lanes` has the lanes looked at in which a server's jobs wait."""
        self._database, self._call_lanes = database, call_lanes

    async def find(self, guild_id: int) -> KnownServer | None:
        """See the port."""
        return await self._database.read(lambda cn: _find(cn, guild_id))

    async def every(self) -> Sequence[KnownServer]:
        """See the port."""
        query = select(tenants).order_by(t.name, t.guild_id)
        return await self._database.read(lambda cn: [_read(row) for row in cn.execute(query)])

    async def note(self, guild_id: int, *, name: str, owner_id: int | None, ours: bool) -> KnownServer:
        """See the port. Nothing is written if nothing has changed: a thousand servers come with each start."""
        known = await self.find(guild_id)
        seen = (plain(name), owner_id, ours, None)
        if known is not None and (known.name, known.owner_id, known.ours, known.left_at) == seen:
            return known
        return await self._change(guild_id, name=plain(name), owner_id=owner_id, ours=ours, left_at=None)

    async def joined(self, guild_id: int) -> None:
        """See the port."""
        known = await self.find(guild_id)
        if known is None or known.left_at is not None:
            await self._change(guild_id, left_at=None)

    async def left(self, guild_id: int, at: int) -> None:
        """See the port. Back again it is greeted again; the owner is asked once."""
        await self._change(guild_id, left_at=at, greeted_at=None)

    async def claim(self, guild_id: int, what: str, at: int) -> bool:
        """See the port."""
        column = t[_claim(what)]
        change = update(tenants).where(t.guild_id == guild_id, column.is_(None)).values({column: at})
        return await self._database.write(lambda cn: bool(cn.execute(change).rowcount))

    async def let_in(self, guild_id: int, *, by: int | None, at: int) -> KnownServer:
        """See the port."""
        return await self._change(guild_id, let_in_at=at, let_in_by=by, shut_at=None)

    async def shut_out(self, guild_id: int, *, at: int) -> KnownServer:
        """See the port."""
        return await self._change(guild_id, let_in_at=None, let_in_by=None, shut_at=at)

    async def set_ceiling(self, guild_id: int, ceiling: Ceiling | None) -> KnownServer:
        """See the port."""

        def work(connection: Connection) -> KnownServer:
            self._call_lanes(connection, guild_id)  # those of its jobs that wait may have places now
            return _changed(connection, guild_id, ceiling=None if ceiling is None else str(ceiling))

        return await self._database.write(work)

    async def used(self, now: int, guild_ids: Sequence[int]) -> Mapping[int, Used]:
        """See the port."""

        def work(connection: Connection) -> dict[int, Used]:
            return {guild_id: _used(connection, guild_id, now) for guild_id in guild_ids}

        return await self._database.read(work)

    async def _change(self, guild_id: int, **values: Any) -> KnownServer:
        return await self._database.write(lambda cn: _changed(cn, guild_id, **values))


def _changed(connection: Connection, guild_id: int, **values: Any) -> KnownServer:
    lock(connection, f"tenant/{guild_id}")
    mine = update(tenants).where(t.guild_id == guild_id)
    if not connection.execute(mine.values(values)).rowcount:
        connection.execute(
            insert(tenants).values({"guild_id": guild_id, "name": "", "ours": False, **values})
        )
    return _read(connection.execute(select(tenants).where(t.guild_id == guild_id)).one())


def _claim(what: str) -> str:
    if what not in CLAIMS:
        raise ValueError(what)
    return what


_COLUMNS: Final = tenants.c.keys()
_ONE: Final = Prepared(select(tenants).where(t.guild_id == bindparam("guild_")))


def _find(connection: Connection, guild_id: int) -> KnownServer | None:
    found = _ONE.rows(connection, {"guild_": guild_id})
    return _read(found[0]) if found else None


def _read(row: Sequence[Any]) -> KnownServer:
    values = dict(zip(_COLUMNS, row, strict=True))
    spelled = values.pop("ceiling")
    ours = bool(values.pop("ours"))
    return KnownServer(**values, ours=ours, ceiling=None if spelled is None else parse_ceiling(spelled))


# -- what a server and an account have drawn -----------------------------------------------------------------


def _server(guild_id: int | None) -> str:
    return f"server/{'-' if guild_id is None else guild_id}"


def _account(name: str) -> str:
    return f"account/{name}"


_DRAWN: Final = Prepared(
    select(func.coalesce(func.sum(b.units), 0)).where(b.scope == bindparam("scope_"), within(b.day))
)


def _drawn(connection: Connection, scope: str, period: Day) -> int:
    drawn: int = _DRAWN.value(connection, {"scope_": scope, **ends_of(period)})
    return drawn


def _count(connection: Connection, condition: str, *where: Any) -> int:
    query = select(func.count()).select_from(jobs).where(text(condition), text(IS_OWNERS), *where)
    count: int = connection.execute(query).scalar_one()
    return count


def _queued(*where: Any) -> Prepared:
    """Build the query for whether so many wait; no more than these are looked at."""
    one = select(literal(1)).select_from(jobs).where(text(IS_QUEUED), *where)
    return Prepared(one.offset(bindparam("before_", type_=BigInteger)).limit(1))


_HERE: Final = jobs.c.guild_id == bindparam("guild_")
_QUEUED_HERE: Final = _queued(_HERE)
_OWNERS_HERE: Final = _queued(text(IS_OWNERS), _HERE)
_OWNERS_IN_DIRECT_MESSAGES: Final = _queued(text(IS_OWNERS), jobs.c.guild_id.is_(None))
_OWNERS_OF_ACCOUNT: Final = _queued(text(IS_OWNERS), jobs.c.account == bindparam("account_"))


def _reaches(connection: Connection, most: int, queued: Prepared, of: Mapping[str, Any]) -> bool:
    return most <= 0 or queued.value(connection, {**of, "before_": most - 1}) is not None


def _used(connection: Connection, guild_id: int, now: int) -> Used:
    scope, here = _server(guild_id), jobs.c.guild_id == guild_id
    return Used(
        _drawn(connection, scope, day_of(now)),
        _drawn(connection, scope, month_of(now)),
        _count(connection, IS_UPSTREAM, here),
        _count(connection, IS_QUEUED, here),
    )


def check(connection: Connection, budget: Budget, now: int) -> None:
    """Refuse, naming what is used up, if the owner does not pay for this. Must be booked in the same transaction."""
    guild_id = budget.guild_id
    server = None if guild_id is None else _find(connection, guild_id)
    if not budget.access.admits(guild_id, server):
        raise UserError(budget.refusal)
    ceiling = budget.usual if server is None else server.ceiling_by(budget.usual)
    queued = _OWNERS_IN_DIRECT_MESSAGES if guild_id is None else _OWNERS_HERE
    here = {} if guild_id is None else {"guild_": guild_id}
    # Always the server before the account, as giving back does, so that two of them never wait for each other.
    _check(connection, _server(guild_id), ceiling, budget.cost, now, OF_SERVER, queued, here)
    mine = {"account_": budget.account}
    of_account = _account(budget.account)
    _check(connection, of_account, budget.of_account, budget.cost, now, OF_ACCOUNT, _OWNERS_OF_ACCOUNT, mine)


def check_queue(connection: Connection, guild_id: int) -> None:
    """Refuse if as many jobs wait as may in a server that pays by its own key. Must be booked in the same transaction."""
    server = _find(connection, guild_id)
    own = None if server is None or server.ceiling is None else server.ceiling.waiting
    limit = OWN_KEY_WAITING if own is None else own
    lock(connection, f"budget/{_server(guild_id)}")
    if _reaches(connection, limit, _QUEUED_HERE, {"guild_": guild_id}):
        raise UserError(sentence(OF_SERVER.waiting, limit=limit))


def _check(
    connection: Connection,
    scope: str,
    ceiling: Ceiling,
    cost: int,
    now: int,
    refused: Refused,
    queued: Prepared,
    of: Mapping[str, Any],
) -> None:
    if ceiling.per_day is None and ceiling.per_month is None and ceiling.waiting is None:
        return
    least = min(limit for limit in (ceiling.per_day, ceiling.per_month, cost) if limit is not None)
    if cost > least:
        raise UserError(sentence(refused.per_job, limit=least, units=cost))
    lock(connection, f"budget/{scope}")
    for limit, period, why in (
        (ceiling.per_day, day_of(now), refused.per_day),
        (ceiling.per_month, month_of(now), refused.per_month),
    ):
        if limit is None:
            continue
        used = _drawn(connection, scope, period)
        if used + cost > limit:
            renews = period.end // 1_000
            raise UserError(sentence(why, limit=limit, used=used, units=cost, renews=renews))
    if ceiling.waiting is not None and _reaches(connection, ceiling.waiting, queued, of):
        raise UserError(sentence(refused.waiting, limit=ceiling.waiting))


_DRAW_MORE: Final = Prepared(
    update(budgets)
    .where(b.scope == bindparam("scope_"), b.day == bindparam("day_"))
    .values(units=b.units + bindparam("units_"))
)
_DRAW_FIRST: Final = insert(budgets)


def book(connection: Connection, guild_id: int | None, account: str, units: int, at: int) -> None:
    """Add to what a server and an account have drawn on the day of a moment; less than nothing gives it back."""
    if not units:
        return
    day = day_of(at).start
    for scope in (_server(guild_id), _account(account)):
        more = {"scope_": scope, "day_": day, "units_": units}
        if _DRAW_MORE.write(connection, more):
            continue
        lock(connection, f"budget/{scope}/new")
        if not _DRAW_MORE.write(connection, more):
            connection.execute(_DRAW_FIRST, {"scope": scope, "day": day, "units": units})


def at_once(
    connection: Connection, usual: Ceiling, guild_ids: Collection[int | None]
) -> Mapping[int | None, int | None]:
    """How many jobs each of these servers may have upstream in a pool of an owner's account; None: any number."""
    most: dict[int | None, int | None] = dict.fromkeys(guild_ids, usual.at_once)
    known = [guild_id for guild_id in guild_ids if guild_id is not None]
    if known:
        for row in connection.execute(_CEILINGS, {"known_": known}):
            most[row.guild_id] = _read(row).ceiling_by(usual).at_once
    return most
