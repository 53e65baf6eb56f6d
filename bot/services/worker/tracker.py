"""One scheduler for all live jobs of an account: pages cover many, single queries the rest.
Never here: what is shown, and how a finished job reaches people."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from bot.domain.capabilities import capabilities_of
from bot.domain.failures import Failure, FailureKind, as_it_stands, read_failure
from bot.domain.jobs import Job, JobState
from bot.domain.schedule import (
    MINUTE,
    QUEUE_FULL_CAP_MS,
    SECOND,
    WATCH_EVERY_MS,
    backoff_ms,
    has_timed_out,
    hold_ms,
    poll_delay_ms,
)
from bot.domain.server_side import HOLD_BUSY
from bot.domain.settling import was_put_back
from bot.domain.tasks import RemoteTaskId, TaskSnapshot, TaskStatus
from bot.domain.window_ports import WindowApi
from bot.errors import LeaseLost, RemoteError, StorageTrouble
from bot.services.worker import reading
from bot.services.worker.page_scan import PageScan
from bot.services.worker.poll_schedule import PollSchedule, Tracked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, JobStore, Metrics, Readings

T = TypeVar("T")
log = logging.getLogger(__name__)

PAGES_FROM: Final = 3
"""With this many jobs due, a page of twenty is worth trying before single queries."""
QUERIES_AT_ONCE: Final = 8
QUERIES_A_ROUND: Final = 64
"""What a round leaves unread begins the next, without delay."""
BATCH: Final = 50
"""Tasks in one call that names them, where the account knows such a call."""
LISTS_REST_MS: Final = MINUTE
"""Calls for many tasks that failed are left alone for so long, and their tasks read singly."""
IDLE_S: Final = 30.0
GRACE_MS: Final = 5 * SECOND
PICTURE_LOOKS: Final = 4
"""SUCCESS without a picture is read again this often: the address may come a little later (contract §8 row 9)."""
UNKNOWN_LOOKS: Final = 5
UNKNOWN_FOR_MS: Final = 2 * MINUTE
"""A task that the service denies this often, for this long, is gone."""
STORE_PROGRESS_EVERY_MS: Final = 15 * SECOND
"""Percentages are re-read after a restart anyway, so not each one is worth a commit."""
POLL_WITH_WEBHOOKS_MS: Final = 15 * SECOND
"""While webhooks announce what ends here, polling slows down to this, but never stops."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Tracker:
    """Follows the submitted jobs of one account. Its memory is only a schedule; the truth is in the rows."""

    store: JobStore
    api: Readings
    clock: Clock
    metrics: Metrics
    chance: Callable[[], float]
    on_changed: Callable[[Job], None]
    on_ended: Callable[[Job], None]
    on_preview: Callable[[Job, str], None]
    """Where the service shows what there is of a running job's picture; told before the change that it came with."""
    webhooks: bool
    reads_per_second: float
    last_reading_at: int | None = field(init=False, default=None)
    """When upstream last answered a reading; health looks at it."""
    _schedule: PollSchedule = field(init=False)
    _scan: PageScan = field(init=False, default_factory=PageScan)
    _wake: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _asleep_until: int = field(init=False, default=0)
    _reads: int = field(init=False, default=0)
    _answers: int = field(init=False, default=0)
    """In this round."""
    _troubles: int = field(init=False, default=0)
    _lists_from: int = field(init=False, default=0)
    """Before this, nothing is read by calls for many tasks."""

    def __post_init__(self) -> None:
        self._schedule = PollSchedule(
            reads_per_second=self.reads_per_second, webhooks=self.webhooks, chance=self.chance
        )

    def __len__(self) -> int:
        return len(self._schedule)

    def jobs(self) -> Collection[JobKey]:
        """Every job that is followed."""
        return self._schedule.jobs()

    def take(self, job: Job) -> None:
        """Follow a job whose lease this worker holds. A job just found after a restart is read at once."""
        now = self.clock.now()
        fresh = job.state is JobState.SUBMITTED and job.submitted_at == job.changed_at
        due = now + poll_delay_ms(0, self.chance()) if fresh and now - job.changed_at < SECOND else now
        self._schedule.add(Tracked(job, due, stored_at=now))
        self._wake_for(due)

    def clock_stepped(self, now: int) -> None:
        """The clock was set: read everything now."""
        self._schedule.pull_in(now)
        self._lists_from = min(self._lists_from, now)
        if self.last_reading_at is not None:
            self.last_reading_at = now
        self._wake.set()

    def drop(self, key: JobKey) -> None:
        """Stop following a job (it was taken over)."""
        self._schedule.drop(key)

    def receive_webhook(self, key: JobKey, *, ended: bool) -> None:
        """A webhook spoke of a job: read it soon. The webhook's own words are never believed."""
        tracked = self._schedule.of(key)
        if tracked is None:
            return
        now = self.clock.now()
        if ended:
            self._schedule.expedite(tracked, now)
            self._wake.set()
            return
        soonest = max(now, tracked.read_at + 3 * SECOND)
        if soonest < tracked.due_at:
            tracked.due_at = soonest
            self._wake_for(soonest)

    def _wake_for(self, due_at: int) -> None:
        """Thousands of jobs report all the time: wake up only if that changes when to."""
        if self._schedule.may_be_read_at(due_at) < self._asleep_until:
            self._wake.set()

    async def run(self) -> None:
        """Track until cancelled."""
        while True:
            self._wake.clear()
            now, at = self.clock.now(), self._schedule.next_at()
            if self._schedule.hurries(now) or (at is not None and at <= now):
                await self._tick(now)
                continue
            wait = IDLE_S if at is None else min(IDLE_S, (at - now) / SECOND)
            self._asleep_until = now + int(wait * SECOND)
            await self.clock.pause(wait, self._wake)
            self._asleep_until = 0

    async def _tick(self, began: int) -> None:
        """Read what hurries, and every job that is due, once."""
        self._reads = self._answers = 0
        self._schedule.begin_round(began)
        due = self._schedule.due
        in_round = bool(due)
        try:
            await self._read_hurried()
            if len(due) >= PAGES_FROM and began >= self._lists_from:
                capabilities = capabilities_of(self.api)
                if capabilities.batch and isinstance(self.api, WindowApi):
                    await self._read_together(self.api, due)
                elif capabilities.pages:
                    await self._read_pages()
            await self._read_singly(due)
        except RemoteError as error:
            self._troubles += 1
            if self._troubles == 1:  # told once; the next tries would tell the same
                told = {"fault": error.fault.value, "reason": error.message, "due": len(due)}
                log.warning("reading_failed", extra=told)
            await self._after_trouble(error)
        else:
            if self._troubles:
                log.info("reading_again", extra={"failed": self._troubles})
            self._troubles = 0
            if in_round:
                self._schedule.end_round(began, self._reads)

    # -- reading -----------------------------------------------------------------------------------------

    async def _read_hurried(self) -> None:
        """Read singly what cannot wait; too many of them are better found on pages, like everything else."""
        if len(self._schedule.hurried) > QUERIES_AT_ONCE:
            self._schedule.due.update(self._schedule.hurried)
        else:
            await self._read_singly(self._schedule.hurried)

    async def _read_pages(self) -> None:
        """Cover as many due jobs as pages do cheaply; what was read leaves the schedule."""
        self._scan.start(self._schedule.due.keys())
        while (number := self._scan.next_page()) is not None:
            self._reads += 1
            asked_at = self.clock.now()
            page = await self._for_many(self.api.page(number, size=PageScan.PAGE_SIZE))
            if page is None:
                return
            self.metrics.count("upstream_reads", kind="page")
            self._scan.record_page(page)
            for seen in page.tasks:
                tracked = self._schedule.of_task(seen.task_id)
                if tracked is not None:
                    await self._take_in(tracked, seen, seen.task_id, asked_at)
            await self._read_hurried()

    async def _read_together(self, api: WindowApi, wanted: dict[RemoteTaskId, Tracked]) -> None:
        """Read these by their ids, many in one call."""
        waiting = list(wanted.items())
        while waiting:
            batch, waiting = waiting[:BATCH], waiting[BATCH:]
            self._reads += 1
            asked_at = self.clock.now()
            seen = await self._for_many(api.query_many([task_id for task_id, _ in batch]))
            if seen is None:
                return
            self.metrics.count("upstream_reads", kind="batch")
            for task_id, tracked in batch:
                await self._take_in(tracked, seen.get(task_id), task_id, asked_at)
            await self._read_hurried()

    async def _for_many(self, call: Awaitable[T]) -> T | None:
        """What it brought; None where it may be ill alone, so that single queries are worth a try."""
        try:
            return await call
        except RemoteError as error:
            if not reading.may_be_alone(error):
                raise
            log.warning("list_failed", extra={"fault": error.fault.value, "reason": error.message})
            self._lists_from = self.clock.now() + LISTS_REST_MS
            return None

    async def _read_singly(self, wanted: dict[RemoteTaskId, Tracked]) -> None:
        """Read these one by one, a few at a time; past some, jobs taken meanwhile may make pages worth while again."""
        waiting = list(wanted.items())[:QUERIES_A_ROUND]
        while waiting:
            batch, waiting = waiting[:QUERIES_AT_ONCE], waiting[QUERIES_AT_ONCE:]
            self._reads += len(batch)
            asked_at = self.clock.now()
            readings = await asyncio.gather(
                *(self.api.query(task_id) for task_id, _ in batch), return_exceptions=True
            )
            for (task_id, tracked), seen in zip(batch, readings, strict=True):
                self.metrics.count("upstream_reads", kind="query")
                if reading.may_be_alone(seen):
                    await self._put_off(tracked, task_id, asked_at)
                elif not isinstance(seen, BaseException):
                    await self._take_in(tracked, seen, task_id, asked_at)
            for failed in readings:
                if isinstance(failed, BaseException) and not (self._answers and reading.may_be_alone(failed)):
                    raise failed

    async def _put_off(self, tracked: Tracked, task_id: RemoteTaskId, asked_at: int) -> None:
        """Its own answer cannot be read: it waits by itself, longer each time."""
        now = self.clock.now()
        self._schedule.done(task_id, asked_at)
        tracked.unread += 1
        tracked.due_at = now + backoff_ms(tracked.unread, self.chance(), first=2 * SECOND)
        await self._give_up(tracked, now)

    async def _after_trouble(self, error: RemoteError) -> None:
        """The service gave no reading: come back later, and let deadlines pass meanwhile."""
        now = self.clock.now()
        wait, rest = backoff_ms(self._troubles, self.chance(), first=2 * SECOND), reading.rest_ms(error)
        for tracked in self._schedule.put_off(now + max(wait, rest), rest_until=now + rest):
            await self._give_up(tracked, now)

    async def _give_up(self, tracked: Tracked, now: int) -> None:
        """End what was waited for long enough, though nobody has read it."""
        if tracked.job.state is not JobState.FAILED and has_timed_out(tracked.job, now):
            await self._end(tracked, tracked.job.failed(Failure(FailureKind.TIMED_OUT), now))

    # -- what a reading means ----------------------------------------------------------------------------

    async def _take_in(
        self, tracked: Tracked, seen: TaskSnapshot | None, task_id: RemoteTaskId, asked_at: int
    ) -> None:
        now = self.clock.now()
        self._schedule.done(task_id, asked_at)
        self.last_reading_at = tracked.read_at = now
        self._answers += 1
        tracked.unread = 0
        tracked.due_at = now + self._delay(tracked.job, now)
        if self._schedule.of(tracked.job.key) is not tracked:  # dropped while the answer was on its way
            return
        if tracked.job.state is JobState.FAILED:
            await self._look_late(tracked, seen, now)
        elif seen is None:
            await self._unknown(tracked, now)
        elif seen.has_failed:
            await self._remote_failure(tracked, seen, now)
        elif seen.status is TaskStatus.MODAL and not reading.may_be_filled(self.api, tracked.job, now):
            failure = reading.given_up(self.api, tracked.job, FailureKind.NEEDS_INPUT)
            await self._end(tracked, tracked.job.failed(failure, now))
        elif seen.status is TaskStatus.SUCCESS and not reading.shows_something(tracked.job, seen):
            await self._pictureless(tracked, now)
        else:
            await self._progressed(tracked, seen, now)

    def _delay(self, job: Job, now: int) -> int:
        if job.state is JobState.FAILED:
            return WATCH_EVERY_MS
        delay = poll_delay_ms(now - (job.submitted_at or job.created_at), self.chance())
        return max(delay, POLL_WITH_WEBHOOKS_MS) if self._schedule.webhooks else delay

    async def _progressed(self, tracked: Tracked, seen: TaskSnapshot, now: int) -> None:
        before = tracked.job
        after = before.observed(seen, now)
        tracked.misses = 0
        if after.is_terminal:
            await self._end(tracked, after)
        elif has_timed_out(after, now) or reading.never_started(after, now):
            await self._end(tracked, after.failed(Failure(FailureKind.TIMED_OUT), now))
        elif after != before:
            if after.state is not before.state or now - tracked.stored_at >= STORE_PROGRESS_EVERY_MS:
                if not await self._write(tracked, after):
                    return  # taken over, and perhaps cancelled; or it is read again
                tracked.stored_at = now
            tracked.job = after
            if after.state is JobState.RUNNING and seen.discord_url:
                self.on_preview(after, seen.discord_url)
            self.on_changed(after)

    async def _remote_failure(self, tracked: Tracked, seen: TaskSnapshot, now: int) -> None:
        job, reason = tracked.job, seen.fail_reason or seen.status.value
        failure = read_failure(reason)
        full = failure.kind is FailureKind.QUEUE_FULL
        if full and reading.has_begun(job, seen):  # it would be drawn, and paid, once more
            full, failure = False, as_it_stands(reason)
        cancelled = seen.status is TaskStatus.CANCEL or failure.kind is FailureKind.SERVER_CANCELLED
        withdrawn = cancelled and seen.started_at is None
        if job.unwanted and (full or (withdrawn and job.state is JobState.SUBMITTED)):
            # Upstream works on nothing of it, and nobody wants it sent again.
            await self._end(tracked, job.requeued(HOLD_BUSY, due_at=now).cancelled(now))
            return
        tries, age = job.refusals(HOLD_BUSY), now - job.created_at
        wait = hold_ms(tries, self.chance(), first=10 * SECOND, most=QUEUE_FULL_CAP_MS, age=age)
        if (
            full and wait is not None and not was_put_back(job)
        ):  # else it may have been sent again since the copy
            again = job.requeued(HOLD_BUSY, due_at=now + wait)
            if await self._write(tracked, again, release=True):  # else it is read again
                self.drop(job.key)
                self.on_changed(again)
            return
        await self._end(tracked, job.failed(failure, now))

    async def _pictureless(self, tracked: Tracked, now: int) -> None:
        tracked.pictureless += 1
        tracked.due_at = now + GRACE_MS
        if tracked.pictureless >= PICTURE_LOOKS:
            await self._end(tracked, tracked.job.failed(Failure(FailureKind.NO_PICTURE), now))

    async def _unknown(self, tracked: Tracked, now: int) -> None:
        tracked.misses += 1
        tracked.missing_since = tracked.missing_since if tracked.misses > 1 else now
        if tracked.misses >= UNKNOWN_LOOKS and now - tracked.missing_since >= UNKNOWN_FOR_MS:
            failure = reading.given_up(self.api, tracked.job, FailureKind.GONE)
            await self._end(tracked, tracked.job.failed(failure, now))

    async def _look_late(self, tracked: Tracked, seen: TaskSnapshot | None, now: int) -> None:
        """A job that timed out with us: only a picture is news now."""
        if (
            seen is not None
            and seen.status is TaskStatus.SUCCESS
            and reading.shows_something(tracked.job, seen)
        ):
            await self._end(tracked, tracked.job.observed(seen, now))
            return
        is_over = (seen is not None and seen.has_failed) or not tracked.job.is_watched(now)
        if is_over and await self._write(tracked, tracked.job.unwatched(), release=True):
            self.drop(tracked.job.key)

    # -- writing -----------------------------------------------------------------------------------------

    async def _end(self, tracked: Tracked, ended: Job) -> None:
        """Store an outcome and hand it to delivery; the lease stays."""
        if await self._write(tracked, ended):
            self._schedule.end(tracked)
            self.metrics.count("jobs_finished", state=ended.state.value, pool=ended.pool.value)
            log.info("job_ended", extra={"job": ended.key, "state": ended.state.value})
            self.on_ended(ended)

    async def _write(self, tracked: Tracked, job: Job, *, release: bool = False) -> bool:
        try:
            await (self.store.release(job) if release else self.store.save(job))
        except LeaseLost:
            self.metrics.count("leases_lost")
            self.drop(job.key)
            return False
        except StorageTrouble as trouble:
            # The reading is not lost: the next one says the same.
            log.warning("reading_not_stored", extra={"job": job.key, "reason": str(trouble)})
            tracked.due_at = self.clock.now() + GRACE_MS
            return False
        return True
