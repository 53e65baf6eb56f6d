"""What can be said of one reading, or of the trouble in its place, without knowing any other.
Never here: schedules, and what becomes of the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.jobs import Job, JobKind, JobState
from bot.domain.schedule import MINUTE, NOT_STARTED_MS, SECOND
from bot.domain.task_words import words_of
from bot.errors import RemoteError, RemoteFault

if TYPE_CHECKING:
    from bot.domain.tasks import TaskSnapshot

ABOUT_ALL: Final = frozenset(
    {RemoteFault.UNREACHED, RemoteFault.KEY, RemoteFault.BALANCE, RemoteFault.THROTTLED}
)
"""Whatever was asked, every other question would be answered the same."""
LONGEST_REST_MS: Final = 5 * MINUTE
"""Whoever asks for more is asked again all the same: deadlines pass meanwhile."""


def may_be_alone(seen: TaskSnapshot | BaseException | None) -> bool:
    """Whether it is a trouble that need not be that of every other question."""
    return isinstance(seen, RemoteError) and seen.fault not in ABOUT_ALL


def rest_ms(error: RemoteError) -> int:
    """How long upstream asked to be left alone, within bounds; 0 if it did not."""
    return min(int((error.retry_after or 0) * SECOND), LONGEST_REST_MS)


def shows_something(job: Job, seen: TaskSnapshot) -> bool:
    """Whether a SUCCESS carries what its kind promises: a picture, or a text for a description."""
    if seen.discord_url or seen.storage_key:
        return True
    if job.kind is JobKind.SHORTEN:
        return bool(words_of(job.kind, seen))
    return job.kind is JobKind.DESCRIBE and bool(seen.prompt or seen.description)


def never_started(job: Job, now: int) -> bool:
    """Whether upstream has had its time to begin it."""
    waited = now - (job.submitted_at or job.created_at)
    return job.state is JobState.SUBMITTED and waited >= NOT_STARTED_MS[job.pool]
