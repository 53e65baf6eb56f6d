"""✏️ *Edit prompt* under a card that failed for its words: the window in which they were written, with them in it.
Never here: the windows themselves, and which failures other words may mend (`failures`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.actions import Need, classify, need_of
from bot.domain.intake.window_words import with_zoom
from bot.services.admission.authorization import Operation
from bot.texts import text
from bot.ui.card.card_buttons import EDIT
from bot.ui.imagine import remix, windows
from bot.ui.kit.controls import component
from bot.ui.kit.custom_ids import KEY
from bot.ui.kit.deadline import read_first
from bot.ui.region import words

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.ui.kit.context import Context


@component(EDIT, KEY)
async def edit(context: Context, key: JobKey) -> None:
    """Open a press's own window, if it had one; else that of a prompt, which begins a chain."""
    reading = context.services.jobs.get_authorized(context.viewer, key, Operation.REMIX)
    job = await read_first(context, reading, text("remix.slow"))
    press = job.press
    if press is not None and (press.remix or press.zoom is not None):
        await windows.ask(context, press.parent, press.position, with_zoom(job.prompt, press.zoom))
    elif (
        press is not None
        and need_of(classify(press.custom_id)) is Need.MASK
        and await words.words_for(context, press.parent, press.position) is not None
    ):
        await words.ask_again(context, job)
    else:
        await remix.ask(context, job)
