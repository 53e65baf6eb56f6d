"""What can be said of one reading, or of the trouble in its place, without knowing any other.
Never here: schedules, and what becomes of the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.capabilities import Windows, capabilities_of
from bot.domain.failures import Failure, FailureKind, had_no_place
from bot.domain.jobs import Job, JobKind, JobState
from bot.domain.schedule import MINUTE, NOT_STARTED_MS, SECOND
from bot.domain.settling import FILL_PATIENCE_MS, has_window
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


def has_begun(job: Job, seen: TaskSnapshot) -> bool:
    """Whether something shows that a failed task was worked on, and so may have been paid.

    Where a queue was full, nothing was taken, whatever was read before. 429 may be what a picture's host said at the end, or
    Discord at the beginning, before which a worker has its start already. 100 % is what servers write beside any failure.
    """
    if seen.discord_url or seen.storage_key:
        return True
    if had_no_place(seen.fail_reason or ""):
        return False
    return job.state is JobState.RUNNING or bool(job.progress) or 0 < (seen.progress or 0) < 100  # noqa: PLR2004 - per cent


def may_be_filled(api: object, job: Job, now: int) -> bool:
    """Where a call fills windows, the one that we filled reads MODAL until a worker there takes it up (family §5)."""
    return _fills_windows(api) and now < (job.submitted_at or 0) + FILL_PATIENCE_MS


def given_up(api: object, job: Job, kind: FailureKind) -> Failure:
    """Why a task ends here whose server denies it, or shows a window that waits.

    The window that we filled was paid, and its picture may come all the same: that is our own giving up, so we go on
    looking.
    """
    return Failure(FailureKind.TIMED_OUT if _fills_windows(api) and has_window(job) else kind)


def _fills_windows(api: object) -> bool:
    return capabilities_of(api).windows is not Windows.NONE
