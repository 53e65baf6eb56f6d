"""Sending a job upstream: one call, at most once, and what its outcome means for the row.
Never here: choosing which job is next (the store does) and looking for lost submissions (`reconcile`)."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from bot.domain.answers import Accepted, ExistingTask, WindowOpen
from bot.domain.capabilities import known_capabilities
from bot.domain.failures import Failure, FailureKind, failure_of
from bot.domain.inputs import (
    FEWEST_BLENDED,
    UPLOAD_LIFE_MS,
    InputRole,
    Shape,
    images_of,
    mask_of,
    sent_prompt,
)
from bot.domain.jobs import Job, JobKind, JobState
from bot.domain.pools import Pool
from bot.domain.schedule import (
    QUEUE_FULL_CAP_MS,
    SECOND,
    UNREACHED_CAP_MS,
    backoff_ms,
    hold_ms,
)
from bot.domain.server_side import HOLD_BUSY, HOLD_UNREACHABLE
from bot.domain.settling import WINDOW_OPENED, opened
from bot.domain.window_ports import ProbedAccount, WindowApi
from bot.errors import RemoteError, RemoteFault, StorageTrouble, TaskTaken
from bot.services.worker import engine, windowed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.answers import Answer
    from bot.domain.inputs import Input
    from bot.domain.ports import Clock, JobStore, Metrics, Uploads
    from bot.domain.tasks import RemoteTaskId
    from bot.services.accounts.accounts import Accounts

log = logging.getLogger(__name__)

WORDS_UNASKED: Final = "note.words_unasked"
"""The note of a press whose window did not open: the server began with the picture's own words."""
UPLOAD_UNCLEAR: Final = "upload unclear"
"""A note that no card shows: nobody answered an upload of this job's, which may have been charged."""
FIRST_LOOK_MS: Final = 2 * SECOND
"""An unclear submission is looked for this soon: the list may need a moment to show it."""
SAVE_TRIES: Final = 20
"""How often the id of an accepted task is written again while the database is in trouble."""


