"""When things are done again: poll delays, back-off, leases, deadlines, edit pace.
Never here: reads of a clock and sleeping; every function is told the time and the chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.pools import Pool

if TYPE_CHECKING:
    from bot.domain.jobs import Job

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

LEASE_MS: Final = 30 * SECOND
"""How long a silent worker keeps its jobs; renewed at a third."""

YOUNG_MS: Final = 2 * MINUTE
"""A young job is polled every 3 to 5 s, an older one backs off to 15 s (contract §7)."""

STILL_MS: Final = {
    Pool.NORMAL: 30 * MINUTE,
    Pool.FAST: 15 * MINUTE,
    Pool.TURBO: 15 * MINUTE,
    Pool.DRAW: 15 * MINUTE,
}
"""Without a change for this long we give up locally (contract §7); a late success is still delivered."""
CAP_MS: Final = {
    Pool.NORMAL: 3 * 60 * MINUTE,
    Pool.FAST: 60 * MINUTE,
    Pool.TURBO: 60 * MINUTE,
    Pool.DRAW: 60 * MINUTE,
}
"""However lively it looks, a job older than this has timed out."""
NOT_STARTED_MS: Final = {
    Pool.NORMAL: 30 * MINUTE,
    Pool.FAST: 15 * MINUTE,
    Pool.TURBO: 15 * MINUTE,
    Pool.DRAW: 15 * MINUTE,
}
"""MODAL, or never started: nothing of this API could move it on (contract §8 row 13)."""
WATCH_EVERY_MS: Final = 2 * MINUTE
"""How often a job that timed out is still looked at."""

ROUNDS_SHARE: Final = 0.6
"""Regular readings take this part of the budget; the rest is for what is unclear, and for bursts."""
ROUNDS_SHARE_WITH_WEBHOOKS: Final = 0.3
"""As above where webhooks arrive: what they announce needs the larger part."""

UNCLEAR_GRACE_MS: Final = 30 * SECOND
"""How long an unclear submission may take to show up in the task list (contract §8 row 3)."""
UNCLEAR_CAP_MS: Final = 15 * MINUTE
"""With the task list unavailable, an unclear job says "checking" for this long, then gives up visibly."""

UNREACHED_CAP_MS: Final = 30 * MINUTE
"""How long a job is held back because upstream cannot be reached, before it fails visibly (see `hold_ms`)."""
QUEUE_FULL_CAP_MS: Final = 2 * 60 * MINUTE
"""How long a job is held back because upstream's queue is full or it throttles us."""

DELIVERY_CAP_MS: Final = 2 * 60 * MINUTE
"""How long delivery is retried before the job is kept for `/jobs show`."""
PICTURE_CAP_MS: Final = 15 * MINUTE
"""How long a finished picture that cannot be fetched is retried before the card goes out without it."""

EDIT_EVERY_MS: Final = 5 * SECOND
"""At most one progress edit a job in this time (design §4)."""
CHANNEL_EDIT_EVERY_MS: Final = 1 * SECOND
"""At most one progress edit a channel in this time."""

CLOCKS_DIFFER_MS: Final = MINUTE
"""So far one process's clock may be ahead of another's that reads what it wrote."""


def is_recent(at: int, now: int, window_ms: int) -> bool:
    """Whether less than a window has passed since then. A time far ahead is no reason to wait: the clock that wrote it stood ahead."""
    return -CLOCKS_DIFFER_MS <= now - at < window_ms


def poll_delay_ms(age_ms: int, chance: float) -> int:
    """How long until a running job is read again: 3 to 5 s while young, growing to 15 s; `chance` in [0, 1)."""
    if age_ms < YOUNG_MS:
        return int((3 + 2 * chance) * SECOND)
    grown = min(1.0, (age_ms - YOUNG_MS) / (8 * MINUTE))
    return int((5 + 8 * grown + 2 * chance) * SECOND)


def round_ms(reads: int, reads_per_second: float, chance: float, *, webhooks: bool) -> int:
    """How long after the begin of a round of readings the next may begin, by what it cost.

    Few jobs are read every 3 to 5 s. Many fill more pages than that allows, and their rounds come as often as
    regular readings' share of the budget bears.
    """
    share = ROUNDS_SHARE_WITH_WEBHOOKS if webhooks else ROUNDS_SHARE
    return max(poll_delay_ms(0, chance), int(reads / (reads_per_second * share) * SECOND))


def backoff_ms(tries: int, chance: float, *, first: int = SECOND, cap: int = MINUTE) -> int:
    """Double from `first` to `cap`, with a jitter that takes up to half away; `tries` counts failures so far."""
    full = min(cap, first << min(tries, 30))
    return int(full * (1 - chance / 2))


def hold_ms(tries: int, chance: float, *, first: int, most: int, age: int, asked: int = 0) -> int | None:
    """How long a job waits after upstream took nothing of it `tries` times before; None once it has waited `most`.

    Only those waits count, each as long as it is on average, or as upstream `asked` for: a job may have stood in our
    own line for hours, and that says nothing about upstream. Together they are no longer than its `age`, as upstream may
    have asked for less before.
    """
    waited = min(age, sum(max(asked, backoff_ms(n, 0.5, first=first)) for n in range(tries)))
    return max(asked, backoff_ms(tries, chance, first=first)) if waited < most else None


def has_timed_out(job: Job, now: int) -> bool:
    """Whether we stop waiting: nothing changed for too long, or it is simply too old."""
    started = job.submitted_at or job.created_at
    return now - job.changed_at >= STILL_MS[job.pool] or now - started >= CAP_MS[job.pool]
