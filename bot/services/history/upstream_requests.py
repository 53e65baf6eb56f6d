"""What the image server is asked about one job for a member: its seed, and to take it out of its queue.
Never here: who may ask (that is `jobs`), and what the answers look like."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cachetools import TTLCache

from bot.domain.capabilities import Cancel
from bot.domain.intake.prompts import seed_of
from bot.domain.jobs import JobKind, JobState
from bot.domain.schedule import HOUR
from bot.domain.steady import Steady
from bot.domain.tasks import TaskStatus
from bot.domain.window_ports import WindowApi
from bot.errors import RemoteError, StorageTrouble

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, JobStore
    from bot.domain.tasks import RemoteTaskId
    from bot.services.accounts.accounts import Accounts

log = logging.getLogger(__name__)

NOTHING_FOR_MS: Final = HOUR
"""A server that had no seed for a picture is not asked again for so long: the question occupies it for up to a minute."""
REMEMBERED: Final = 1_000


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class UpstreamRequests:
    """Asks by free calls, and keeps what was answered."""

    store: JobStore
    accounts: Accounts
    clock: Clock
    _asking: dict[JobKey, asyncio.Task[str | None]] = field(init=False, default_factory=dict)
    _nothing: TTLCache[JobKey, bool, int] = field(init=False)

    def __post_init__(self) -> None:
        self._nothing = TTLCache(REMEMBERED, NOTHING_FOR_MS, Steady(self.clock))

    # -- the seed ----------------------------------------------------------------------------------------

    async def provides_seed(self, job: Job) -> bool:
        """Whether the server told a picture's seed, or can be asked for it."""
        if job.state is not JobState.SUCCEEDED or job.kind is JobKind.DESCRIBE or job.unwanted:
            return False
        return job.server.seed is not None or await self._able(job) is not None

    async def seed(self, job: Job) -> str | None:
        """A picture's seed; None if the server has none to give. It may take a minute, the first time."""
        known = known_seed(job)
        if known is not None:
            return known
        api = await self._able(job)
        if api is None or job.task_id is None or job.key in self._nothing:
            return None
        asking = self._asking.get(job.key)
        if asking is None:
            asking = self._asking[job.key] = asyncio.create_task(self._ask(api, job, job.task_id))
            asking.add_done_callback(lambda _: self._asking.pop(job.key, None))
        # Somebody who goes away does not take the answer from the others, nor from the next one.
        return await asyncio.shield(asking)

    async def _able(self, job: Job) -> WindowApi | None:
        with suppress(StorageTrouble):
            api = await self.accounts.find(job.account)
            if isinstance(api, WindowApi) and api.capabilities.seed:
                return api
        return None

    async def _ask(self, api: WindowApi, job: Job, task_id: RemoteTaskId) -> str | None:
        try:
            seed = await api.seed(task_id)
        except RemoteError as error:
            log.info("seed_not_told", extra={"job": job.key, "fault": error.fault.value})
            return None
        if seed is None:
            self._nothing[job.key] = True
            return None
        with suppress(StorageTrouble):
            await self.store.keep_seed(job.key, seed)
        return seed

    # -- cancelling --------------------------------------------------------------------------------------

    async def drop(self, job: Job) -> bool:
        """Have the server take a job out of its queue; False where it cannot, or where Midjourney has it already.

        A running task is left alone: the server would only stop listening, and the picture would be paid all the same.
        """
        if job.state is not JobState.SUBMITTED or job.task_id is None:
            return False
        try:
            api = await self.accounts.find(job.account)
            if not isinstance(api, WindowApi) or api.capabilities.cancel is Cancel.NONE:
                return False
            seen = (await api.query_many([job.task_id])).get(job.task_id)
            waits = seen is not None and seen.status is TaskStatus.NOT_START and seen.started_at is None
            return waits and await api.cancel(job.task_id)
        except (RemoteError, StorageTrouble) as trouble:
            log.info("cancel_not_taken", extra={"job": job.key, "reason": str(trouble)})
            return False


def known_seed(job: Job) -> str | None:
    """The seed that the server told, or that was asked for with the prompt of a root."""
    if job.server.seed is not None or job.press is not None:
        return job.server.seed
    asked = seed_of(job.prompt)
    return None if asked is None else str(asked)
