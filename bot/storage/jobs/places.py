"""Places: which waiting jobs take those that are free, and how many stand before each; what is read does not grow.
Never here: transactions, and how turns are kept (that is `line_tables`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, bindparam, func, select, text

from bot.domain.accounts import is_own
from bot.domain.keys import JobKey
from bot.storage import tenants
from bot.storage.database import POSTGRES
from bot.storage.jobs.fairness import Lane, Waiting
from bot.storage.line_tables import job_lanes
from bot.storage.tables import IS_QUEUED, IS_UPSTREAM, jobs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy import Row, TextClause
    from sqlalchemy.engine import Connection

    from bot.domain.tenancy import Ceiling

PAGE: Final = 16
"""Jobs of a lane that are looked at together."""
NEAR: Final = 10
"""So many before a job in its own turn are counted; of more it is estimated, from when the turn's jobs came."""

_NUMBERS: Final = ("now", "max_running", "limit", "running", "sent_at", "turn", "created_at")
c = jobs.c


def _statement(sql: str, *expanding: str) -> TextClause:
    """Bind numbers as 64-bit ones: PostgreSQL would take small examples for 32-bit."""
    found = text(sql)
    numbers = [bindparam(name, type_=BigInteger) for name in _NUMBERS if f":{name}" in sql.split()]
    return found.bindparams(*numbers, *(bindparam(name, expanding=True) for name in expanding))


_DUE: Final = f"""SELECT 1 FROM jobs
    WHERE {IS_QUEUED} AND account = job_lanes.account AND pool = job_lanes.pool AND due_at <= :now"""
_LANES: Final = f"""
    SELECT account, pool, running, sent_at FROM job_lanes
    WHERE waiting > 0 AND running < :max_running AND EXISTS ( {_DUE} )
"""
HAS_ROOM: Final = _statement(f"{_LANES} LIMIT 1")
_FIRST_LANES: Final = _statement(f"{_LANES} ORDER BY running, sent_at, account, pool LIMIT :limit ")
_NEXT_LANES: Final = _statement(
    f"""{_LANES} AND (running, sent_at, account, pool) > ( :running , :sent_at , :account, :pool)
    ORDER BY running, sent_at, account, pool LIMIT :limit """
)
_LOCKED: Final = (
    select(job_lanes.c.account)
    .where(job_lanes.c.account == bindparam("account"), job_lanes.c.pool == bindparam("pool"))
    .with_for_update()
)
_RUNNING: Final = (
    select(c.user_id, c.guild_id, func.count())
    .where(text(IS_UPSTREAM), c.account == bindparam("account"), c.pool == bindparam("pool"))
    .group_by(c.user_id, c.guild_id)
)
_SERVER: Final = "COALESCE(guild_id, 0)"
_WAITING: Final = _statement(
    f"""
    SELECT key, turn, created_at, user_id, guild_id, running_limit FROM jobs
    WHERE {IS_QUEUED} AND account = :account AND pool = :pool
        AND (turn, created_at, key) > ( :turn , :created_at , :key) AND due_at <= :now
        AND {_SERVER} NOT IN :full
    ORDER BY turn, created_at, key LIMIT :limit
    """,
    "full",
)

_LANE: Final = f"{IS_QUEUED} AND account = j.account AND pool = j.pool AND turn = j.turn"
_AHEAD: Final = _statement(
    f"""
    SELECT j.key, j.created_at,
        (SELECT COALESCE(SUM(waiting), 0) FROM job_turns
            WHERE account = j.account AND pool = j.pool AND turn < j.turn) AS earlier,
        (SELECT COUNT(*) FROM (
            SELECT 1 AS one FROM jobs WHERE {_LANE} AND (created_at, key) < (j.created_at, j.key) LIMIT {NEAR + 1}
        ) AS found) AS near,
        (SELECT waiting FROM job_turns WHERE account = j.account AND pool = j.pool AND turn = j.turn) AS crowd,
        (SELECT created_at FROM jobs WHERE {_LANE} ORDER BY created_at, key LIMIT 1) AS first,
        (SELECT created_at FROM jobs WHERE {_LANE} ORDER BY created_at DESC, key DESC LIMIT 1) AS last
    FROM jobs AS j
    WHERE j.key IN :keys AND j.{IS_QUEUED}
    """,
    "keys",
)


