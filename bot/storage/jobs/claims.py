"""Who may take which job: the order of the queue, free places, due work. Statements only, each with its index.
Never here: connections, transactions, and what a worker does with a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, or_, select, text, update

from bot.domain.jobs import LATE_WATCH_MS, JobState
from bot.storage.jobs.fairness import Running, Waiting
from bot.storage.tables import HAS_TASK, IS_OPEN, IS_QUEUED, IS_UPSTREAM, IS_WATCHED, jobs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Select, TextClause
    from sqlalchemy.engine import Connection
    from sqlalchemy.sql.dml import ReturningUpdate

c = jobs.c


def _statement(sql: str, **numbers: int) -> TextClause:
    """Bind numbers as 64-bit ones: PostgreSQL would take small examples for 32-bit."""
    return text(sql).bindparams(*(bindparam(name, n, BigInteger) for name, n in numbers.items()))


def _unheld(now: int) -> ColumnElement[bool]:
    return or_(c.owner.is_(None), c.lease_until < now)


# -- the queue -------------------------------------------------------------------------------------------


def has_room(now: int, max_running: int) -> TextClause:
    """Ask cheaply whether some pool has both a job to send and a place for it: it usually has not."""
    return _statement(
        f"""
        SELECT w.account
        FROM (SELECT DISTINCT account, pool FROM jobs WHERE {IS_QUEUED} AND due_at <= :now) AS w
        LEFT JOIN (SELECT account, pool, COUNT(*) AS n FROM jobs WHERE {IS_UPSTREAM} GROUP BY account, pool) AS r
            ON r.account = w.account AND r.pool = w.pool
        WHERE COALESCE(r.n, 0) < :max_running
        LIMIT 1
        """,  # noqa: S608 - constants of ours, no input
        now=now,
        max_running=max_running,
    )


_WAITING: Final = (
    select(c.key, c.account, c.pool, c.user_id, c.guild_id, c.created_at, c.running_limit)
    .where(text(IS_QUEUED))
    .order_by(c.created_at, c.key)
)
_WAITING_UNTIL: Final = _WAITING.where(c.due_at <= bindparam("now_"))
_RUNNING: Final = (
    select(c.account, c.pool, c.user_id, c.guild_id, func.count())
    .where(text(IS_UPSTREAM))
    .group_by(c.account, c.pool, c.user_id, c.guild_id)
)


def waiting(connection: Connection, *, until: int | None = None) -> Iterator[Waiting]:
    """Read the queue, all of it or what is due by a time, oldest first. An index holds all that is read."""
    if until is None:
        return map(Waiting._make, connection.execute(_WAITING))
    return map(Waiting._make, connection.execute(_WAITING_UNTIL, {"now_": until}))


def running(connection: Connection) -> Iterator[Running]:
    """Count what each member has upstream."""
    return map(Running._make, connection.execute(_RUNNING))


def take_for_submission(keys: Sequence[str], owner: str, now: int, *, lease_ms: int) -> ReturningUpdate[Any]:
    """Mark them SUBMITTING (as `Job.submitting` does) and lease them."""
    return (
        update(jobs)
        .where(c.key.in_(keys), c.state == JobState.QUEUED.value)
        .values(
            state=JobState.SUBMITTING.value,
            sent_at=now,
            changed_at=now,
            owner=owner,
            lease_until=now + lease_ms,
            fence=c.fence + 1,
        )
        .returning(jobs)
    )


def known_tasks(task_ids: Sequence[str], account: str | None) -> Select[Any]:
    """Find which upstream ids are ours, under whatever name their account has here, or under one."""
    query = select(c.task_id).where(c.task_id.in_(task_ids), text(HAS_TASK))
    return query if account is None else query.where(c.account == account)


# -- work past the queue ---------------------------------------------------------------------------------


def due_work(now: int, *, limit: int) -> TextClause:
    """Find due jobs that nobody holds: open ones, and failed ones that may still surprise us."""
    return _statement(
        f"""
        SELECT key, due_at FROM (
            SELECT key, due_at
            FROM jobs
            WHERE {IS_OPEN} AND due_at <= :now AND (owner IS NULL OR lease_until < :now)
            ORDER BY due_at LIMIT :limit
        ) AS open
        UNION ALL
        SELECT key, due_at FROM (
            SELECT key, due_at
            FROM jobs
            WHERE {IS_WATCHED} AND finished_at > :watched AND due_at <= :now
                AND (owner IS NULL OR lease_until < :now)
            ORDER BY due_at LIMIT :limit
        ) AS watched
        ORDER BY due_at
        LIMIT :limit
        """,  # noqa: S608 - constants of ours, no input
        now=now,
        watched=now - LATE_WATCH_MS,
        limit=limit,
    )


def still_free(keys: Sequence[str], now: int) -> Select[Any]:
    """Lock those of the found jobs that nobody took since; what another process is taking right now is left to it."""
    return (
        select(c.key)
        .where(c.key.in_(keys), c.state != JobState.QUEUED.value, c.due_at <= now, _unheld(now))
        .with_for_update(skip_locked=True)  # SQLite, with its single writer, has and needs no such clause
    )


def take(keys: Sequence[str], owner: str, now: int, *, lease_ms: int) -> ReturningUpdate[Any]:
    """Lease jobs that the same transaction found free."""
    return (
        update(jobs)
        .where(c.key.in_(keys))
        .values(owner=owner, lease_until=now + lease_ms, fence=c.fence + 1, touched=False)
        .returning(jobs)
    )


def next_due(now: int) -> TextClause:
    """Find when the earliest job falls due that nobody holds.

    A queued job that is due while its pool has others upstream waits for a place, not for a time: counting it would
    make a worker that sleeps until then spin.
    """
    return _statement(
        f"""
        SELECT MIN(due_at) FROM (
            SELECT MIN(due_at) AS due_at FROM jobs
            WHERE {IS_OPEN} AND (owner IS NULL OR lease_until < :now)
            UNION ALL
            SELECT MIN(due_at) FROM jobs
            WHERE {IS_WATCHED} AND finished_at > :watched AND (owner IS NULL OR lease_until < :now)
            UNION ALL
            SELECT MIN(due_at) FROM jobs WHERE {IS_QUEUED} AND due_at > :now
            UNION ALL
            SELECT MIN(j.due_at) FROM jobs AS j
            WHERE j.{IS_QUEUED} AND j.due_at <= :now AND NOT EXISTS (
                SELECT 1 FROM jobs AS k
                WHERE k.{IS_UPSTREAM} AND k.account = j.account AND k.pool = j.pool
            )
        ) AS earliest
        """,  # noqa: S608 - constants of ours, no input
        now=now,
        watched=now - LATE_WATCH_MS,
    )
