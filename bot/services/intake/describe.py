"""`/describe`: a picture becomes four prompts, and each of them a picture if somebody wants it.
Never here: reading what upstream wrote (domain), and the buttons."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from bot.domain.intake.describing import ideas
from bot.domain.intake.prompts import PromptOptions, compose
from bot.domain.jobs import Job, JobKind
from bot.domain.prices import Charge
from bot.errors import StorageTrouble, UserError
from bot.services.admission.authorization import Authorizer, Operation, origin_of
from bot.services.intake.intake import StartedJob
from bot.services.intake.new_chain import NewChain, named_after
from bot.services.intake.synthetic_ids import next_turn
from bot.texts import Text, text

if TYPE_CHECKING:
    from bot.domain.inputs import SourcePicture
    from bot.domain.keys import JobKey
    from bot.domain.pools import Pool
    from bot.domain.ports import JobStore
    from bot.services.admission.asker import Asker
    from bot.services.admission.viewer import Viewer
    from bot.services.history.jobs import Jobs
    from bot.services.intake.attachments import ImageLoader
    from bot.services.intake.new_chain import NewChains

log = logging.getLogger(__name__)

FROM_DESCRIPTION: Final = "note.from_description"
"""The note of a prompt that was taken from a description."""


class Places(Protocol):
    """Makes room for cards that have no command of their own to answer to."""

    async def open(self) -> Asker:
        """The asker again, answered by a new message that the card takes the place of."""

    async def shut(self, asker: Asker) -> None:
        """Take such a message away: nothing came of it."""


@dataclass(frozen=True, slots=True)
class IdeasStarted:
    """What came of “Imagine all”."""

    begun: tuple[Job, ...]
    running: tuple[Job, ...]
    """Those that an earlier press began and that have not ended."""
    refused: tuple[tuple[int, Text], ...]
    """Which of the prompts began nothing, counted from 1, and why."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Describing:
    """Begins descriptions, and what is made of them."""

    chains: NewChains
    image_loader: ImageLoader
    jobs: Jobs
    store: JobStore
    authorizer: Authorizer

    async def begin(
        self,
        asker: Asker,
        given: SourcePicture,
        *,
        pool: Pool | None,
        preferred: Pool | None = None,
        address: str | None = None,
    ) -> StartedJob:
        """Accept a picture. Raises `UserError`, `RetryLater` or `StorageTrouble`; in each case nothing was charged, but see `WriteUnclear`."""
        await self.chains.ask_first(
            asker, Charge.DESCRIBE, pool=pool, preferred=preferred, given=[given], address=address
        )
        taken = await self.image_loader.gather([given])
        chain = NewChain(
            kind=JobKind.DESCRIBE, pool=pool, preferred=preferred, taken=taken, subject=given.filename
        )
        return await self.chains.start(asker, chain)

    async def again(self, asker: Asker, viewer: Viewer, key: JobKey) -> StartedJob:
        """Describe the same picture once more, in the same pool. A second press while it runs finds the first's job.

        Raises `UserError` if the picture is not kept any more.
        """
        job = await self._described(viewer, key, Operation.AGAIN)
        asker = await self.authorizer.authorize_asker(asker, origin_of(job), Operation.AGAIN)
        taken = await self.image_loader.kept(job)
        if not taken:
            raise UserError(text("describe.not_kept", key=key))
        chain = NewChain(
            kind=JobKind.DESCRIBE,
            pool=job.pool,
            taken=taken,
            subject=job.subject,
            ancestor=named_after(job),
            turn=f"{key}/again",
        )
        return await self.chains.start(asker, chain)

    # -- what is made of a description -------------------------------------------------------------------

    async def idea(self, viewer: Viewer, key: JobKey, number: int) -> tuple[Job, str]:
        """One of a description's prompts, counted from 0, with its job. Raises `UserError` if it is not there."""
        job = await self._described(viewer, key, Operation.IDEA)
        found = ideas(job.result_text)
        if number >= len(found):
            raise UserError(text("describe.forgotten", key=key))
        return job, found[number]

    async def imagine(
        self,
        asker: Asker,
        viewer: Viewer,
        key: JobKey,
        prompt: str,
        *,
        sets: tuple[tuple[str, str], ...] = (),
    ) -> StartedJob:
        """Begin a chain with one of a description's prompts, as somebody edited it, in the description's pool."""
        job = await self._described(viewer, key, Operation.IDEA)
        asker = await self.authorizer.authorize_asker(asker, origin_of(job), Operation.IDEA)
        return await self.chains.start(asker, _imagined(job, prompt, sets))

    async def imagine_all(self, viewer: Viewer, key: JobKey, places: Places) -> IdeasStarted:
        """Begin a chain with each of a description's prompts: each of them goes the one way in, and pays for itself.

        What an earlier press began and what has not ended is not begun again.
        """
        job = await self._described(viewer, key, Operation.IDEAS)
        found = ideas(job.result_text)
        if not found:
            raise UserError(text("describe.forgotten", key=key))
        begun: list[Job] = []
        running: list[Job] = []
        refused: list[tuple[int, Text]] = []
        for number, idea in enumerate(found, 1):
            try:
                one = await self._one_of_all(job, number, idea, places)
            except UserError as refusal:
                refused.append((number, refusal.text))
            except StorageTrouble as trouble:  # of this one alone: what began before it stands
                refused.append((number, text(trouble.said)))
            else:
                (begun if one.fresh else running).append(one.job)
        log.info("description_imagined", extra={"job": key, "begun": len(begun), "refused": len(refused)})
        return IdeasStarted(tuple(begun), tuple(running), tuple(refused))

    async def _one_of_all(self, job: Job, number: int, idea: str, places: Places) -> StartedJob:
        chain = _imagined(job, idea)
        synthetic_id, running = await next_turn(self.store, f"{job.key}/{number}")
        if running is not None:
            return StartedJob(running, fresh=False)
        asker = await places.open()
        try:
            authorized = await self.authorizer.authorize_asker(asker, origin_of(job), Operation.IDEAS)
            one = await self.chains.start(authorized, replace(chain, interaction_id=synthetic_id))
        except BaseException:
            await places.shut(asker)
            raise
        if not one.fresh:
            await places.shut(asker)
        return one

    async def _described(self, viewer: Viewer, key: JobKey, operation: Operation) -> Job:
        job = await self.jobs.get_authorized(viewer, key, operation)
        if job.kind is not JobKind.DESCRIBE:
            raise UserError(text("press.no_such_button", key=key))
        return job


def proposed(job: Job) -> str:
    """All words that a description gave."""
    return " ".join(ideas(job.result_text))


def _imagined(job: Job, prompt: str, sets: tuple[tuple[str, str], ...] = ()) -> NewChain:
    composed = compose(PromptOptions(prompt=prompt, sets=sets))
    return NewChain(
        kind=JobKind.IMAGINE,
        pool=job.pool,
        prompt=composed.prompt,
        borrowed=proposed(job),
        notes=(*composed.notes, FROM_DESCRIPTION),
        ancestor=named_after(job),
    )