def ahead(connection: Connection, keys: Collection[JobKey]) -> dict[JobKey, int]:
    """How many stand before each, in the order in which places are given.

    Exact for the first NEAR of a turn; further back it is about right, and never less than NEAR.
    """
    found = connection.execute(_AHEAD, {"keys": list(keys)})
    return {JobKey(row.key): int(row.earlier) + _in_turn(row) for row in found}


def _in_turn(row: Row[Any]) -> int:
    """Of those that have the same turn: jobs come about evenly, so time tells the place among many."""
    if row.near <= NEAR:
        return int(row.near)
    others = int(row.crowd) - 1
    share: float = (row.created_at - row.first) / max(1, row.last - row.first)
    return min(others, max(NEAR + 1, round(others * share)))


def choose(connection: Connection, now: int, *, max_running: int, limit: int, usual: Ceiling) -> list[JobKey]:
    """Choose who takes the free places: lane by lane, the one that has least upstream first.

    Must hold the lock of submissions: a count cannot be locked.
    """
    chosen: list[JobKey] = []
    for account, pool in _lanes(connection, now, max_running, limit):
        chosen += _of_lane(connection, account, pool, now, max_running, limit - len(chosen), usual)
        if len(chosen) >= limit:
            break
    return chosen


def _lanes(connection: Connection, now: int, max_running: int, limit: int) -> Iterator[tuple[str, str]]:
    asked = {"now": now, "max_running": max_running, "limit": limit}
    found = connection.execute(_FIRST_LANES, asked).all()
    while found:
        yield from ((row.account, row.pool) for row in found)
        if len(found) < limit:
            return
        found = connection.execute(_NEXT_LANES, asked | dict(found[-1]._mapping)).all()  # noqa: SLF001 - documented


def _of_lane(
    connection: Connection, account: str, pool: str, now: int, max_running: int, limit: int, usual: Ceiling
) -> list[JobKey]:
    here = {"account": account, "pool": pool}
    if connection.dialect.name == POSTGRES:
        # The lane before its jobs, as whoever changes them does; SQLite has one writer anyway.
        connection.execute(_LOCKED, here)
    running = {(user, guild): n for user, guild, n in connection.execute(_RUNNING, here)}
    lane = Lane(running, max_running=max_running)
    ceilings: dict[int | None, int | None] = {}
    limited = not is_own(account)
    if limited:
        ceilings.update(tenants.at_once(connection, usual, {guild for _, guild in running}))
    chosen: list[JobKey] = []
    for page in _pages(connection, lane, ceilings, here, now):
        if limited:
            strangers = {job.guild_id for job in page} - ceilings.keys()
            ceilings.update(tenants.at_once(connection, usual, strangers))
        for job in page:
            if len(chosen) >= limit or lane.room <= 0:
                return chosen
            if lane.admits(job, ceilings.get(job.guild_id)):
                chosen.append(job.key)
    return chosen


def _pages(
    connection: Connection,
    lane: Lane,
    ceilings: Mapping[int | None, int | None],
    here: dict[str, str],
    now: int,
) -> Iterator[list[Waiting]]:
    """Read a lane in order, without what full servers have in it."""
    asked: dict[str, Any] = {**here, "now": now, "limit": PAGE, "turn": 0, "created_at": 0, "key": ""}
    while True:
        full = [guild or 0 for guild in lane.full_servers(ceilings)]
        page = [Waiting._make(row) for row in connection.execute(_WAITING, asked | {"full": full})]
        yield page
        if len(page) < PAGE:
            return
        last = page[-1]
        asked |= {"turn": last.turn, "created_at": last.created_at, "key": last.key}
