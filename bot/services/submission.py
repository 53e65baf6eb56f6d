"""Sending a job upstream: one call, at most once, and what its outcome means for the row.
Never here: choosing which job is next (the store does) and looking for lost submissions (`reconcile`)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from bot.domain.failures import Failure, FailureKind, failure_of
from bot.domain.jobs import Job, JobKind
from bot.domain.schedule import (
    QUEUE_FULL_CAP_MS,
    SECOND,
    UNREACHED_CAP_MS,
    backoff_ms,
)
from bot.errors import RemoteError, RemoteFault, StorageTrouble

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.ports import Clock, ImageApi, JobStore, Probe
    from bot.domain.tasks import RemoteTaskId

log = logging.getLogger(__name__)

FIRST_LOOK_MS: Final = 2 * SECOND
"""An unclear submission is looked for this soon: the list may need a moment to show it."""
SAVE_TRIES: Final = 20
"""How often the id of an accepted task is written again while the database is in trouble."""


class Submitter:
    """Sends claimed jobs."""

    def __init__(
        self,
        *,
        store: JobStore,
        accounts: Mapping[str, ImageApi],
        clock: Clock,
        probe: Probe,
        chance: Callable[[], float],
        webhook_address: Callable[[str], str | None],
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self._probe = probe
        self._chance = chance
        self._webhook_address = webhook_address

    async def send(self, job: Job) -> Job:
        """Send a job that is marked SUBMITTING and held by this worker; returns the row as it now stands.

        The result is SUBMITTED (lease kept), UNCLEAR, QUEUED again (both released) or FAILED (lease kept).
        Raises `GhostWrite` if the job was taken over meanwhile.
        """
        try:
            task_id = await self._call(job)
        except RemoteError as error:
            after = self._settled(job, error)
            self._probe.count("submissions", outcome=error.fault.value)
            log.info(
                "submission_refused",
                extra={"job": job.key, "fault": error.fault.value, "next": after.state.value},
            )
        else:
            after = job.submitted(task_id, self._clock.now())
            self._probe.count("submissions", outcome="accepted")
            log.info("job_submitted", extra={"job": job.key, "task": task_id, "pool": job.pool.value})
        await self._write(after)
        return after

    async def _call(self, job: Job) -> RemoteTaskId:
        api = self._accounts.get(job.account)
        if api is None:
            raise RemoteError(RemoteFault.KEY, "this account is no longer configured")
        webhook = self._webhook_address(job.webhook_token)
        if job.press is not None:
            return await api.act(
                task_id=job.press.parent_task, custom_id=job.press.custom_id, pool=job.pool, webhook=webhook
            )
        if job.kind is JobKind.IMAGINE:
            return await api.imagine(prompt=job.prompt, pool=job.pool, webhook=webhook)
        raise RemoteError(RemoteFault.REFUSED, f"this version cannot send a {job.kind.value} job")

    def _settled(self, job: Job, error: RemoteError) -> Job:
        """What a failed call makes of the job (design §4, Submit)."""
        now = self._clock.now()
        age = now - job.created_at
        asked = int((error.retry_after or 0) * SECOND)
        match error.fault:
            case RemoteFault.UNCLEAR:
                return job.unclear(due_at=now + FIRST_LOOK_MS)
            case RemoteFault.THROTTLED if age < QUEUE_FULL_CAP_MS:
                wait = max(asked, backoff_ms(job.tries, self._chance(), first=5 * SECOND))
                return job.requeued("hold.busy", due_at=now + wait)
            case RemoteFault.UNREACHED if age < UNREACHED_CAP_MS:
                wait = max(asked, backoff_ms(job.tries, self._chance(), first=2 * SECOND))
                return job.requeued("hold.unreachable", due_at=now + wait)
            case RemoteFault.THROTTLED:
                return job.failed(Failure(FailureKind.QUEUE_FULL), now)
            case RemoteFault.UNREACHED:
                return job.failed(Failure(FailureKind.UNREACHABLE), now)
            case _:
                return job.failed(failure_of(error), now)

    async def _write(self, after: Job) -> None:
        """Store the outcome; an accepted task's id is worth many tries, because it was paid for."""
        keeps_lease = after.task_id is not None or after.is_terminal
        write = self._store.save if keeps_lease else self._store.release
        for attempt in range(SAVE_TRIES):
            try:
                await write(after)
            except StorageTrouble as trouble:
                log.warning(
                    "outcome_not_stored",
                    extra={"job": after.key, "task": after.task_id, "reason": str(trouble)},
                )
                await self._clock.pause(backoff_ms(attempt, self._chance(), cap=15 * SECOND) / SECOND)
            else:
                return
        # Not stored: after the lease the row comes back as SUBMITTING and is settled through the task list.
        await write(after)
