"""Who may take which job: the order of the queue, free places, due work. Statements only, each with its index.
Never here: connections, transactions, and what a worker does with a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, ColumnElement, bindparam, or_, select, text, update

from bot.domain.jobs import LATE_WATCH_MS, JobState
from bot.storage.tables import HAS_TASK, IS_OPEN, IS_QUEUED, IS_UPSTREAM, IS_WATCHED, jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select, TextClause
    from sqlalchemy.sql.dml import ReturningUpdate

c = jobs.c


def _statement(sql: str, **numbers: int) -> TextClause:
    """Bind numbers as 64-bit ones: PostgreSQL would take small examples for 32-bit."""
    return text(sql).bindparams(*(bindparam(name, n, BigInteger) for name, n in numbers.items()))


def _unheld(now: int) -> ColumnElement[bool]:
    return or_(c.owner.is_(None), c.lease_until < now)


# -- the queue -------------------------------------------------------------------------------------------
# Fair between users: a job's `share` is how many jobs its user would have upstream if it went next. Who would have
# least goes first, so users take turns; within a turn the oldest goes first. Its `place` is its number in that line.

_WITH_UPSTREAM: Final = f"""
    WITH upstream AS (
        SELECT account, pool, user_id, COALESCE(guild_id, 0) AS guild, COUNT(*) AS n
        FROM jobs
        WHERE {IS_UPSTREAM}
        GROUP BY account, pool, user_id, COALESCE(guild_id, 0)
    ), by_user AS (
        SELECT account, pool, user_id, CAST(SUM(n) AS BIGINT) AS n
        FROM upstream
        GROUP BY account, pool, user_id
    ), by_pool AS (
        SELECT account, pool, CAST(SUM(n) AS BIGINT) AS n
        FROM upstream
        GROUP BY account, pool
    )"""  # noqa: S608 - constants of ours, no input

_EVERYBODY: Final = f"""
    SELECT key, account, pool, user_id, created_at
    FROM jobs
    WHERE {IS_QUEUED}"""  # noqa: S608 - constants of ours, no input

# Due, and not beyond what the job's member may have running in this pool of this server.
_ADMISSIBLE: Final = f"""
    SELECT key, account, pool, user_id, created_at
    FROM (
        SELECT j.key, j.account, j.pool, j.user_id, j.created_at, j.running_limit,
            COALESCE(u.n, 0) + ROW_NUMBER() OVER (
                PARTITION BY j.account, j.pool, j.user_id, COALESCE(j.guild_id, 0) ORDER BY j.created_at, j.key
            ) AS running
        FROM jobs AS j
        LEFT JOIN upstream AS u
            ON u.account = j.account AND u.pool = j.pool AND u.user_id = j.user_id
            AND u.guild = COALESCE(j.guild_id, 0)
        WHERE {IS_QUEUED} AND j.due_at <= :now
    ) AS due
    WHERE running_limit IS NULL OR running <= running_limit"""  # noqa: S608 - constants of ours, no input

_LINE: Final = """, shares AS (
        SELECT w.key, w.account, w.pool, w.created_at,
            COALESCE(b.n, 0) + ROW_NUMBER() OVER (
                PARTITION BY w.account, w.pool, w.user_id ORDER BY w.created_at, w.key
            ) AS share
        FROM waiting AS w
        LEFT JOIN by_user AS b ON b.account = w.account AND b.pool = w.pool AND b.user_id = w.user_id
    ), line AS (
        SELECT key, account, pool, created_at, share,
            ROW_NUMBER() OVER (PARTITION BY account, pool ORDER BY share, created_at, key) AS place
        FROM shares
    )"""


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


def next_in_line(now: int, *, max_running: int, limit: int) -> TextClause:
    """Pick the keys that may be sent now, the fairest order first."""
    return _statement(
        f"""{_WITH_UPSTREAM}, waiting AS ({_ADMISSIBLE}){_LINE}
        SELECT line.key
        FROM line
        LEFT JOIN by_pool AS p ON p.account = line.account AND p.pool = line.pool
        WHERE line.place + COALESCE(p.n, 0) <= :max_running
        ORDER BY line.share, line.created_at, line.key
        LIMIT :limit
        """,  # noqa: S608 - constants of ours, no input
        now=now,
        max_running=max_running,
        limit=limit,
    )


def places(keys: Sequence[str]) -> TextClause:
    """Read each queued job's number in its line. All of a pool's queue counts, also what is put off for a moment."""
    return text(
        f"{_WITH_UPSTREAM}, waiting AS ({_EVERYBODY}){_LINE} SELECT key, place FROM line WHERE key IN :keys"  # noqa: S608 - constants of ours, no input
    ).bindparams(bindparam("keys", list(keys), expanding=True))


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


def known_tasks(account: str, task_ids: Sequence[str]) -> Select[Any]:
    """Find which upstream ids are ours."""
    return select(c.task_id).where(c.account == account, c.task_id.in_(task_ids), text(HAS_TASK))


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
            SELECT MIN(w.due_at) FROM jobs AS w
            WHERE w.{IS_QUEUED} AND w.due_at <= :now AND NOT EXISTS (
                SELECT 1 FROM jobs AS r
                WHERE r.{IS_UPSTREAM} AND r.account = w.account AND r.pool = w.pool
            )
        ) AS earliest
        """,  # noqa: S608 - constants of ours, no input
        now=now,
        watched=now - LATE_WATCH_MS,
    )
