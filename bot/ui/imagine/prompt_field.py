"""The field in which a prompt is written or edited.
Never here: the modals that have one."""

from __future__ import annotations

from typing import Any, Final

import discord

from bot.domain.intake.prompts import PROMPT_LIMIT

PROMPT: Final = "prompt"


def prompt_field(prompt: str | None = None, *, required: bool = True) -> discord.ui.TextInput[Any]:
    """Empty, or with a prompt to be edited."""
    return discord.ui.TextInput(
        style=discord.TextStyle.paragraph,
        default=None if prompt is None else prompt[:PROMPT_LIMIT],
        max_length=PROMPT_LIMIT,
        custom_id=PROMPT,
        required=required,
    )
