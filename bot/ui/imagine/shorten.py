"""The buttons under a shortening: each opens a window with one of the shorter prompts, and begins a picture with it.
Never here: what a shortening says, and rules for prompts, pools and allowances."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bot.services.intake.shorten import proposed
from bot.texts import text
from bot.ui.card.shortened import SHORTER_WORDS
from bot.ui.imagine.edited import begin_edited
from bot.ui.imagine.prompt_field import prompt_field
from bot.ui.kit.controls import MODALS, component, form, modal
from bot.ui.kit.custom_ids import KEY
from bot.ui.kit.deadline import read_first

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.services.admission.asker import Asker
    from bot.ui.kit.context import Context


async def open_shorter(number: int, context: Context, key: JobKey) -> None:
    """Show one of the prompts to be edited."""
    reading = context.services.shortening.shorter(context.viewer, key, number)
    job, shorter = await read_first(context, reading, text("draft.slow"))
    hint = text("shorten.window_pool", pool=text(f"pool.{job.pool.value}"))
    custom_id = MODALS[SHORTER_WORDS[number]].id(key)
    field = (text("remix.prompt"), prompt_field(shorter), hint)
    await context.open(form(context.localize, custom_id, text("describe.window", n=number + 1), field))


async def imagine_shorter(context: Context, key: JobKey) -> None:
    """Begin a chain with the prompt as it was edited."""

    async def begin(asker: Asker, ancestor: Job, prompt: str, *, sets: tuple[tuple[str, str], ...]) -> None:
        await context.services.shortening.imagine(asker, context.viewer, ancestor.key, prompt, sets=sets)

    await begin_edited(context, key, begin, proposed=proposed)


for _number, _word in enumerate(SHORTER_WORDS):
    component(_word, KEY)(partial(open_shorter, _number))
    modal(_word, KEY)(imagine_shorter)
