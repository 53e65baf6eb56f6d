"""Answers that only one person sees and that take a moment: “thinking…” at once, then a sentence or a view in its place.
Never here: what they say."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import discord

from bot.domain.open_answers import AnswerKind
from bot.services.admission.viewer import Viewer
from bot.ui.kit.replies import (
    ALREADY_ANSWERED,
    PRIVATE,
    UNKNOWN_INTERACTION,
    AnyInteraction,
    asker_of,
    client_of,
    follow_up,
    locale_of,
    promise,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.services.admission.asker import Asker
    from bot.texts import Text

log = logging.getLogger(__name__)


def viewer_of(interaction: AnyInteraction) -> Viewer:
    """Who it is and what they may do here, as Discord sent it along: right now, not when a button was drawn."""
    held = interaction.permissions
    return Viewer(
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
        manages=interaction.guild_id is not None and (held.manage_guild or held.administrator),
    )


async def defer_ephemeral(interaction: AnyInteraction) -> Asker | None:
    """Answer “thinking…” at once, for this person only; whatever is told next takes its place.

    None if the interaction is dead, or was answered by another process; then nothing is to be done.
    Raises `StorageTrouble`, unanswered, if it could not be written down that they are answered.
    """
    await promise(interaction, AnswerKind.PRIVATE)
    try:
        answered = await interaction.response.defer(thinking=True, ephemeral=True)
    except discord.HTTPException as error:
        if error.code not in {UNKNOWN_INTERACTION, ALREADY_ANSWERED}:
            raise
        log.warning("interaction_not_ours", extra={"interaction": interaction.id, "code": error.code})
        return None
    interaction.extras[PRIVATE] = True
    return asker_of(interaction, answered.message_id if answered is not None else None)


async def defer_update(interaction: AnyInteraction) -> Asker | None:
    """Answer a press, or a window that a press opened, with the pressed message as it is: it may be changed later.

    None if the interaction is dead, or was answered by another process; then nothing is to be done.
    Raises `StorageTrouble`, unanswered, if it could not be written down that they are answered.
    """
    await promise(interaction, AnswerKind.UPDATE)
    try:
        await interaction.response.defer()
    except discord.HTTPException as error:
        if error.code not in {UNKNOWN_INTERACTION, ALREADY_ANSWERED}:
            raise
        log.warning("interaction_not_ours", extra={"interaction": interaction.id, "code": error.code})
        return None
    return asker_of(interaction, None)


async def show_ephemeral(
    interaction: AnyInteraction, view: discord.ui.LayoutView, *, files: Sequence[discord.File] = ()
) -> None:
    """Put a view in the place of “thinking…”, or of what the pressed message showed."""
    more: dict[str, Any] = {"attachments": list(files)} if files else {}
    await interaction.edit_original_response(
        view=view, allowed_mentions=discord.AllowedMentions.none(), **more
    )
    interaction.extras.pop(PRIVATE, None)


async def answer_ephemeral(interaction: AnyInteraction, view: discord.ui.LayoutView) -> None:
    """Show a view to this person only, whatever was answered before; a public “thinking…” is taken away."""
    if interaction.response.is_done():
        await follow_up(interaction, view=view)
        return
    await interaction.response.send_message(
        view=view, ephemeral=True, allowed_mentions=discord.AllowedMentions.none()
    )


def localised(interaction: AnyInteraction, words: Text) -> str:
    """Say it in the person's own language."""
    return client_of(interaction).catalogues.render(words, locale_of(interaction))
