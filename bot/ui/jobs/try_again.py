"""*Try again* under a card whose job failed for no fault of its prompt: the same once more, as a job of its own.
Never here: which failures it helps with (`failures`), and rules of pools and allowances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.actions import Need, classify, need_of
from bot.domain.intake.window_words import WindowWords
from bot.domain.jobs import JobKind
from bot.services.admission.authorization import Operation
from bot.ui.card.card_buttons import AGAIN
from bot.ui.card.press import reply_existing, reply_running
from bot.ui.kit.controls import component
from bot.ui.kit.custom_ids import KEY

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.ui.kit.context import Context


@component(AGAIN, KEY)
async def try_again(context: Context, key: JobKey) -> None:
    """Send the same prompt or pictures, or press the same button with the same mask, once more."""
    asker = await context.defer_public()
    services = context.services
    job = await services.jobs.get_authorized(context.viewer, key, Operation.REMIX)
    press = job.press
    if job.kind is JobKind.DESCRIBE:
        await reply_running(context, asker, await services.describing.again(asker, context.viewer, key))
    elif job.kind is JobKind.BLEND:
        await reply_running(context, asker, await services.blending.again(asker, job))
    elif job.kind is JobKind.DRAW:
        await reply_running(context, asker, await services.drawings.again(asker, job))
    elif press is None:
        await reply_running(context, asker, await services.imagine.again(asker, job))
    elif need_of(classify(press.custom_id)) is Need.MASK:
        await reply_existing(context, await services.regions.again(asker, job, press))
    else:
        had_words = press.remix or press.zoom is not None
        pressed = await services.presses.press(
            asker,
            press.parent,
            press.position,
            channel_id=press.channel_id,
            message_id=press.message_id,
            words=WindowWords(prompt=job.prompt or None, zoom=press.zoom) if had_words else None,
        )
        await reply_existing(context, pressed)
