"""`/shorten`: loaded only where an account of the owner's may be able to; the handler answers first and hands over.
Never here: which words count, policy and rows (services), cards (ui)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.intake.prompts import PROMPT_LIMIT, PromptOptions, compose
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context
from bot.ui.pools.options import CHOICES, read_pool, suggest

if TYPE_CHECKING:
    from bot.client import Easel


class ShortenCog(commands.Cog):
    """Shortens prompts."""

    @app_commands.command(name="shorten", description=localized("command.shorten"))
    @app_commands.guild_only()
    @app_commands.describe(prompt=localized("command.shorten.prompt"), pool=localized("command.imagine.pool"))
    @app_commands.choices(pool=CHOICES)
    @app_commands.autocomplete(pool=suggest)
    async def shorten(
        self,
        interaction: discord.Interaction[Easel],
        prompt: app_commands.Range[str, 1, PROMPT_LIMIT],
        pool: str | None = None,
    ) -> None:
        """Ask which words of a prompt count, and for shorter ones."""
        context = Context(interaction)
        compose(PromptOptions(prompt=prompt))  # a bad one is refused at once, with nothing left in public
        wanted = await read_pool(context, pool) if pool is not None else None
        asker = await context.defer_public()
        services = context.services
        liked = await services.people.preferences(asker.user_id)
        await services.shortening.begin(asker, prompt, wanted, preferred=liked.pool)


async def setup(bot: commands.Bot) -> None:
    """Discord.py's entry into an extension; the buttons under a shortening are registered elsewhere."""
    await bot.add_cog(ShortenCog())
