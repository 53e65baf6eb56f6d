"""🎨 Draw with the second engine, under a card of Midjourney's that brought nothing.
Never here: which cards offer it, the command, and rules for orders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.intake.prompts import PromptOptions
from bot.domain.pools import Pool
from bot.services.admission.authorization import Operation, origin_of
from bot.ui.card.press import reply_running
from bot.ui.imagine.drafts import offered_back
from bot.ui.kit.controls import component
from bot.ui.kit.custom_ids import KEY

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.ui.kit.context import Context

WORD: Final = "draw"


@component(WORD, KEY)
async def draw_instead(context: Context, key: JobKey) -> None:
    """Begin an order with the words of a job, and its pictures where the model takes them."""
    asker = await context.defer_public()
    job = await context.services.jobs.get_authorized(context.viewer, key, Operation.REMIX)
    options = PromptOptions(prompt=job.prompt)
    async with offered_back(context, options, Pool.DRAW, of=origin_of(job), ancestor=key):
        await reply_running(context, asker, await context.services.drawings.instead(asker, job))
