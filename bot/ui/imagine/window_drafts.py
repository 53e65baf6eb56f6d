"""Words of a window that were refused: kept for some minutes, and opened again by a button under the refusal.
Never here: whole prompts (`drafts`), the windows themselves, and why words are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.domain.intake.prompts import PromptOptions
from bot.errors import StorageTrouble
from bot.texts import text
from bot.ui.kit.context import CONTENT_LIMIT
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.deadline import read_first
from bot.ui.kit.escape import cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.keys import JobKey
    from bot.texts import Text
    from bot.ui.kit.context import Context


async def offer_draft(context: Context, why: Text, typed: str, reopens: Callable[[JobKey], str]) -> None:
    """Say why, to this person only, with a button that opens what they wrote; `reopens` gives its custom_id."""
    if not context.interaction.response.is_done():
        await context.defer_ephemeral()
    try:
        draft = await context.services.drafts.keep(
            PromptOptions(prompt=typed),
            user_id=context.user_id,
            guild_id=context.interaction.guild_id,
            pool=None,
            option_set=None,
        )
    except StorageTrouble:
        await context.reply(why)  # the sentence is worth more than the button
        return
    button = discord.ui.Button[Any](
        custom_id=reopens(draft),
        label=context.localize(text("button.edit")),
        emoji="✏️",
        style=discord.ButtonStyle.primary,
    )
    line = discord.ui.TextDisplay[Any](cut(context.localize(why), CONTENT_LIMIT))
    await context.send_ephemeral(view=StatelessView(line, discord.ui.ActionRow(button)))


async def kept_words(context: Context, draft: JobKey) -> str:
    """What they wrote; raises `UserError` if it is too old, or not theirs."""
    reading = context.services.drafts.open(context.viewer, draft)
    return (await read_first(context, reading, text("window.slow"))).prompt
