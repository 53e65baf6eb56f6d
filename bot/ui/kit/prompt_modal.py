"""Windows that ask for a prompt. discord.py keeps none of them: their custom_ids say all (facts §3.4).
Never here: what happens when one is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import discord

from bot.domain.prompts import PROMPT_LIMIT
from bot.ui.kit.private import localised

if TYPE_CHECKING:
    from bot.domain.keys import ButtonId
    from bot.texts import Text
    from bot.ui.kit.replies import AnyInteraction

PROMPT: Final = "prompt"


def prompt_modal(
    interaction: AnyInteraction,
    id_: ButtonId,
    *,
    title: Text,
    label: Text,
    hint: Text,
    prompt: str | None = None,
) -> discord.ui.Modal:
    """A window with a prompt to be written or edited."""
    modal = discord.ui.Modal(title=localised(interaction, title), custom_id=id_.encode())
    modal.add_item(
        discord.ui.Label(
            text=localised(interaction, label),
            description=localised(interaction, hint),
            component=discord.ui.TextInput(
                style=discord.TextStyle.paragraph,
                default=None if prompt is None else prompt[:PROMPT_LIMIT],
                max_length=PROMPT_LIMIT,
                custom_id=PROMPT,
            ),
        )
    )
    modal.stop()  # discord.py keeps only windows that have not ended
    return modal
