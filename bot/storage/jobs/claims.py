"""Which job may be taken: marking what was chosen from the line, due work past it. Statements only, each with its index.
Never here: connections, transactions, the order of the line (that is `line`), and what a worker does with a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, ColumnElement, bindparam, or_, select, text, update

from bot.domain.jobs import LATE_WATCH_MS, JobState
from bot.storage.prepared import Prepared
from bot.storage.tables import HAS_TASK, IS_FREE, IS_OPEN, IS_OWNED, IS_PUT_OFF, IS_WATCHED, jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select, TextClause
    from sqlalchemy.engine import Connection
    from sqlalchemy.sql.dml import ReturningUpdate

c = jobs.c


def _statement(sql: str, *numbers: str) -> TextClause:
    """Bind numbers as 64-bit ones: PostgreSQL would take small examples for 32-bit."""
    return text(sql).bindparams(*(bindparam(name, type_=BigInteger) for name in numbers))


def _unheld(now: int) -> ColumnElement[bool]:
    return or_(c.owner.is_(None), c.lease_until < now)


# -- the queue -------------------------------------------------------------------------------------------


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


_DUE_WORK: Final = Prepared(
    _statement(
        f"""
    SELECT key, due_at FROM (
        SELECT key, due_at FROM jobs WHERE {IS_FREE} AND due_at <= :now ORDER BY due_at LIMIT :limit
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
        "now",
        "watched",
        "limit",
    )
)


def due_work(connection: Connection, now: int, *, limit: int) -> list[str]:
    """Find due jobs that nobody holds: open ones, and failed ones that may still surprise us.

    A lease that has lapsed is not seen here: whoever looks for one passes over all that is held (`lapsed`).
    """
    asked = {"now": now, "watched": now - LATE_WATCH_MS, "limit": limit}
    return _DUE_WORK.column(connection, asked)


_LAPSED: Final = Prepared(
    _statement(
        f"SELECT key FROM jobs WHERE {IS_OPEN} AND {IS_OWNED} AND due_at <= :now AND lease_until < :now "  # noqa: S608 - as above
        "ORDER BY due_at LIMIT :limit",
        "now",
        "limit",
    )
)
_FIRST_TO_LAPSE: Final = Prepared(
    _statement(
        f"SELECT MIN(lease_until) FROM jobs WHERE {IS_OPEN} AND {IS_OWNED} AND lease_until >= :now",  # noqa: S608 - as above
        "now",
    )
)


def lapsed(connection: Connection, now: int, *, limit: int) -> list[str]:
    """Find due open jobs whose holder has not renewed its lease. An index of leases would be written at each renewal."""
    return _LAPSED.column(connection, {"now": now, "limit": limit})


def first_to_lapse(connection: Connection, now: int) -> int | None:
    """Find when the first of the leases ends that hold."""
    until: int | None = _FIRST_TO_LAPSE.value(connection, {"now": now})
    return until


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


_NEXT_DUE: Final = Prepared(
    _statement(
        f"""
    SELECT MIN(due_at) FROM (
        SELECT MIN(due_at) AS due_at FROM jobs WHERE {IS_FREE}
        UNION ALL
        SELECT MIN(due_at) FROM jobs
        WHERE {IS_WATCHED} AND finished_at > :watched AND (owner IS NULL OR lease_until < :now)
        UNION ALL
        SELECT MIN(due_at) FROM jobs WHERE {IS_PUT_OFF}
        UNION ALL
        SELECT MIN(called_at) FROM queue_lanes WHERE called_at IS NOT NULL
    ) AS earliest
    """,  # noqa: S608 - constants of ours, no input
        "now",
        "watched",
    )
)


def next_due(connection: Connection, now: int) -> int | None:
    """Find when the earliest job falls due that nobody holds.

    A job in line waits for a place, not for a time: counting it would make a worker that sleeps until then spin. It is
    due while its lane is to be looked at. Nor does a lapsed lease count: who looks for those looks now and then.
    """
    due: int | None = _NEXT_DUE.value(connection, {"now": now, "watched": now - LATE_WATCH_MS})
    return due
