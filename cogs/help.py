"""`/help`: what one can do here.
Never here: the list itself (ui)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui.help.help import show_help
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context

if TYPE_CHECKING:
    from bot.client import Easel


class HelpCog(commands.Cog):
    """Helps."""

    @app_commands.command(name="help", description=localized("command.help"))
    @app_commands.guild_only()
    async def help(self, interaction: discord.Interaction[Easel]) -> None:
        """Show what this person may use here."""
        context = Context(interaction)
        asker = await context.defer_ephemeral()
        await show_help(context, asker)


async def setup(bot: commands.Bot) -> None:
    """Discord.py's entry into an extension."""
    await bot.add_cog(HelpCog())
