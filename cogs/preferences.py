"""`/prefer`: what a member wants where a command does not say otherwise; a card for those who click, verbs for those who type.
Never here: what a preference does, and how the card looks (ui)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.people import NAME_LIMIT, OPTIONS_LIMIT
from bot.texts import text
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context
from bot.ui.preferences.card import show_preferences
from cogs.imagine import own_sets

if TYPE_CHECKING:
    from bot.client import Easel


class PreferCog(commands.Cog):
    """Keeps preferences."""

    prefer = app_commands.Group(name="prefer", description=localized("command.prefer"), guild_only=True)

    @prefer.command(name="show", description=localized("command.prefer.show"))
    async def show(self, interaction: discord.Interaction[Easel]) -> None:
        """Show the card."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_preferences(context)

    @prefer.command(name="set", description=localized("command.prefer.set"))
    @app_commands.describe(
        name=localized("command.prefer.set.name"), options=localized("command.prefer.set.options")
    )
    async def keep(
        self,
        interaction: discord.Interaction[Easel],
        name: app_commands.Range[str, 1, NAME_LIMIT],
        options: app_commands.Range[str, 1, OPTIONS_LIMIT],
    ) -> None:
        """Keep options under a name, over those that it had."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await context.services.people.keep_set(context.user_id, name, options)
        await show_preferences(context, notice=text("prefer.set_kept"))

    @prefer.command(name="unset", description=localized("command.prefer.unset"))
    @app_commands.describe(name=localized("command.prefer.unset.name"))
    async def drop(
        self, interaction: discord.Interaction[Easel], name: app_commands.Range[str, 1, NAME_LIMIT]
    ) -> None:
        """Remove a set."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await context.services.people.drop_set(context.user_id, name)
        await show_preferences(context, notice=text("prefer.set_dropped"))

    @keep.autocomplete("name")
    @drop.autocomplete("name")
    async def suggest_set(
        self, interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """The member's own option sets."""
        return await own_sets(Context(interaction), typed)

    @prefer.command(name="suffix", description=localized("command.prefer.suffix"))
    @app_commands.describe(words=localized("command.prefer.suffix.words"))
    async def suffix(
        self,
        interaction: discord.Interaction[Easel],
        words: app_commands.Range[str, 1, OPTIONS_LIMIT] | None = None,
    ) -> None:
        """Put words or parameters behind every prompt, or none any more."""
        context = Context(interaction)
        await context.defer_ephemeral()
        liked = await context.services.people.prefer_suffix(context.user_id, words or "")
        await show_preferences(
            context, notice=text("prefer.suffix_kept" if liked.suffix else "prefer.suffix_dropped")
        )

    @prefer.command(name="forget", description=localized("command.prefer.forget"))
    async def forget(self, interaction: discord.Interaction[Easel]) -> None:
        """Ask whether all is to be forgotten."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_preferences(context, asking=True)


async def setup(bot: commands.Bot) -> None:
    """Discord.py's entry into an extension."""
    await bot.add_cog(PreferCog())
