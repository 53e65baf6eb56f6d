"""The buttons under a shortening: each opens a window with one of the shorter prompts, and begins a picture with it.
Never here: what a shortening says, and rules for prompts, pools and allowances."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from bot.domain.prompts import PromptOptions, compose
from bot.errors import UserError
from bot.services.admission.doors import Door, origin_of
from bot.texts import text
from bot.ui.card.shortened import SHORTER_WORDS
from bot.ui.imagine.drafts import offer_back, offered_back
from bot.ui.imagine.prompt_field import PROMPT, prompt_field
from bot.ui.kit.controls import MODALS, component, form, modal
from bot.ui.kit.custom_ids import KEY

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.ui.kit.context import Context

READ_S: Final = 2.0
"""A modal must be the first answer, so the row is read before it; the answer itself needs the rest of three seconds."""


async def open_shorter(number: int, context: Context, key: JobKey) -> None:
    """Show one of the prompts to be edited."""
    try:
        async with asyncio.timeout(READ_S):
            job, shorter = await context.services.shortening.shorter(context.viewer, key, number)
    except TimeoutError:
        raise UserError(text("window.slow")) from None
    hint = text("shorten.window_pool", pool=text(f"pool.{job.pool.value}"))
    custom_id = MODALS[SHORTER_WORDS[number]].id(key)
    field = (text("remix.prompt"), prompt_field(shorter), hint)
    await context.open(form(context.say, custom_id, text("describe.window", n=number + 1), field))


async def imagine_shorter(context: Context, key: JobKey) -> None:
    """Begin a chain with the prompt as it was edited."""
    services, viewer = context.services, context.viewer
    options = PromptOptions(prompt=context.fields.get(PROMPT, ""))
    try:
        compose(options)  # a bad one is refused at once, with nothing left in public
    except UserError as refusal:
        await context.defer_ephemeral()
        job = await services.jobs.look(viewer, key, Door.IDEA)
        await offer_back(context, refusal.text, options, pool=job.pool, of=origin_of(job))
        return
    asker = await context.defer_public()
    job = await services.jobs.look(viewer, key, Door.IDEA)
    async with offered_back(context, options, job.pool, of=origin_of(job)):
        await services.shortening.imagine(asker, viewer, key, options.prompt)


for _number, _word in enumerate(SHORTER_WORDS):
    component(_word, KEY)(partial(open_shorter, _number))
    modal(_word, KEY)(imagine_shorter)
