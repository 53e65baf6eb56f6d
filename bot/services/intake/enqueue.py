"""The one door for jobs: a server's rules are asked, then the row is written, both by the same settings.
Never here: what a job is made of (`new_chain`, `press`) and what the rules say (that is `policy`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.domain.image_rules import ImageFacts
from bot.domain.inputs import images_of
from bot.domain.prompts import is_video
from bot.errors import SettingsChanged, StorageTrouble, UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.inputs import Input
    from bot.domain.jobs import Job
    from bot.domain.ports import JobStore
    from bot.services.accounts.accounts import Accounts
    from bot.services.admission.asker import Asker
    from bot.services.admission.terms import Policy, Request

ATTEMPTS: Final = 5


async def enqueue(
    job: Job,
    request: Request,
    *,
    asker: Asker,
    policy: Policy,
    store: JobStore,
    accounts: Accounts,
    inputs: Sequence[Input] = (),
    video: bool = True,
) -> Job:
    """Begin a job with what it takes along on the terms of its server; returns the stored job, an earlier one as `JobStore.begin` says.

    `video` says whether the deployment offers clips. Raises `UserError` if a rule or a limit refuses, `StorageTrouble` if the row could not be written.
    """
    request = replace(request, images=request.images or facts_of(inputs))
    for _ in range(ATTEMPTS):
        terms = await policy.admit(asker, request)
        admitted = replace(
            job,
            units=terms.units,
            notes=job.notes + terms.notes,
            locale=terms.locale or job.locale,
            inputs=len(inputs),
            prompt=job.prompt if terms.prompt is None else terms.prompt,
        )
        if not video and is_video(admitted.prompt):
            raise UserError(text("refused.video_off"))
        try:
            return await store.begin(
                admitted, terms.allowance, terms.limits, inputs=inputs, budget=accounts.budget(admitted)
            )
        except SettingsChanged:
            policy.forget(asker)
        except UserError as refusal:
            policy.refused(asker, refusal)
            raise
    raise StorageTrouble("the server's settings change too often")


def facts_of(inputs: Sequence[Input]) -> tuple[ImageFacts, ...]:
    """What rules look at of the pictures that go along with a job; a mask is drawn here, and nobody's picture."""
    return tuple(ImageFacts(one.filename, one.media_type, len(one.data)) for one in images_of(inputs))
