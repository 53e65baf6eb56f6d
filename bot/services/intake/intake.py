"""The one way in for jobs: rules are asked, the row is written on the same terms, its card is shown and a worker woken.
Never here: what a job is made of (`new_chain`, `press`) and what the rules say (that is `policy`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from bot.domain.inputs import images_of
from bot.domain.intake.prompts import is_video
from bot.domain.jobs import Job, JobKind
from bot.domain.prices import charge_of_prompt
from bot.domain.servers.image_rules import ImageFacts
from bot.errors import SettingsChanged, StorageTrouble, UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.inputs import Input, Shape
    from bot.domain.jobs import Ancestor, Press
    from bot.domain.keys import JobKey
    from bot.domain.pools import Pool
    from bot.domain.ports import Clock, JobStore, Metrics, Wakeup
    from bot.domain.prices import Charge
    from bot.services.accounts.accounts import Accounts
    from bot.services.accounts.costs import Costs
    from bot.services.admission.asker import Asker
    from bot.services.admission.terms import Policy, Request
    from bot.services.intake.naming import Naming
    from bot.services.intake.open_answers import OpenAnswers

ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class StartedJob:
    """A job that somebody asked for."""

    job: Job
    fresh: bool
    """False if it had been begun before: the gateway delivered an interaction twice, or its button has a live job."""


class CardRenderer(Protocol):
    """Whoever draws cards."""

    def __call__(self, job: Job, *, media: Sequence[str] = ()) -> None:
        """Draw a job's card, now and whenever it has changed; `media`: see `Showing`."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Intake:
    """Every job enters here, whatever it is made from."""

    policy: Policy
    store: JobStore
    accounts: Accounts
    costs: Costs
    clock: Clock
    naming: Naming
    wakeup: Wakeup
    metrics: Metrics
    answers: OpenAnswers
    show: CardRenderer
    """Has a job's card drawn, now and whenever it has changed."""
    video: bool = True
    """Whether the deployment offers clips."""

    def new_job(
        self,
        asker: Asker,
        *,
        kind: JobKind,
        pool: Pool,
        prompt: str,
        account: str,
        home: int | None,
        home_channel: int | None,
        root: JobKey | None = None,
        interaction_id: int | None = None,
        press: Press | None = None,
        ancestor: Ancestor | None = None,
        notes: tuple[str, ...] = (),
        shape: Shape | None = None,
        subject: str | None = None,
        typed: str | None = None,
    ) -> Job:
        """A job of the asker's with a name of its own, as it is handed to `enqueue`.

        Without a `root` it begins a chain; `interaction_id` stands for the asker's own where one press begins
        several jobs, or only one however often it is pressed.
        """
        now, key = self.clock.now(), self.naming.key()
        return Job(
            key=key,
            kind=kind,
            root=key if root is None else root,
            pool=pool,
            prompt=prompt,
            account=account,
            home=home,
            home_channel=home_channel,
            user_id=asker.user_id,
            user_name=asker.user_name,
            locale=asker.guild_locale,
            interaction_id=asker.interaction_id if interaction_id is None else interaction_id,
            reply=asker.reply,
            # Where nothing is there to be edited, its card is a new message, whose poster may die before it is noted.
            posting_at=now if (asker.reply.token, asker.reply.message_id) == (None, None) else None,
            created_at=now,
            changed_at=now,
            due_at=now,
            webhook_token=self.naming.token(),
            press=press,
            ancestor=ancestor,
            notes=notes,
            shape=shape,
            subject=subject,
            typed=typed,
        )

    async def enqueue(
        self,
        asker: Asker,
        job: Job,
        request: Request,
        inputs: Sequence[Input] = (),
        *,
        answers: int | None = None,
    ) -> StartedJob:
        """Store a job with what it takes along, on the terms of its server; then show it and wake a worker.

        `answers` is as `JobStore.insert` has it.
        Raises `UserError` if a rule or a limit refuses, `StorageTrouble` if the row could not be written; in both
        cases nothing was charged, but after `WriteUnclear` nobody knows.
        """
        if answers is not None:
            await self.answers.as_row(answers)  # by its number nobody would see that a job answers it
        stored = await self._insert(asker, job, request, inputs, answers)
        fresh = stored.key == job.key
        if fresh:
            self.answers.note_begun(asker.interaction_id)
            self.answers.taken_over(job.interaction_id if answers is None else answers)
            self.metrics.count("jobs_begun", pool=job.pool.value, kind=job.kind.value)
            self.show(stored)
            self.wakeup.wake()
        return StartedJob(stored, fresh)

    async def _insert(
        self, asker: Asker, job: Job, request: Request, inputs: Sequence[Input], answers: int | None
    ) -> Job:
        """Write the row by the settings that the rules were asked by; an earlier job as `JobStore.insert` says."""
        if request.images is None:
            request = replace(request, images=facts_of(inputs))
        for _ in range(ATTEMPTS):
            terms = await self.policy.admit(asker, request)
            admitted = replace(
                job,
                units=terms.units,
                notes=job.notes + terms.notes,
                locale=terms.locale or job.locale,
                inputs=len(inputs),
                prompt=job.prompt if terms.prompt is None else terms.prompt,
            )
            await self._check_clips(asker, request, admitted.prompt)
            budget = self.accounts.budget(admitted, pictures=request.number)
            charge = charge_of_prompt(request.charge, admitted.prompt)
            credits_ = await self.costs.of_one(admitted.pool, charge)
            if credits_ is not None:
                credits_ *= request.number
            try:
                return await self.store.insert(
                    admitted,
                    terms.allowance,
                    terms.limits,
                    inputs=inputs,
                    budget=budget,
                    credits_=credits_,
                    answers=answers,
                )
            except SettingsChanged:
                self.policy.forget(asker)
                await self.policy.check(asker, request)
                now = self.clock.now()  # a block that has just ended ended before the job begins
                job = replace(job, created_at=now, changed_at=now, due_at=now)
            except UserError as refusal:
                self.policy.refused(asker, refusal)
                raise
        raise StorageTrouble("the server's settings change too often")

    async def check(self, asker: Asker, request: Request) -> None:
        """Raise what a rule would refuse by, before a person goes to any trouble; nothing is noted down."""
        await self.policy.check(asker, request)

    async def check_prompt(self, asker: Asker, request: Request) -> Charge:
        """Raise what would refuse a prompt as it was written, before a model is asked about it; a strike counts.

        Returns what the picture would be paid as.
        """
        await self.policy.check_words(asker, request)
        prompt, charge = await self.policy.shaped(asker, request)
        await self._check_clips(asker, request, prompt)
        return charge_of_prompt(charge, prompt)

    async def _check_clips(self, asker: Asker, request: Request, prompt: str) -> None:
        if not self.video and is_video(prompt):
            await self.policy.check(asker, request)
            raise UserError(text("refused.video_off"))


def facts_of(inputs: Sequence[Input]) -> tuple[ImageFacts, ...]:
    """What rules look at of the pictures that go along with a job; a mask is drawn here, and nobody's picture."""
    return tuple(ImageFacts(one.filename, one.media_type, len(one.data)) for one in images_of(inputs))
