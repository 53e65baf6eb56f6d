"""Whether a finished job ran at another speed than its pool's, where the image server tells (family §6.3).
Never here: who hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.actions import Family, classify
from bot.domain.capabilities import Speed, speed_of
from bot.domain.jobs import JobKind, JobState
from bot.domain.pools import MIDJOURNEY_POOLS, Pool

if TYPE_CHECKING:
    from bot.domain.jobs import Job

_OF_WORDS: Final = frozenset({JobKind.DESCRIBE, JobKind.SHORTEN})
"""What is answered in words names no speed; a server tells its usual one all the same (family §2.1)."""
_AT_NO_SPEED: Final = frozenset({Family.UPSAMPLE, Family.BOOKMARK, Family.TAKE_CLIP})
"""What only takes a picture out of a grid uses no pool; servers tell their usual speed of it all the same."""


def other_speed(job: Job) -> Speed | None:
    """The speed at which it ran, if that is another than its pool's; None: it is not, or nobody can tell."""
    if job.state is not JobState.SUCCEEDED or job.kind in _OF_WORDS:
        return None
    if job.press is not None and classify(job.press.custom_id) in _AT_NO_SPEED:
        return None
    ran_at = job.server.ran_at
    return None if ran_at is None or ran_at is speed_of(job.pool) else ran_at


def pool_at(speed: Speed) -> Pool:
    """The pool that stands for a speed."""
    return next(pool for pool in MIDJOURNEY_POOLS if speed_of(pool) is speed)
