"""Submissions whose outcome is unknown: looked for in the paged task list, adopted or failed, never sent again.
Never here: submitting."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.domain.capabilities import capabilities_of
from bot.domain.failures import Failure, FailureKind, is_queue_full
from bot.domain.inputs import sent_prompt
from bot.domain.intake.rewritten import may_be_rewrite_of
from bot.domain.jobs import Job, JobKind, JobState
from bot.domain.pools import Pool
from bot.domain.schedule import (
    HOUR,
    MINUTE,
    SECOND,
    UNCLEAR_CAP_MS,
    UNCLEAR_GRACE_MS,
    backoff_ms,
)
from bot.domain.settling import (
    FILL_PATIENCE_MS,
    CallOutcome,
    is_of_some_try,
    tag_of,
    was_put_back,
    window_filled,
    window_of,
)
from bot.domain.tasks import TaskStatus
from bot.domain.window_ports import WindowApi
from bot.errors import RemoteError, TaskTaken
from bot.services.worker.submission import without_window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.ports import Clock, JobStore, Metrics, Readings
    from bot.domain.tasks import TaskSnapshot
    from bot.services.accounts.accounts import Accounts

log = logging.getLogger(__name__)

PAGE_SIZE: Final = 20
MOST_PAGES: Final = 25
"""Pages read in one look: 500 tasks, far more than an account accepts within the window."""
EARLY_MS: Final = 2 * MINUTE
"""Upstream's clock may be behind ours by so much."""
LATE_MS: Final = 5 * MINUTE
"""A task whose submission began later than this after ours is not ours."""
PLAUSIBLE_MS: Final = 1_600_000_000_000
"""A smaller stamp is no time of this API: it is 0, or counts seconds."""
SHIFTS_MS: Final = (0, -8 * HOUR, 8 * HOUR)
"""Servers in China may print their own time of day as if it were UTC, or the other way round."""
LISTED_MS: Final = 24 * HOUR
"""For so long a job that was given up may still have a task in the list that only its action tells."""
LOOK_EVERY_MS: Final = 5 * SECOND
_SOMEWHERE: Final = "https://somewhere"
"""Stands for a picture's address that is not known: addresses are never compared, only where they stand."""


class _NotFound(StrEnum):
    """Why no task was found."""

    ABSENT = "absent"
    AMBIGUOUS = "ambiguous"
    """Several tasks, or several jobs, could belong together."""
    CROWDED = "crowded"
    """A twin of the job is being sent right now and may claim the task in a moment."""
    OUT_OF_TIME = "out_of_time"
    """One task could be it but for its time: it is, if no other shows up before the grace is over."""
    NO_LIST = "no_list"
    """The second engine keeps none: its answer was the picture, and it is gone."""
    OPEN_WINDOW = "open_window"
    """Its window may have been filled, and no worker there has begun."""


