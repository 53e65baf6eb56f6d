"""Declared settings: shown as they are, and changed, by command or by window; what asks first asks here.
Never here: commands and windows themselves, and what a setting is called (setting_words)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.moderators import ModButton, actor_of, check_moderator, guild_of, mod_button, sure_view
from bot.ui.kit.private import defer_update, localised, show_ephemeral
from bot.ui.kit.replies import client_of
from bot.ui.moderation.server_voice import own_teller
from bot.ui.moderation.setting_words import command_lines, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.guilds import Changed
    from bot.texts import Text
    from bot.ui.kit.replies import AnyInteraction

CALM = discord.Colour(0x5865F2)


async def show_state(interaction: AnyInteraction, command: str, *, notice: Text | None = None) -> None:
    """Put what a command sets into the answer, with a button to change it."""
    guild_id, teller = guild_of(interaction), own_teller(interaction)
    settings = await client_of(interaction).services.guilds.settings(guild_id)
    lines = [f"**{teller.say(title_of(command))}**", *command_lines(command, settings, teller)]
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=CALM)
    if notice is not None:
        box.add_item(discord.ui.TextDisplay(teller.say(notice)))
    box.add_item(discord.ui.TextDisplay("\n".join(lines)))
    box.add_item(
        discord.ui.ActionRow(
            ModButton.draw("set", command, label=teller.say(text("button.change"))),
            ModButton.draw("panel", label=teller.say(text("button.all_settings"))),
        )
    )
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(box)
    await show_ephemeral(interaction, view)


async def apply(interaction: AnyInteraction, command: str, values: Mapping[str, Any]) -> Changed | None:
    """Set what a command declares; None if the moderator is asked first, in the answer."""
    guild_id = check_moderator(interaction)
    check(interaction, command, values)
    days = values.get("days") if command == "retention" else None
    if days is not None:
        await _ask_to_forget(interaction, days)
        return None
    guilds = client_of(interaction).services.guilds
    return await guilds.set_values(guild_id, actor_of(interaction), command, values)


def check(interaction: AnyInteraction, command: str, values: Mapping[str, Any]) -> None:
    """Raise `UserError` for what only Discord, or the catalogues, know to be wrong."""
    language = values.get("language") if command == "language" else None
    if language is not None and language not in client_of(interaction).catalogues.languages:
        raise UserError(text("mod.no_such_language"))
    if command == "log" and values.get("channel") is not None:
        check_writable(interaction, values["channel"])


def check_writable(interaction: AnyInteraction, channel_id: int) -> None:
    """Raise `UserError` for a log channel in which nothing could ever be told."""
    channel = None if interaction.guild is None else interaction.guild.get_channel(channel_id)
    if interaction.guild is None or channel is None:
        return  # not cached: the first event that cannot be told says so
    held = channel.permissions_for(interaction.guild.me)
    if not (held.view_channel and held.send_messages):
        raise UserError(text("mod.log_closed", channel=str(channel_id)))


async def _ask_to_forget(interaction: AnyInteraction, days: int) -> None:
    """Prompts that are older go within minutes."""
    yes = ModButton.draw(
        "retention",
        days,
        label=localised(interaction, text("button.yes_retention")),
        style=discord.ButtonStyle.danger,
    )
    back = ModButton.draw("panel", label=localised(interaction, text("button.back")))
    question = text("mod.retention_sure", n=days)
    await show_ephemeral(interaction, sure_view(interaction, question, yes=yes, back=back))


@mod_button("retention")
async def set_retention(interaction: AnyInteraction, about: str) -> None:
    """Forget prompts after so many days."""
    if await defer_update(interaction) is None:
        return
    guilds = client_of(interaction).services.guilds
    await guilds.set_retention(guild_of(interaction), actor_of(interaction), int(about))
    await show_state(interaction, "retention")
