"""`/help`: what one can do here.
Never here: the list itself (ui)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui.commands import said
from bot.ui.helping import show_help
from bot.ui.private import take_up_privately

if TYPE_CHECKING:
    from bot.client import Easel


class HelpCog(commands.Cog):
    """Helps."""

    @app_commands.command(name="help", description=said("command.help"))
    @app_commands.guild_only()
    async def help(self, interaction: discord.Interaction[Easel]) -> None:
        """Show what this person may use here."""
        asker = await take_up_privately(interaction)
        if asker is not None:
            await show_help(interaction, asker)


async def setup(bot: commands.Bot) -> None:
    """Discord.py's entry into an extension."""
    await bot.add_cog(HelpCog())
