"""What a reading says of a paid call whose answer was lost: it arrived, it did not, or nobody can know yet.
Never here: reading, storing, and finding a task by its prompt (that is the reconciler's)."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.domain.actions import Family, classify
from bot.domain.jobs import JobState
from bot.domain.schedule import MINUTE
from bot.domain.tasks import TaskStatus
from bot.errors import IllegalTransition

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.tasks import RemoteTaskId, TaskSnapshot

WINDOW_OPENED: Final = "window_opened"
"""The note of a press whose window was opened to be filled. It is no sentence: only the row remembers it."""
FILL_PATIENCE_MS: Final = 6 * MINUTE
"""How long an answered window may read MODAL before a worker takes it up: the server's queue, and its five minutes."""


def tag_of(job: Job) -> str:
    """The text of ours that goes along with a submission: another one each time it is sent, known before it is."""
    return f"{job.key}-{job.sent_at or 0:x}"


def was_put_back(job: Job) -> bool:
    """Whether it may have been sent at a moment that nobody knows: it was open in a copy of the database that was put back."""
    return (job.sent_at or job.created_at) < job.created_at  # as nothing is that was sent from here


def is_of_some_try(job: Job, tag: str) -> bool:
    """Whether a task's tag is this job's, where it may have been sent at any moment."""
    return was_put_back(job) and tag.startswith(f"{job.key}-")


def opened(job: Job, window: RemoteTaskId, now: int) -> Job:
    """Its press opened a window. Stored before the one call that fills it; no window is filled twice."""
    if job.state is not JobState.SUBMITTING:
        raise IllegalTransition(f"{job.key}: {job.state} cannot open a window")
    notes = tuple(dict.fromkeys((*job.notes, WINDOW_OPENED)))
    return replace(job, task_id=window, changed_at=now, notes=notes)


def window_of(job: Job) -> RemoteTaskId | None:
    """The window that its press opened, until it is known that the call arrived that fills it."""
    return job.task_id if job.state in {JobState.SUBMITTING, JobState.UNCLEAR} else None


def has_window(job: Job) -> bool:
    """Whether its press was to open a window, or did so unasked: that is then filled, and paid, at once.

    Any V, reroll or pan opens one where the server's account has Remix on.
    """
    press = job.press
    return press is not None and (
        press.remix
        or press.zoom is not None
        or classify(press.custom_id) is Family.VARY_REGION
        or WINDOW_OPENED in job.notes
    )


class CallOutcome(StrEnum):
    """What became of a call."""

    ARRIVED = "arrived"
    OPEN = "open"
    """Nobody can know yet: look again. It is never sent again meanwhile."""
    LOST = "lost"
    """Nothing more will be learnt; it is not sent again."""


def window_filled(window: TaskSnapshot | None, *, filled_at: int, now: int) -> CallOutcome:
    """Judge a window's filling by the window's own task; times in milliseconds since 1970.

    Any status but MODAL, or a worker's start, means that it arrived. MODAL means either: after the patience it is
    LOST, and the window is left alone, which costs nothing. So is a window that the server does not know any more,
    but its answer may have been taken, so this too waits first.
    """
    if window is not None and (window.status is not TaskStatus.MODAL or window.started_at is not None):
        return CallOutcome.ARRIVED
    return CallOutcome.OPEN if now < filled_at + FILL_PATIENCE_MS else CallOutcome.LOST