_PATIENCE: Final = {
    _NotFound.CROWDED: UNCLEAR_CAP_MS,
    _NotFound.OPEN_WINDOW: FILL_PATIENCE_MS,
    _NotFound.NO_LIST: 0,
    _NotFound.OUT_OF_TIME: 2 * UNCLEAR_GRACE_MS,
}


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Reconciler:
    """Settles unclear jobs."""

    store: JobStore
    accounts: Accounts
    clock: Clock
    metrics: Metrics
    chance: Callable[[], float]

    async def settle(self, job: Job) -> Job:
        """Look for an unclear job once; returns the row as it now stands.

        SUBMITTED: found and adopted (lease kept). UNCLEAR: look again later (released). FAILED: given up and
        refunded (lease kept). Raises `LeaseLost` if the job was taken over.
        """
        if job.state is JobState.SUBMITTING and not await self._can_have_been_sent(job):
            return await self._unsent(job)
        if job.state is JobState.SUBMITTING:  # its worker died between marking and hearing the answer
            job = job.unclear(due_at=self.clock.now())
            await self.store.save(job)
        now = self.clock.now()
        try:
            found = await self._found(job, now)
        except RemoteError as error:
            wait = backoff_ms(job.tries, self.chance(), first=5 * SECOND)
            return await self._again_or_lost(job, error.fault.value, job.changed_at + UNCLEAR_CAP_MS, wait)
        # Both count from when it became unclear: a call may have hung for a minute before that.
        if isinstance(found, _NotFound):
            patience = _PATIENCE.get(found, UNCLEAR_GRACE_MS)
            until = job.changed_at + patience
            return await self._again_or_lost(job, found.value, until, LOOK_EVERY_MS)
        met = job if window_of(job) is not None else without_window(job)
        adopted = met.submitted(found.task_id, now)
        try:
            await self.store.adopt(adopted)
        except TaskTaken:
            return await self._again_or_lost(job, "taken", job.changed_at + UNCLEAR_GRACE_MS, LOOK_EVERY_MS)
        self.metrics.count("reconciled", outcome="adopted")
        log.info("unclear_job_adopted", extra={"job": job.key, "task": found.task_id})
        return adopted

    async def _found(self, job: Job, now: int) -> TaskSnapshot | _NotFound:
        """Look where this account can be asked: at the window itself, by the tag, else among its latest tasks."""
        if job.pool is Pool.DRAW:
            return _NotFound.NO_LIST
        api = await self.accounts.reach(job.account)
        if not isinstance(api, WindowApi):
            return await self._looked(api, job, now)
        window_id = window_of(job)
        if window_id is not None:
            window = (await api.query_many([window_id])).get(window_id)
            outcome = window_filled(window, filled_at=job.changed_at, now=now)
            return window if window is not None and outcome is CallOutcome.ARRIVED else _NotFound.OPEN_WINDOW
        finding = await api.find(tag_of(job))
        if finding.task is not None:
            # A window whose opening nobody heard of was not filled, and costs nothing.
            return _NotFound.ABSENT if finding.task.status is TaskStatus.MODAL else finding.task
        pages = capabilities_of(api).pages
        if not pages or (finding.complete and not was_put_back(job)):
            return _NotFound.ABSENT
        return await self._looked(api, job, now)

    async def _looked(self, api: Readings, job: Job, now: int) -> TaskSnapshot | _NotFound:
        found = await self._match(job, await self._recent(api, job))
        if found is _NotFound.OUT_OF_TIME and now >= job.changed_at + UNCLEAR_GRACE_MS:
            # That it is the only one is said of the whole list.
            found = await self._match(job, await self._recent(api, job, whole=True), at_any_time=True)
        return found

    async def _unsent(self, job: Job) -> Job:
        """Back into the queue it goes, unless its requester cancelled it meanwhile (QUEUED, released; or CANCELLED)."""
        now = self.clock.now()
        waiting = job.requeued("hold.checking", due_at=now)
        if job.unwanted:
            waiting = waiting.cancelled(now)
            await self.store.save(waiting)
        else:
            await self.store.release(waiting)
        return waiting

    async def _can_have_been_sent(self, job: Job) -> bool:
        """A prompt with pictures is sent only after it was written down how upstream gets them."""
        if job.kind is not JobKind.IMAGINE or not job.inputs:
            return True
        return all(one.is_settled for one in await self.store.inputs(job.key))

    async def _again_or_lost(self, job: Job, why: str, until: int, wait_ms: int) -> Job:
        """Look again after `wait_ms`, or give up visibly once `until` has passed."""
        now = self.clock.now()
        if now < until:
            waiting = job.put_off(due_at=now + wait_ms)
            await self.store.release(waiting)
            return waiting
        lost = job.failed(Failure(FailureKind.LOST), now)
        await self.store.save(lost)
        self.metrics.count("reconciled", outcome="lost")
        log.warning("unclear_job_lost", extra={"job": job.key, "why": why})
        return lost

    async def _recent(self, api: Readings, job: Job, *, whole: bool = False) -> Sequence[TaskSnapshot]:
        """All tasks that began around the time of our submission.

        The order of the list is not promised (contract §1.6), so every page is read up to a bound; only when the
        pages come newest first may we stop at the first one that is entirely too old.
        """
        since = (job.sent_at or job.created_at) - EARLY_MS
        tasks: dict[str, TaskSnapshot] = {}
        newest_first = True
        number, last = 1, 1
        while number <= min(last, MOST_PAGES):
            page = await api.page(number, size=PAGE_SIZE)
            last = -(-page.total // PAGE_SIZE)
            ids = [int(t.task_id) for t in page.tasks if t.task_id.isdigit()]
            newest_first = newest_first and ids == sorted(ids, reverse=True)
            tasks.update((t.task_id, t) for t in page.tasks)
            stamps = [t.submitted_at for t in page.tasks if t.submitted_at is not None]
            if not whole and newest_first and stamps and max(stamps) < since:
                break
            number += 1
        return list(tasks.values())

    async def _sent_prompts(self, job: Job) -> list[str]:
        """What its words may have been as they were sent."""
        if job.kind is not JobKind.IMAGINE or not job.inputs:
            return [job.prompt]
        inputs = await self.store.inputs(job.key)
        known = sent_prompt(job.prompt, inputs)
        if all(one.is_settled for one in inputs):
            return [known]
        # It waited in a copy that was put back: its pictures went along since then, inside or from some address.
        placed = [one if one.is_settled else replace(one, address=_SOMEWHERE) for one in inputs]
        return [known, sent_prompt(job.prompt, placed)]

    async def _match(
        self, job: Job, tasks: Sequence[TaskSnapshot], *, at_any_time: bool = False
    ) -> TaskSnapshot | _NotFound:
        """Find the job's task: exactly by its webhook token, else by prompt and pool among nobody's tasks.

        Where no words tell it, its time has to: a task that only might be the job's is left alone.
        What a full queue ended may be its task from before it went back into ours: adopted, it would be sent once more.
        """
        for task in tasks:
            by_token = task.webhook_url and job.webhook_token in task.webhook_url
            is_ours = by_token or (task.tag and is_of_some_try(job, task.tag))
            if is_ours and not _was_sent_back(task):
                return task
        known = await self.store.known_tasks([t.task_id for t in tasks])
        prompts = await self._sent_prompts(job)
        now, sent = self.clock.now(), job.sent_at or job.created_at
        has_words = all(prompts) and job.kind not in _TASK_ACTION
        possible = [
            t
            for t in tasks
            if t.task_id not in known
            and any(_could_be(job, t, prompt) for prompt in prompts)
            and (has_words or _is_around(t.submitted_at, sent))
            and not _was_sent_back(t)
        ]
        if not possible:
            return _NotFound.ABSENT
        candidates = [t for t in possible if _time_allows(t.submitted_at, sent, now)]
        if not candidates:
            # Clocks go wrong in ways that look right, so a time alone excludes nothing. Ours may yet show up, though.
            if len(possible) > 1:
                return _NotFound.AMBIGUOUS
            if not at_any_time:
                return _NotFound.OUT_OF_TIME
            candidates = possible
        # Where its time does not say whose it is, it may be what somebody gave up long ago.
        in_time = all(_is_around(t.submitted_at, sent) for t in candidates)
        since = sent - (EARLY_MS if has_words else LISTED_MS) if in_time else 0
        rivals = [
            rival
            for rival in await self.store.rivals(job, since=since)
            if any(_might_claim(rival, job, task) for task in candidates)
        ]
        if any(r.state is JobState.SUBMITTING for r in rivals):
            return _NotFound.CROWDED
        # Jobs that are quite alike are interchangeable, as long as every task is one of theirs.
        alike = job.kind is JobKind.IMAGINE and not job.inputs and all(_is_twin(job, r) for r in rivals)
        if alike and len(candidates) <= 1 + len(rivals):
            return min(candidates, key=lambda t: int(t.task_id) if t.task_id.isdigit() else 0)
        # Buttons of one picture share its prompt, pictures that were sent along cannot be read back, and a prompt
        # may have been rewritten into another's: a wrong guess shows the wrong picture.
        if rivals or len(candidates) > 1:
            return _NotFound.AMBIGUOUS
        return candidates[0]


_TASK_ACTION: Final = {JobKind.BLEND: "BLEND", JobKind.DESCRIBE: "DESCRIBE"}
"""What a task calls its action (contract §2.3) where no prompt of ours tells it."""


def _was_sent_back(task: TaskSnapshot) -> bool:
    """Whether a full queue ended it. Words are judged at length, so it is asked last, and not of strangers' tasks."""
    return task.has_failed and is_queue_full(task.fail_reason or "")


def _could_be(job: Job, task: TaskSnapshot, prompt: str) -> bool:
    if task.webhook_url or task.tag:  # somebody else's token: ours would have matched
        return False
    if task.pool is not None and task.pool is not job.pool:
        return False
    action = (task.action or "").upper()
    if job.kind in _TASK_ACTION:
        return action == _TASK_ACTION[job.kind]
    if not prompt and action in _TASK_ACTION.values():  # they have no words either
        return False
    return _says(task, prompt)


def _says(task: TaskSnapshot, prompt: str, *, links: bool = True) -> bool:
    """Whether a task's words can be what became of a prompt; what was sent without any has none."""
    words = [one for one in (task.prompt, task.final_prompt) if one]
    return any(may_be_rewrite_of(prompt, one, links=links) for one in words) if prompt else not words


def _is_around(stamp: int | None, sent: int) -> bool:
    """Whether a task says that it was begun when a job was sent."""
    return stamp is not None and any(
        sent + shift - EARLY_MS <= stamp <= sent + shift + LATE_MS for shift in SHIFTS_MS
    )


def _time_allows(stamp: int | None, sent: int, now: int) -> bool:
    """Whether a task can have been begun when ours was: what tells apart tasks that could all be ours."""
    if stamp is None or stamp < PLAUSIBLE_MS or stamp > now + EARLY_MS:
        return True  # none, seconds, or a clock that goes wrong: it says nothing
    return _is_around(stamp, sent)


def _might_claim(rival: Job, job: Job, task: TaskSnapshot) -> bool:
    """Whether a task that could be a job's could be another unsettled one's just as well."""
    if rival.pool is Pool.DRAW or task.pool not in {None, rival.pool}:  # the second engine keeps no tasks
        return False
    if rival.kind in _TASK_ACTION:
        return (task.action or "").upper() == _TASK_ACTION[rival.kind]
    if not rival.prompt and rival.root == job.root:
        return True  # words of this chain may have been erased here, and not upstream
    links = not rival.inputs  # their addresses stood in what was sent
    return _says(task, rival.prompt, links=links)


def _is_twin(job: Job, other: Job) -> bool:
    alike = (other.kind, other.prompt, other.inputs) == (job.kind, job.prompt, job.inputs)
    return alike and (other.account, other.pool) == (job.account, job.pool)
