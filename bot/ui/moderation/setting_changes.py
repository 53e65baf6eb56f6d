"""Declared settings: shown as they are, and changed, by command or by modal; what asks first asks here.
Never here: commands and modals themselves, and what a setting is called (setting_words)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import discord

from bot.domain.servers.server_settings import COMMANDS
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.custom_ids import NUMBER, SNOWFLAKE, maybe
from bot.ui.kit.moderators import draw_mod_button, mod_button, sure_view
from bot.ui.moderation.localizers import own_localizer
from bot.ui.moderation.setting_words import command_lines, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.servers.guilds import Changed, GuildSettings
    from bot.texts import Text
    from bot.ui.kit.context import Context


class ModalOrigin(StrEnum):
    """Where a button stands that opens the modal of settings, and what is drawn there afterwards."""

    PANEL = "panel"
    STATE = "state"


CALM = discord.Colour(0x5865F2)


async def show_state(context: Context, command: str, *, notice: Text | None = None) -> None:
    """Put what a command sets into the answer, with a button to change it."""
    guild_id, localizer = context.guild_id, own_localizer(context)
    settings = await context.services.guilds.settings(guild_id)
    lines = [f"**{localizer.localize(title_of(command))}**", *command_lines(command, settings, localizer)]
    needs_model = any(one.about.needs_model for one in COMMANDS[command])
    if needs_model and not context.services.improving.helper.offered:
        lines.append(localizer.localize(text("mod.translate_no_model")))
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=CALM)
    if notice is not None:
        box.add_item(discord.ui.TextDisplay(localizer.localize(notice)))
    box.add_item(discord.ui.TextDisplay("\n".join(lines)))
    box.add_item(
        discord.ui.ActionRow(
            draw_mod_button(
                "set", command, ModalOrigin.STATE, label=localizer.localize(text("button.change"))
            ),
            draw_mod_button("panel", label=localizer.localize(text("button.all_settings"))),
        )
    )
    view = StatelessView()
    view.add_item(box)
    await context.show(view)


async def apply(context: Context, command: str, values: Mapping[str, Any]) -> Changed | None:
    """Set what a command declares; None if the moderator is asked first, in the answer."""
    guild_id = context.moderator()
    check(context, command, values)
    guilds = context.services.guilds
    if command == "retention" and "days" in values:
        asked = await _ask_to_forget(context, await guilds.settings(guild_id), values["days"])
        if asked:
            return None
    return await guilds.set_values(guild_id, context.actor, command, values)


def check(context: Context, command: str, values: Mapping[str, Any]) -> None:
    """Raise `UserError` for what only Discord, or the catalogues, know to be wrong."""
    language = values.get("language") if command == "language" else None
    if language is not None and language not in context.client.catalogues.languages:
        raise UserError(text("mod.no_such_language"))
    if command == "log" and values.get("channel") is not None:
        check_writable(context, values["channel"])


def check_writable(context: Context, channel_id: int) -> None:
    """Raise `UserError` for a log channel in which nothing could ever be told."""
    channel = None if context.interaction.guild is None else context.interaction.guild.get_channel(channel_id)
    if context.interaction.guild is None or channel is None:
        return  # not cached: the first event that cannot be told says so
    held = channel.permissions_for(context.interaction.guild.me)
    if not (held.view_channel and held.send_messages):
        raise UserError(text("mod.log_closed", channel=str(channel_id)))


async def _ask_to_forget(
    context: Context, settings: GuildSettings, days: int | None, *, notice: Text | None = None
) -> bool:
    """Ask before prompts go within minutes by other days than now (None: the owner's); False if none would."""
    localizer = own_localizer(context)
    kept = localizer.days_kept(days)
    if kept is None or days == settings.retention_days:
        return False
    yes = draw_mod_button(
        "retention",
        days or 0,
        settings.revision,
        label=context.localize(text("button.yes_retention")),
        style=discord.ButtonStyle.danger,
    )
    back = draw_mod_button("panel", label=context.localize(text("button.back")))
    lines = [context.localize(text("mod.retention_sure", n=kept))]
    if notice is not None:
        lines = [context.localize(notice), *command_lines("retention", settings, localizer), *lines]
    await context.show(sure_view("\n".join(lines), yes, back))
    return True


@mod_button("retention", NUMBER, maybe(SNOWFLAKE))
async def set_retention(context: Context, days: int, revision: int | None) -> None:
    """Forget prompts after so many days (0: after those of the owner) if that is as it was when this was asked, at a revision.

    Else, and where an earlier version drew the button, which wrote no revision down, it is asked again.
    """
    await context.defer_update()
    guilds, guild_id, chosen = context.services.guilds, context.guild_id, days or None
    try:
        await guilds.confirm_retention(guild_id, context.actor, chosen, asked_at=revision)
    except UserError as refusal:
        if refusal.text.id != "mod.retention_stale":
            raise
        settings = await guilds.settings(guild_id)
        if not await _ask_to_forget(context, settings, chosen, notice=refusal.text):
            await show_state(context, "retention", notice=refusal.text)
        return
    await show_state(context, "retention")
