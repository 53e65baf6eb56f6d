"""🔁 Edit prompt: a modal with the prompt of a job, and the chain that begins when it is sent.
Never here: rules for prompts, pools and allowances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.intake.prompts import PromptOptions
from bot.domain.pools import Pool
from bot.errors import UserError
from bot.services.admission.authorization import Operation, origin_of
from bot.texts import text
from bot.ui.imagine.drafts import offered_back
from bot.ui.imagine.edited import begin_edited
from bot.ui.imagine.prompt_field import PROMPT, prompt_field
from bot.ui.kit.controls import component, form, modal
from bot.ui.kit.custom_ids import KEY
from bot.ui.kit.deadline import read_first

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.ui.kit.context import Context

WORD: Final = "remix"
DRAWN: Final = "redraw"
"""The modal with the words of an order of the second engine's."""


@component(WORD, KEY)
async def open_modal(context: Context, key: JobKey) -> None:
    """Show the prompt to be edited."""
    reading = context.services.jobs.get_authorized(context.viewer, key, Operation.REMIX)
    await ask(context, await read_first(context, reading, text("remix.slow")))


async def ask(context: Context, job: Job) -> None:
    """The window itself; raises `UserError` for a job without words."""
    if not job.prompt:  # from an empty field there would come, and be paid, what has nothing to do with it
        raise UserError(text("remix.no_words"))
    hint = text("remix.pool", pool=text(f"pool.{job.pool.value}"))
    field = (text("remix.prompt"), prompt_field(job.prompt), hint)
    sent = draw_edited if job.pool is Pool.DRAW else begin
    await context.open(form(context.localize, sent.id(job.key), text("remix.title"), field))


@modal(WORD, KEY)
async def begin(context: Context, key: JobKey) -> None:
    """Begin a chain with the edited prompt, in the pool of the job that it was edited from."""
    await begin_edited(context, key, context.services.imagine.remix)


@modal(DRAWN, KEY)
async def draw_edited(context: Context, key: JobKey) -> None:
    """Begin an order of the second engine's with the edited words."""
    asker = await context.defer_public()
    job = await context.services.jobs.get_authorized(context.viewer, key, Operation.INFO)  # as `begin_edited`
    options = PromptOptions(prompt=context.fields.get(PROMPT, ""))
    async with offered_back(context, options, Pool.DRAW, of=origin_of(job), ancestor=key):
        await context.services.drawings.remix(asker, job, options.prompt)
