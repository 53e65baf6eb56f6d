"""After the clock was set: what a clock wrote that stood far ahead is brought to now, or it would wait for years.
Never here: noticing that it was set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import BigInteger, and_, case, func, literal, null, or_, text, true, update

from bot.domain.jobs import JobState
from bot.domain.schedule import LEASE_MS
from bot.storage.tables import IS_OPEN, IS_OWNED, IS_QUEUED, IS_WATCHED, jobs

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

FAR_MS: Final = 3_600_000
"""Nothing waits, or is held, for as long as an hour."""

c = jobs.c
_UNENDED: Final = f"({IS_OPEN}) OR ({IS_QUEUED})"
_DEADLINES: Final = (c.created_at, c.submitted_at, c.changed_at, c.finished_at, c.posting_at)
"""From which it is counted when a job has timed out, or is given up. Not `sent_at`: its task may be found by that alone."""
_WAS_PUT_BACK: Final = c.sent_at < c.created_at
"""See `bot.domain.settling.was_put_back`, which has to stay so."""


def pull_in(connection: Connection, now: int, *, stood_ahead: bool) -> int:
    """Bring all of that to now; returns how many rows were changed.

    Moments in the past only where the clock `stood_ahead`: to one that stands behind, as at many a start, what was written
    rightly looks far ahead, and once it is set it would have timed out.
    """
    far = now + FAR_MS
    late = update(jobs).where(text(f"({_UNENDED})"), c.due_at > far).values(due_at=now, put_off=True)
    held = update(jobs).where(text(IS_OWNED), c.lease_until > far).values(lease_until=now + LEASE_MS)
    changed = sum(connection.execute(one).rowcount for one in (late, held))
    return changed + _bring_back(connection, now) if stood_ahead else changed


def _bring_back(connection: Connection, now: int) -> int:
    """A worker would write the old times back: what it holds is taken from it, but for what it sends this moment."""
    far, at_once = now + FAR_MS, literal(now, BigInteger())
    is_ahead = {at: at > far for at in _DEADLINES}
    is_ahead[c.created_at] = and_(c.created_at > far, func.coalesce(~_WAS_PUT_BACK, true()))
    is_sent = and_(c.state == JobState.SUBMITTING.value, text(IS_OWNED))
    ahead = update(jobs).where(text(f"({_UNENDED} OR ({IS_WATCHED}))"), or_(*is_ahead.values()))
    times = {at: case((is_far, at_once), else_=at) for at, is_far in is_ahead.items()}
    lease = {
        c.owner: case((is_sent, c.owner), else_=null()),
        c.lease_until: case((is_sent, c.lease_until), else_=0),
        c.fence: case((is_sent, c.fence), else_=c.fence + 1),
    }
    due = {c.due_at: case((c.due_at > far, at_once), else_=c.due_at)}
    return connection.execute(ahead.values({**times, **lease, **due})).rowcount
