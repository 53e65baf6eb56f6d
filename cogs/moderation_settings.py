"""`/mod`'s settings of a server: every declared one, the panel and the first card, and how pictures are shown.
Never here: pools (their own commands), which settings there are (domain), and what one means (services)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.domain.servers.access import Treatment
from bot.domain.servers.server_settings import COMMANDS
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context
from bot.ui.kit.moderators import ModeratorsOnly, Place
from bot.ui.moderation.panel import show_panel
from bot.ui.moderation.setting_commands import setting_command
from bot.ui.moderation.welcome import show_welcome

if TYPE_CHECKING:
    from bot.client import Easel
    from bot.domain.servers.guilds import Changed
    from bot.texts import Text

TREATMENTS = [
    app_commands.Choice(name=localized(f"choice.media.{what.value}"), value=what.value) for what in Treatment
]


class Settings(ModeratorsOnly, name="settings", description=localized("command.mod")):
    """Commands that stand in `/mod` itself: this group is never registered, it only holds them."""

    def __init__(self) -> None:
        super().__init__()
        for command, declared in COMMANDS.items():
            if declared[0].about.path is None:
                self.add_command(setting_command(command))

    @app_commands.command(name="panel", description=localized("command.mod.panel"))
    async def panel(self, interaction: discord.Interaction[Easel]) -> None:
        """Show everything that is set, with buttons to change it."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_panel(context)

    @app_commands.command(name="setup", description=localized("command.mod.setup"))
    async def setup(self, interaction: discord.Interaction[Easel]) -> None:
        """Show the card again that greets a new server."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_welcome(context)

    @app_commands.command(name="media", description=localized("command.mod.media"))
    @app_commands.describe(
        treatment=localized("command.mod.media.treatment"),
        on=localized("command.mod.media.on"),
        channel=localized("command.mod.media.channel"),
        role=localized("command.mod.media.role"),
    )
    @app_commands.choices(treatment=TREATMENTS)
    async def media(
        self,
        interaction: discord.Interaction[Easel],
        treatment: str,
        on: bool,  # noqa: FBT001 - Discord passes options by name
        channel: Place | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Treat pictures of a channel, or of a role's members, specially."""
        context = Context(interaction)
        if channel is not None and role is not None:
            raise UserError(text("mod.media_one"))
        await context.defer_ephemeral()
        guild_id = context.guild_id
        target_id = channel.id if channel is not None else role.id if role is not None else guild_id
        changed = await context.services.guilds.set_media(
            guild_id, context.actor, target_id, Treatment(treatment), on=on
        )
        target = _target(channel, role, guild_id)
        done = text(f"mod.media_{treatment}", target=target) if on else text("mod.media_off", target=target)
        await _reply(context, changed, done)


async def _reply(context: Context, changed: Changed, done: Text) -> None:
    await context.reply(done if changed.entry is not None else text("mod.unchanged"))


def _target(
    channel: Place | None,
    role: discord.Role | None,
    guild_id: int,
) -> Text | str:
    if channel is not None:
        return f"<#{channel.id}>"
    return text("mod.everyone") if role is None or role.id == guild_id else f"<@&{role.id}>"
