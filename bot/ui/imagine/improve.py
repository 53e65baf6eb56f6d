"""✨ Improve: a prompt in a chat model's words, shown to its writer alone, with a button that opens it to be edited.
Never here: asking the model (services), and the window itself (that is `drafts`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.texts import text
from bot.ui.kit.controls import component, custom_id_of, words_view
from bot.ui.kit.custom_ids import KEY
from bot.ui.kit.escape import quoted

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.services.intake.improving import Improved
    from bot.ui.kit.context import Context

EDIT: Final = "draft"
"""The button of a refused prompt opens this one, too: what was improved is kept like one."""
LIMIT: Final = 1_500
"""Characters of each of the two that are shown; the window has all of them."""


async def show_improved(context: Context, improved: Improved, *, pictures: int = 0) -> None:
    """Show it, quoted; nothing has begun."""
    localize = context.localize
    lines = [
        localize(text("improve.better")),
        f"> {quoted(improved.prompt, LIMIT)}",
        f"-# {localize(text('improve.before', prompt=quoted(improved.before, LIMIT)))}",
    ]
    if pictures:  # those are not kept
        lines.append(localize(text("draft.pictures_again")))
    button = discord.ui.Button[Any](
        custom_id=custom_id_of(EDIT, improved.key),
        label=localize(text("button.use_improved")),
        emoji="✏️",
        style=discord.ButtonStyle.primary,
    )
    await context.show(words_view("\n".join(lines), button))


@component("improve", KEY)
async def improve_card(context: Context, key: JobKey) -> None:
    """Improve the prompt of a card."""
    asker = await context.defer_ephemeral()
    await show_improved(context, await context.services.improving.of_job(asker, context.viewer, key))


@component("improve-draft", KEY)
async def improve_draft(context: Context, key: JobKey) -> None:
    """Improve a prompt that was refused before it became a job."""
    asker = await context.defer_ephemeral()
    await show_improved(context, await context.services.improving.of_draft(asker, context.viewer, key))
