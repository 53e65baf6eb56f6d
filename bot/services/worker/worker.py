"""The engine room: claims rows, gives each to the one who knows what to do, keeps the leases, and stops in good order.
Never here: what any step means."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import Job, JobState
from bot.domain.schedule import LEASE_MS, MINUTE, SECOND, backoff_ms, has_timed_out
from bot.domain.settling import window_of
from bot.domain.tenancy import NO_CEILING
from bot.errors import EaselError, LeaseLost, StorageTrouble
from bot.services.worker.tracker import Tracker
from bot.services.worker.tracker_pool import Trackers
from bot.services.worker.unknown_buttons import UnknownButtons

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, JobStore, Metrics, Readings
    from bot.domain.tenancy import Ceiling
    from bot.services.accounts.accounts import Accounts
    from bot.services.worker.delivery import Delivery
    from bot.services.worker.progress import ProgressEditor
    from bot.services.worker.reconcile import Reconciler
    from bot.services.worker.submission import Submitter

log = logging.getLogger(__name__)

SENDERS: Final = 32
"""Submissions in flight in this process; apart from the others, so that a hanging upstream delays no delivery."""
MAX_DELIVERIES: Final = 16
"""Deliveries at the same time: each may hold a picture in memory."""
SEARCHERS: Final = 4
"""Unclear jobs looked for at the same time: each reads pages of the task list."""
CLAIM: Final = 256
"""Rows taken in one claim."""
MOST_BUSY: Final = 2_048
"""Steps begun or waiting for a hand; past that, rows wait in the database for another worker."""
IDLE_MS: Final = 5 * SECOND
"""A lost wake-up costs at most this."""
SOONEST_MS: Final = 50
REST: Final = 4
"""After a look for work it rests so many times as long as the look took: thousands of steps wake it, each row that
somebody holds is passed over again, and looking must not take more than a fifth of the time,"""
LONGEST_REST_MS: Final = 400
"""nor anybody's patience."""
RENEW_MS: Final = LEASE_MS // 3


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Worker:
    """Runs jobs of any process; several workers share one database through leases."""

    owner: str
    store: JobStore
    submitter: Submitter
    reconciler: Reconciler
    delivery: Delivery
    editor: ProgressEditor
    accounts: Accounts
    webhooks: bool
    reads_per_second: float
    clock: Clock
    metrics: Metrics
    chance: Callable[[], float]
    max_running: int
    usual: Ceiling = NO_CEILING
    trackers: Trackers = field(init=False)
    """One for each account of the image API."""
    _wake: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _stopping: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _claiming: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    """Held while a claim is on its way."""
    _busy: dict[JobKey, asyncio.Task[None]] = field(init=False, default_factory=dict)
    _sending: set[JobKey] = field(init=False, default_factory=set)
    _delivery_slots: asyncio.Semaphore = field(
        init=False, default_factory=lambda: asyncio.Semaphore(MAX_DELIVERIES)
    )
    _searchers: asyncio.Semaphore = field(init=False, default_factory=lambda: asyncio.Semaphore(SEARCHERS))
    _unknown: UnknownButtons = field(init=False, default_factory=UnknownButtons)
    _dropped: set[JobKey] = field(init=False, default_factory=set)
    _astray: bool = field(init=False, default=False)
    """Whether rows may be held in this worker's name that it does not know of: the answer of their claim was lost."""
    _group: asyncio.TaskGroup | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.trackers = Trackers(self.accounts.fixed, self._tracker)

    def _tracker(self, api: Readings) -> Tracker:
        return Tracker(
            store=self.store,
            api=api,
            clock=self.clock,
            metrics=self.metrics,
            chance=self.chance,
            on_changed=self.editor.changed,
            on_ended=self.ended,
            on_preview=self.editor.previews.seen,
            webhooks=self.webhooks,
            reads_per_second=self.reads_per_second,
        )

    def wake(self) -> None:
        """There is work (the `Wakeup` port)."""
        self._wake.set()

    def receive_webhook(self, key: JobKey, *, ended: bool) -> None:
        """A webhook spoke of a job."""
        self.trackers.receive_webhook(key, ended=ended)

    def ended(self, job: Job) -> None:
        """A tracker saw a job end: deliver it, and give its place to the next one."""
        self._unknown.note(job)
        self._spawn(job, self._deliver)
        self._wake.set()

    def clock_stepped(self, now: int) -> None:
        """The clock was set: nothing waits for a time of the old one."""
        self.trackers.clock_stepped(now)
        self._wake.set()

    async def run(self) -> None:
        """Work until `stop`. A side task that dies takes the worker down with it, loudly."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            sides = [
                group.create_task(self._keep_leases(), name="leases"),
                group.create_task(self.editor.run(), name="editor"),
            ]
            self.trackers.start(group)
            try:
                await self._dispatch()
                self.trackers.stop()
                await self._finish()
            finally:
                self.trackers.stop()
                for side in sides:
                    side.cancel()

    async def _finish(self) -> None:
        """Keep the leases of steps in flight until they end: what is paid for would be taken over. The rest is free at once."""
        while True:
            try:
                await self._let_go_unknown()
            except StorageTrouble as trouble:
                log.warning("leases_not_returned", extra={"reason": str(trouble)})
            if not self._busy:
                return
            await asyncio.wait(list(self._busy.values()), return_when=asyncio.FIRST_COMPLETED)

    async def stop(self, within: float) -> None:
        """Claim nothing more, let steps in flight finish for `within` seconds, and what follows; then give every lease back.

        What is cut off while submitting is settled through the task list by whoever claims it next.
        """
        self._stopping.set()
        self._wake.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                async with self._claiming:
                    pass  # what it brings is given back
                while self._busy:
                    await asyncio.wait(list(self._busy.values()), return_when=asyncio.FIRST_COMPLETED)
        while self._busy:
            for task in list(self._busy.values()):
                task.cancel()
            await asyncio.wait(list(self._busy.values()))
            await asyncio.sleep(0)  # their done callbacks empty the list
        if self._claiming.locked():
            return  # what it brings would be nobody's before it is given back: `_finish` lets go of everything then
        try:
            await self.store.abandon(self.owner)
        except StorageTrouble as trouble:
            log.warning("leases_not_returned", extra={"reason": str(trouble)})

    # -- claiming ----------------------------------------------------------------------------------------

    async def _dispatch(self) -> None:
        troubles = 0
        while not self._stopping.is_set():
            self._wake.clear()
            began, claimed = self.clock.now(), 0
            try:
                async with self._claiming:
                    claimed, due = await self._claim()
                wait = 0 if claimed else self._idle_ms(due)
            except StorageTrouble as trouble:
                troubles += 1
                self._astray = True
                wait = backoff_ms(troubles, self.chance(), first=SECOND, cap=15 * SECOND)
                log.error("claiming_failed", extra={"reason": str(trouble)})  # noqa: TRY400 - the reason is the whole story
            else:
                troubles = 0
            rest = min(LONGEST_REST_MS, REST * (self.clock.now() - began))
            if rest and claimed < CLAIM:
                await self.clock.pause(rest / SECOND)
            if wait and not self._stopping.is_set():
                await self.clock.pause(wait / SECOND, self._wake)

    def _idle_ms(self, due: int | None) -> int:
        """Until the next row falls due, or the idle time has passed."""
        return IDLE_MS if due is None else min(IDLE_MS, max(due - self.clock.now(), SOONEST_MS))

    async def _claim(self) -> tuple[int, int | None]:
        """Take what is due; returns how many rows were taken, and when the next one falls due."""
        now = self.clock.now()
        if len(self._busy) >= MOST_BUSY:
            return 0, now
        if self._astray and (n := await self._let_go_unknown()):
            log.warning("leases_astray", extra={"n": n})
        work, queued, due, trouble = await self.store.claim(
            self.owner,
            now,
            lease_ms=LEASE_MS,
            limit=CLAIM,
            places=SENDERS - len(self._sending),
            max_running=self.max_running,
            usual=self.usual,
        )
        if self._stopping.is_set():  # nothing of it is begun; `_finish` lets the rest go
            await self._give_back(queued)
            return 0, due
        for job in work:
            self._assign(job)
        for job in queued:
            self._sending.add(job.key)
            self._spawn(job, self._submit)
        if queued:
            self.editor.queue_moved(queued)
        if trouble is not None:
            raise trouble
        return len(work) + len(queued), due

    async def _give_back(self, unsent: Sequence[Job]) -> None:
        """Put jobs that were marked as being sent back into line, as they stood there."""
        for job in unsent:
            try:
                await self.store.release(replace(job, state=JobState.QUEUED, sent_at=None))
            except (LeaseLost, StorageTrouble) as trouble:
                log.warning("job_not_given_back", extra={"job": job.key, "reason": str(trouble)})

    def _assign(self, job: Job) -> None:
        if job.state in {JobState.SUBMITTING, JobState.UNCLEAR}:
            self._spawn(job, self._settle)
        elif job.is_terminal and not job.is_delivered:
            self._spawn(job, self._deliver)
        else:
            self._follow(job)

    # -- steps -------------------------------------------------------------------------------------------

    async def _submit(self, job: Job) -> None:
        self.editor.changed(job)
        try:
            after = await self.submitter.send(job)
        finally:
            self._sending.discard(job.key)
        self._after_sending(after)

    async def _settle(self, job: Job) -> None:
        async with self._searchers:
            after = await self.reconciler.settle(job)
        self._after_sending(after)

    def _after_sending(self, job: Job) -> None:
        if job.is_terminal:
            self.ended(job)
            return
        if job.task_id is not None and window_of(job) is None:
            self._follow(job)
        self.editor.changed(job)
        self._wake.set()

    async def _deliver(self, job: Job) -> None:
        async with self.editor.slots.of(job, self.clock.now()), self._delivery_slots:
            await self.delivery.deliver(job)

    def _follow(self, job: Job) -> None:
        tracker = self.trackers.get(job.account)
        if tracker is None:
            self._spawn(job, self._open_account)
        else:
            tracker.take(job)

    async def _open_account(self, job: Job) -> None:
        """Follow the first job of an account in this process, or come back when its key may be there again."""
        if await self.accounts.find(job.account) is None:
            log.error("account_unknown", extra={"job": job.key, "account": job.account})
            now = self.clock.now()
            if job.state is not JobState.FAILED and has_timed_out(job, now):
                lost = job.failed(Failure(FailureKind.TIMED_OUT), now)
                await self.store.save(lost)
                self.ended(lost)
            else:
                await self._put_off(job, 5 * MINUTE)
            return
        reader = self.accounts.reader(job.account)
        self.trackers.opened(job.account, reader, self.clock.now()).take(job)

    async def _put_off(self, job: Job, wait_ms: int) -> None:
        held = await self.store.get(job.key)  # with what was written of it since it was claimed
        if held is None or (held.owner, held.fence) != (self.owner, job.fence):
            raise LeaseLost(job.key)
        await self.store.release(held.put_off(due_at=self.clock.now() + wait_ms))

    # -- hands -------------------------------------------------------------------------------------------

    def _spawn(self, job: Job, step: Callable[[Job], Awaitable[None]]) -> None:
        """Run a step in a task of its own, after the job's earlier one if that is not quite done."""
        if self._group is None:
            raise RuntimeError("the worker is not running")
        task = self._group.create_task(
            self._watched(job, step, after=self._busy.get(job.key)), name=f"job {job.key}"
        )
        self._busy[job.key] = task
        task.add_done_callback(lambda done: self._free(job.key, done))

    def _free(self, key: JobKey, task: asyncio.Task[None]) -> None:
        if self._busy.get(key) is task:
            del self._busy[key]
        self._wake.set()

    async def _watched(
        self, job: Job, step: Callable[[Job], Awaitable[None]], *, after: asyncio.Task[None] | None
    ) -> None:
        """Run one step; whatever goes wrong concerns this job only."""
        try:
            if after is not None:
                await asyncio.wait([after])
            await step(job)
        except LeaseLost:
            self.metrics.count("leases_lost")
            log.info("job_taken_over", extra={"job": job.key})
        except StorageTrouble as trouble:
            # Nothing was written: the row is let go and claimed again as it stands.
            self._dropped.add(job.key)
            log.warning("step_not_stored", extra={"job": job.key, "reason": str(trouble)})
        except Exception:
            log.exception("step_failed", extra={"job": job.key, "state": job.state.value})
            await self._shelve(job)

    async def _shelve(self, job: Job) -> None:
        """A bug stopped this job: bring it back later, more and more rarely, instead of in a tight loop."""
        try:
            await self._put_off(job, backoff_ms(job.tries, self.chance(), first=5 * SECOND, cap=10 * MINUTE))
        except LeaseLost:
            log.info("job_taken_over", extra={"job": job.key})
        except EaselError as error:
            self._dropped.add(job.key)
            log.warning("job_not_shelved", extra={"job": job.key, "reason": str(error)})

    # -- leases ------------------------------------------------------------------------------------------

    def _known(self) -> set[JobKey]:
        """What is worked on here, followed, or about to be let go."""
        return {*self._busy, *self.trackers.jobs(), *self._dropped}

    async def _let_go_unknown(self) -> int:
        """Give back what nothing here works on, while no claim runs: nobody else takes what is renewed for ever."""
        held = await self.store.held(self.owner)
        unknown = held - self._known()
        if unknown:
            await self.store.disown(self.owner, unknown)
        self._astray = False
        return len(unknown)

    async def _keep_leases(self) -> None:
        while True:
            await self.clock.pause(RENEW_MS / SECOND)
            self.trackers.rest(self.clock.now())
            try:
                if self._dropped:
                    dropped = frozenset(self._dropped)
                    await self.store.disown(self.owner, dropped)
                    self._dropped -= dropped  # and not those that came meanwhile
                held = await self.store.renew(self.owner, self.clock.now() + LEASE_MS)
                self._astray = self._astray or held > len(self._known())
            except StorageTrouble as trouble:
                log.warning("leases_not_renewed", extra={"reason": str(trouble)})
