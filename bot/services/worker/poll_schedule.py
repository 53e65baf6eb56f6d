"""Which followed job is read when: in rounds that serve all, so that a page of the task list is read once for many.
Never here: requests, and what a reading means."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.domain.schedule import SECOND, round_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.tasks import RemoteTaskId

TOGETHER_MS: Final = 2 * SECOND
"""A round also reads what falls due so soon after it: left alone, each would cost a request of its own."""
ENDS: Final = 8
"""While webhooks announce the last ends but for one, readings without a reason may be rare."""


@dataclass(slots=True)
class Tracked:
    """A job this worker holds, and when to read it next."""

    job: Job
    due_at: int
    read_at: int = 0
    stored_at: int = 0
    unread: int = 0
    """Questions in a row that brought no reading."""
    misses: int = 0
    missing_since: int = 0
    webhook_at: int = 0
    """When a webhook last told that it has ended."""
    pictureless: int = 0
    """Readings that said SUCCESS and showed nothing."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class PollSchedule:
    """Rounds follow each other no faster than the budget of readings bears; only what hurries is read between them."""

    reads_per_second: float
    webhooks: bool
    """Whether webhooks announce what ends here: at first, whether they are asked for."""
    chance: Callable[[], float]
    _announced: deque[bool] = field(init=False)
    """Of the last ends, which a webhook announced."""
    _jobs: dict[JobKey, Tracked] = field(init=False, default_factory=dict)
    _by_task: dict[RemoteTaskId, Tracked] = field(init=False, default_factory=dict)
    _round_at: int = field(init=False, default=0)
    """No round begins before this."""
    _rest_until: int = field(init=False, default=0)
    """Nothing is read before this, however it hurries."""
    due: dict[RemoteTaskId, Tracked] = field(init=False, default_factory=dict)
    """What the present round still has to read."""
    hurried: dict[RemoteTaskId, Tracked] = field(init=False, default_factory=dict)
    """What is read before and between rounds."""

    def __post_init__(self) -> None:
        self._announced = deque([self.webhooks] * ENDS, maxlen=ENDS)

    def __len__(self) -> int:
        return len(self._jobs)

    def jobs(self) -> Collection[JobKey]:
        """Every job in it."""
        return self._jobs.keys()

    def of(self, key: JobKey) -> Tracked | None:
        """The entry of a job."""
        return self._jobs.get(key)

    def of_task(self, task_id: RemoteTaskId) -> Tracked | None:
        """The entry of a task."""
        return self._by_task.get(task_id)

    def add(self, tracked: Tracked) -> None:
        """Follow a job, instead of what was followed under its key."""
        self.drop(tracked.job.key)
        self._jobs[tracked.job.key] = tracked
        if tracked.job.task_id is not None:
            self._by_task[tracked.job.task_id] = tracked

    def drop(self, key: JobKey) -> None:
        """Follow it no longer."""
        tracked = self._jobs.pop(key, None)
        if tracked is not None and tracked.job.task_id is not None:
            for where in (self._by_task, self.due, self.hurried):
                where.pop(tracked.job.task_id, None)

    def end(self, tracked: Tracked) -> None:
        """Its task has ended. Webhooks may go to another process, or get lost on their way: what came of them counts."""
        self.drop(tracked.job.key)
        self._announced.append(tracked.webhook_at > 0)
        self.webhooks = sum(self._announced) >= ENDS - 1

    def expedite(self, tracked: Tracked, now: int) -> None:
        """Read it as soon as possible."""
        tracked.webhook_at = now
        if tracked.job.task_id is not None:
            self.hurried[tracked.job.task_id] = tracked

    def hurries(self, now: int) -> bool:
        """Whether something is to be read before the next round."""
        return bool(self.hurried) and now >= self._rest_until

    def done(self, task_id: RemoteTaskId, asked_at: int) -> None:
        """It was read. An answer to a question older than the reason to hurry does not settle that one."""
        self.due.pop(task_id, None)
        hurried = self.hurried.get(task_id)
        if hurried is not None and hurried.webhook_at <= asked_at:
            del self.hurried[task_id]

    # -- rounds ------------------------------------------------------------------------------------------

    def may_be_read_at(self, due_at: int) -> int:
        """When something that falls due then is read."""
        return max(due_at, self._round_at)

    def next_at(self) -> int | None:
        """When the next round begins; None with nothing to read."""
        soonest = min((t.due_at for t in self._by_task.values()), default=None)
        return None if soonest is None else self.may_be_read_at(soonest)

    def begin_round(self, now: int) -> None:
        """Put on this round's list what is due, and what soon will be; nothing if it is not time for a round."""
        self.due.clear()
        if now < self._round_at:  # before a look at thousands of jobs
            return
        at = self.next_at()
        if at is not None and at <= now:
            until = now + TOGETHER_MS
            self.due.update((id_, t) for id_, t in self._by_task.items() if t.due_at <= until)

    def end_round(self, began: int, reads: int) -> None:
        """A round is over: its price says when the next may begin. What it left unread does not wait for that."""
        apart = round_ms(reads, self.reads_per_second, self.chance(), webhooks=self.webhooks)
        self._round_at = 0 if self.due else began + apart

    def pull_in(self, now: int) -> None:
        """The clock was set: read everything now, whatever time was meant."""
        self._round_at = min(self._round_at, now)
        self._rest_until = min(self._rest_until, now)
        for tracked in self._jobs.values():
            tracked.due_at = min(tracked.due_at, now)
            tracked.read_at = min(tracked.read_at, now)
            tracked.stored_at = min(tracked.stored_at, now)
            tracked.missing_since = min(tracked.missing_since, now)
            tracked.webhook_at = min(tracked.webhook_at, now)

    def put_off(self, until: int, *, rest_until: int) -> list[Tracked]:
        """Leave everything unread until then, and what hurries meanwhile until the other; returns it."""
        unread = list({**self.due, **self.hurried}.values())
        for tracked in unread:
            tracked.due_at = until
        self.due.clear()
        self.hurried.clear()
        self._round_at, self._rest_until = until, rest_until
        return unread
