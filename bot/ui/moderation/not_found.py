"""The window that takes away what a server's lists still say of roles and channels that are gone: no picker offers those.
Never here: which are named (services), and settings with one value, which are simply set anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.services.servers.named_places import forgotten, named_places
from bot.texts import text
from bot.ui.kit.choices import known
from bot.ui.kit.controls import form, modal
from bot.ui.kit.deadline import read_first
from bot.ui.kit.escape import plain
from bot.ui.kit.gone import is_gone
from bot.ui.kit.moderators import mod_button
from bot.ui.moderation.panel import NOT_FOUND, show_panel

if TYPE_CHECKING:
    from bot.domain.servers.guilds import GuildSettings
    from bot.ui.kit.context import Context

SHOWN: Final = 25
"""As many as a list of Discord's holds; the rest is there once these are taken away."""
LABEL_LIMIT: Final = 100


@mod_button(NOT_FOUND)
async def ask_which(context: Context) -> None:
    """Open the window; where all has been taken away meanwhile, show the panel."""
    settings = await read_first(
        context, context.services.guilds.settings(context.guild_id), text("panel.slow")
    )
    window = _window(context, settings)
    if window is not None:
        await context.open(window)
        return
    await context.defer_update()
    await show_panel(context)


def _window(context: Context, settings: GuildSettings) -> discord.ui.Modal | None:
    options = [
        discord.SelectOption(
            label=str(id_),
            value=str(id_),
            description=plain(
                ", ".join(context.localize(text(f"section.{name}")) for name in sections), LABEL_LIMIT
            ),
        )
        for id_, sections in named_places(settings).items()
        if is_gone(context.interaction.guild, id_)
    ][:SHOWN]
    if not options:
        return None
    picker = discord.ui.Select[Any](custom_id="gone", options=options, max_values=len(options))
    field = (text("panel.not_found_which"), picker, text("panel.not_found_hint"))
    return form(context.localize, forget.id(), text("panel.not_found"), field)


@modal("mod-forget", moderators=True)
async def forget(context: Context) -> None:
    """Take away what was chosen, and show the panel."""
    await context.defer_update()
    chosen = {known(int, id_) for id_ in context.choices.get("gone", ())}
    changed = await context.services.guilds.change(context.guild_id, context.actor, forgotten(chosen))
    await show_panel(context, notice=text("mod.unchanged" if changed.entry is None else "panel.changed"))
