"""A prompt that somebody edited in a window under a card: a chain begins with it, or it goes back to its writer.
Never here: which prompt the window showed, and rules for prompts, pools and allowances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.intake.prompts import PromptOptions, compose
from bot.errors import UserError
from bot.services.admission.authorization import Operation, origin_of
from bot.ui.imagine.drafts import offered_back
from bot.ui.imagine.prompt_field import PROMPT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.services.admission.asker import Asker
    from bot.ui.kit.context import Context


async def begin_edited(
    context: Context,
    key: JobKey,
    begin: Callable[[Asker, Job, str], Awaitable[object]],
    *,
    proposed: Callable[[Job], str] | None = None,
) -> None:
    """Begin with what was written, in the pool of the job under which the window was opened.

    Where it is given back, nobody is struck for the words that the job `proposed`.
    """
    options = PromptOptions(prompt=context.fields.get(PROMPT, ""))
    refusal: UserError | None = None
    try:
        compose(options)  # a bad one is refused at once, with nothing left in public
    except UserError as why:
        refusal = why
    asker = await (context.defer_public if refusal is None else context.defer_ephemeral)()
    # Only read here: whether they may begin is asked where a refusal gives the words back.
    job = await context.services.jobs.get_authorized(context.viewer, key, Operation.INFO)
    async with offered_back(
        context,
        options,
        job.pool,
        of=origin_of(job),
        ancestor=job.key,
        borrowed="" if proposed is None else proposed(job),
    ):
        if refusal is not None:
            raise refusal
        await begin(asker, job, options.prompt)
