"""A press of an upstream action under a card, and where a press leads that started nothing.
Never here: what an action means (the job's row carries that) and how cards look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.services.intake.press import PressOutcome
from bot.texts import text
from bot.ui.kit.controls import component
from bot.ui.kit.custom_ids import KEY, NUMBER
from bot.ui.kit.links import card_link
from bot.ui.kit.message_parser import picture_urls

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.services.admission.asker import Asker
    from bot.services.intake.intake import StartedJob
    from bot.services.intake.press import Pressed
    from bot.ui.kit.context import Context


@component("press", KEY, NUMBER)
async def press(context: Context, key: JobKey, position: int) -> None:
    """Start the child of an upstream action; its card takes the place of our “thinking…”."""
    asker = await context.defer_public()
    message = context.interaction.message
    pressed = await context.services.presses.press(
        asker,
        key,
        position,
        channel_id=asker.reply.channel_id,
        # Of what nobody else sees there is no link for the child's card.
        message_id=0 if message is None or message.flags.ephemeral else message.id,
        media=() if message is None else picture_urls(message),
    )
    await reply_existing(context, pressed)


async def reply_existing(context: Context, pressed: Pressed) -> None:
    """Point to the job that this button already has, if it started none."""
    if pressed.outcome is PressOutcome.STARTED:
        return
    link = card_link(pressed.job)
    where = "elsewhere" if link is None else "there"
    await context.reply(text(f"press.{pressed.outcome.value}_{where}", link=link or "", key=pressed.job.key))


async def reply_running(context: Context, asker: Asker, begun: StartedJob) -> None:
    """Point to the job that runs already, if this began none."""
    if begun.fresh or begun.job.reply.message_id == asker.reply.message_id:
        return
    link = card_link(begun.job)
    where = "elsewhere" if link is None else "there"
    await context.reply(text(f"press.running_{where}", link=link or "", key=begun.job.key))
