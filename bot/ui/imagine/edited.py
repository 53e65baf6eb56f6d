"""A prompt that somebody edited in a window under a card: a chain begins with it, or it goes back to its writer.
Never here: which prompt the window showed, and rules for prompts, pools and allowances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.domain.intake.prompts import PromptOptions
from bot.errors import UserError
from bot.services.admission.authorization import Operation, origin_of
from bot.ui.imagine.batches import show_offer
from bot.ui.imagine.drafts import check_early, offered_back
from bot.ui.imagine.prompt_field import PROMPT

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.services.admission.asker import Asker
    from bot.ui.kit.context import Context


class EditedBegin(Protocol):
    """Begins a chain with an edited prompt, in which the option sets of its writer may stand."""

    async def __call__(
        self, asker: Asker, ancestor: Job, prompt: str, *, sets: tuple[tuple[str, str], ...]
    ) -> object:
        """Raises as `Imagine.begin`."""


async def begin_edited(
    context: Context,
    key: JobKey,
    begin: EditedBegin,
    *,
    proposed: Callable[[Job], str] | None = None,
) -> None:
    """Begin with what was written, in the pool of the job under which the window was opened; several are offered first.

    Where it is given back, nobody is struck for the words that the job `proposed`.
    """
    options = PromptOptions(prompt=context.fields.get(PROMPT, ""))
    refusal: UserError | None = None
    several = False
    try:
        several = await check_early(context, options)  # a bad one is refused with nothing left in public
    except UserError as why:
        refusal = why
    alone = several or refusal is not None
    asker = await (context.defer_ephemeral if alone else context.defer_public)()
    # Only read here: whether they may begin is asked where a refusal gives the words back.
    job = await context.services.jobs.get_authorized(context.viewer, key, Operation.INFO)
    borrowed = "" if proposed is None else proposed(job)
    async with offered_back(
        context, options, job.pool, of=origin_of(job), ancestor=job.key, borrowed=borrowed
    ):
        if refusal is not None:
            raise refusal
        if several:
            offer = await context.services.batches.offer(
                asker, options, job.pool, None, ancestor=job, borrowed=borrowed
            )
            await show_offer(context, offer)
            return
        liked = await context.services.people.preferences(asker.user_id)
        await begin(asker, job, options.prompt, sets=liked.named())