class UploadUnclear(RemoteError):
    """Nobody answered an upload: it may be made again, but where it is charged only once."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Submitter:
    """Sends claimed jobs."""

    store: JobStore
    accounts: Accounts
    clock: Clock
    metrics: Metrics
    chance: Callable[[], float]
    webhook_address: Callable[[str], str | None]

    async def send(self, job: Job) -> Job:
        """Send a job that is marked SUBMITTING and held by this worker; returns the row as it now stands.

        The result is SUBMITTED (lease kept), UNCLEAR, QUEUED again (both released) or FAILED (lease kept).
        Raises `LeaseLost` if the job was taken over meanwhile.
        """
        if job.pool is Pool.DRAW:
            return await self._draw(job)
        try:
            answer = await self._call(job)
            if isinstance(answer, WindowOpen):
                job = await self._with_window(job, answer.task_id)
                answer = await self._fill(job, answer)
                task_id = answer.task_id
            else:
                task_id = await self._task_of(answer)
                job = without_window(job)
            ahead = answer.ahead if isinstance(answer, Accepted) else None
        except RemoteError as error:
            after = self._refused(job, error)
        else:
            after = job.submitted(task_id, self.clock.now(), ahead=ahead)
            self.metrics.count("submissions", outcome="accepted")
            log.info("job_submitted", extra={"job": job.key, "task": task_id, "pool": job.pool.value})
        try:
            await self._write(after)
        except TaskTaken:
            # The server named another job's task: ours may run under an id that we were not told.
            after = job.unclear(due_at=self.clock.now() + FIRST_LOOK_MS)
            await self._write(after)
        return after

    async def _draw(self, job: Job) -> Job:
        """Send an order of the second engine's: its answer is the result, and both are written in one step."""
        brought: tuple[Input, ...] = ()
        try:
            brought, actions, units = await engine.draw(self.accounts, job, await self._inputs(job))
        except RemoteError as error:
            after = self._refused(job, error)
        else:
            after = engine.ended(job, actions, self.clock.now(), units=units)
            self.metrics.count("submissions", outcome="accepted")
            self.metrics.count("jobs_finished", state=after.state.value, pool=job.pool.value)
            log.info("job_ended", extra={"job": job.key, "state": after.state.value})
        await self._write(after, brought)
        return after

    def _refused(self, job: Job, error: RemoteError) -> Job:
        if isinstance(error, UploadUnclear) and UPLOAD_UNCLEAR not in job.notes:
            job = replace(job, notes=(*job.notes, UPLOAD_UNCLEAR))
        after = self._settled(job, error)
        self.metrics.count("submissions", outcome=error.fault.value)
        log.info(
            "submission_refused",
            extra={"job": job.key, "fault": error.fault.value, "next": after.state.value},
        )
        return after

    async def _with_window(self, job: Job, window: RemoteTaskId) -> Job:
        """Write down which window opened. What is not written is not filled: that window costs nothing."""
        with_window = opened(job, window, self.clock.now())
        try:
            await self.store.save(with_window)
        except (StorageTrouble, TaskTaken) as trouble:
            raise RemoteError(RemoteFault.UNREACHED, str(trouble)) from trouble
        return with_window

    async def _fill(self, job: Job, window: WindowOpen) -> Accepted:
        api = cast("WindowApi", await self.accounts.reach(job.account))  # it has just opened one
        webhook = self.webhook_address(job.webhook_token)
        try:
            return await windowed.fill(api, job, window, await self._inputs(job), webhook=webhook)
        except RemoteError as error:
            if error.kind is not FailureKind.GONE:
                raise
            # It is the window that is unknown: the picture above was there a moment ago, when its button was pressed.
            raise RemoteError(error.fault, error.message, kind=FailureKind.UNFILLED) from error

    async def _task_of(self, answer: RemoteTaskId | Answer) -> RemoteTaskId:
        """The task that an answer names; one that exists already is taken only if no job of ours has it, of whatever account."""
        if isinstance(answer, str):
            return answer
        if isinstance(answer, ExistingTask):
            try:
                known = await self.store.known_tasks([answer.task_id])
            except StorageTrouble as trouble:  # nothing was made, so it may be asked again
                raise RemoteError(RemoteFault.UNREACHED, str(trouble)) from trouble
            if known:
                raise RemoteError(RemoteFault.REFUSED, "the server says that this was made before")
        return answer.task_id

    async def _call(self, job: Job) -> RemoteTaskId | Answer:
        api = await self.accounts.reach(job.account)
        webhook = self.webhook_address(job.webhook_token)
        inputs = await self._inputs(job)
        if isinstance(api, WindowApi):
            prompt = job.prompt
            if job.kind is JobKind.IMAGINE:
                inputs = await self._addressed(job, api, images_of(inputs))
                prompt = sent_prompt(prompt, inputs)
            elif job.press is not None:  # before the window opens, which is then filled at once
                await self._addressed(job, api, images_of(inputs))
            return await windowed.submit(api, job, inputs, prompt=prompt, webhook=webhook)
        if job.press is not None:
            mask = mask_of(inputs)
            return await api.act(
                task_id=job.press.parent_task,
                custom_id=job.press.custom_id,
                pool=job.pool,
                webhook=webhook,
                mask=None if mask is None else mask.data_url,
            )
        images = images_of(inputs)
        match job.kind:
            case JobKind.BLEND if len(images) >= FEWEST_BLENDED:
                return await api.blend(
                    images=[image.data_url for image in images],
                    dimensions=job.shape or Shape.SQUARE,
                    pool=job.pool,
                    webhook=webhook,
                )
            case JobKind.DESCRIBE if images:
                return await api.describe(image=images[0].data_url, pool=job.pool, webhook=webhook)
            case JobKind.IMAGINE:
                prompt = sent_prompt(job.prompt, await self._addressed(job, api, images))
                return await api.imagine(prompt=prompt, pool=job.pool, webhook=webhook)
            case _:
                raise RemoteError(RemoteFault.REFUSED, f"a {job.kind.value} job without what it is made of")

    # -- what goes along ---------------------------------------------------------------------------------

    async def _inputs(self, job: Job) -> Sequence[Input]:
        """Read what goes along with the job. Nothing was sent yet, so trouble only means to try again."""
        if not job.inputs:
            return ()
        try:
            inputs = await self.store.inputs(job.key)
        except StorageTrouble as trouble:
            raise RemoteError(RemoteFault.UNREACHED, str(trouble)) from trouble
        if len(inputs) != job.inputs:
            raise RemoteError(RemoteFault.REFUSED, "the pictures of this job are gone")
        return inputs

    async def _addressed(self, job: Job, api: Uploads, images: Sequence[Input]) -> Sequence[Input]:
        """Settle how upstream gets each picture of a prompt, and write it down before it is sent.

        What dies before that was certainly not sent (`reconcile` relies on it).
        """
        now = self.clock.now()
        placed = [image if image.is_public(now) else await self._placed(job, api, image) for image in images]
        if placed != list(images):
            try:
                await self.store.address_inputs(job, placed)
            except StorageTrouble as trouble:
                raise RemoteError(RemoteFault.UNREACHED, str(trouble)) from trouble
        return placed

    async def _placed(self, job: Job, api: Uploads, image: Input) -> Input:
        """Leave a picture with the service, where it keeps files; a gateway charges for that, so only if nothing else serves.

        The member's own link comes first there: the proxy behind a gateway may take no pictures in a prompt's body.
        """
        now = self.clock.now()
        until = now + UPLOAD_LIFE_MS
        if isinstance(api, ProbedAccount) and not api.is_known:
            with suppress(RemoteError):  # the upload asks as well, and says what is wrong
                await api.check()
        if _charges_uploads(api) and image.role is InputRole.IMAGE:
            linked = image.at_its_source(now, until)
            if linked is not None and linked.is_public(now):
                return linked
            if job.kind is JobKind.IMAGINE:
                return image.inside(now)
        try:
            address = await api.upload_input(
                image.data, filename=image.filename, media_type=image.media_type, until=until
            )
        except RemoteError as error:
            return self._not_taken(job, api, image, error)
        return replace(image, address=address, address_until=until)

    def _not_taken(self, job: Job, api: Uploads, image: Input, error: RemoteError) -> Input:
        """Another way for a picture that the service did not take; raises `RemoteError` if there is none.

        Where it keeps no files at all, a prompt takes the picture itself along; otherwise the member's own upload serves
        as long as its link works (contract §8 row 25). A window shows the links of the prompt above.
        """
        now = self.clock.now()
        able = known_capabilities(api)
        if able is None or able.upload:
            log.warning("upload_refused", extra={"job": job.key, "fault": error.fault.value})
            inside = False
        else:
            inside = image.role is InputRole.IMAGE
        if inside and job.kind is JobKind.IMAGINE:
            return image.inside(now)
        at_its_source = image.at_its_source(now, now + UPLOAD_LIFE_MS)
        if at_its_source is not None or inside:
            return at_its_source or image.inside(now)
        match error.fault:
            case RemoteFault.UNCLEAR if not (_charges_uploads(api) and UPLOAD_UNCLEAR in job.notes):
                # Where an upload costs nothing, an unclear one may be repeated: only paid calls are looked for.
                # Where it is charged, that is done once.
                raise UploadUnclear(RemoteFault.UNREACHED, error.message) from error
            case RemoteFault.UNCLEAR | RemoteFault.REFUSED:
                refused = RemoteFault.REFUSED
                raise RemoteError(refused, error.message, kind=FailureKind.NO_ADDRESS) from error
            case _:
                raise error

    def _settled(self, job: Job, error: RemoteError) -> Job:
        """What a failed call makes of the job (design §4, Submit)."""
        now = self.clock.now()
        match error.fault:
            case RemoteFault.UNCLEAR:
                return job.unclear(due_at=now + FIRST_LOOK_MS)
            case RemoteFault.THROTTLED if error.kind is not FailureKind.ACCOUNT:
                hold, first, most, given_up = (
                    HOLD_BUSY,
                    5 * SECOND,
                    QUEUE_FULL_CAP_MS,
                    FailureKind.QUEUE_FULL,
                )
            case RemoteFault.THROTTLED | RemoteFault.UNREACHED:
                # A server without an account reaches no Midjourney.
                hold, first, most = HOLD_UNREACHABLE, 2 * SECOND, UNREACHED_CAP_MS
                given_up = FailureKind(error.kind or FailureKind.UNREACHABLE)
            case _:
                return job.failed(failure_of(error), now)
        asked = int((error.retry_after or 0) * SECOND)
        age = now - job.created_at
        # What it asks for now says nothing of refusals of another kind.
        known = asked if job.hold in {hold, None} else 0
        wait = hold_ms(job.refusals(hold), self.chance(), first=first, most=most, age=age, asked=known)
        if wait is None:
            return job.failed(Failure(given_up), now)
        return job.requeued(hold, due_at=now + max(asked, wait))

    async def _write(self, after: Job, brought: Sequence[Input] = ()) -> None:
        """Store the outcome; an accepted task's id is worth many tries, because it was paid for."""
        keeps_lease = after.state is JobState.SUBMITTED or after.is_terminal

        async def write(job: Job) -> None:
            if brought:
                await self.store.save(job, brought=brought)
            else:
                await (self.store.save(job) if keeps_lease else self.store.release(job))

        for attempt in range(SAVE_TRIES):
            try:
                await write(after)
            except StorageTrouble as trouble:
                log.warning(
                    "outcome_not_stored",
                    extra={"job": after.key, "task": after.task_id, "reason": str(trouble)},
                )
                await self.clock.pause(backoff_ms(attempt, self.chance(), cap=15 * SECOND) / SECOND)
            else:
                return
        # Not stored: after the lease the row comes back as SUBMITTING and is settled through the task list.
        await write(after)


def _charges_uploads(api: object) -> bool:
    able = known_capabilities(api)
    return able is not None and able.server.is_gateway


def without_window(job: Job) -> Job:
    """A job whose press began at once although a window with other words, or a zoom, was meant to open: it says so.

    An earlier try may have opened one that was not filled.
    """
    job = replace(job, notes=tuple(note for note in job.notes if note != WINDOW_OPENED))
    if job.press is None or not (job.press.remix or job.press.zoom) or WORDS_UNASKED in job.notes:
        return job
    return replace(job, notes=(*job.notes, WORDS_UNASKED))
