"""*Try again* under a card whose job failed for no fault of its prompt: the same once more, as a job of its own.
Never here: which failures it helps with (`failures`), and rules of pools and allowances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.services.admission.doors import Door
from bot.ui.card.card_buttons import AGAIN
from bot.ui.kit.buttons import own_button, say_where
from bot.ui.kit.private import viewer_of
from bot.ui.kit.replies import client_of, defer_public

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.ui.kit.replies import AnyInteraction


@own_button(AGAIN)
async def try_again(interaction: AnyInteraction, key: JobKey) -> None:
    """Send the same prompt, or press the same button, once more."""
    asker = await defer_public(interaction)
    if asker is None:
        return
    services = client_of(interaction).services
    job = await services.jobs.look(viewer_of(interaction), key, Door.REMIX)
    press = job.press
    if press is None:
        await services.imagine.remix(asker, job, job.prompt)
        return
    pressed = await services.presses.press(
        asker, press.parent, press.position, channel_id=press.channel_id, message_id=press.message_id
    )
    await say_where(interaction, pressed)
