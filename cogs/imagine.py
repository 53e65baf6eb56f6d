"""`/imagine`: its options, checked by Discord as far as Discord can, and a handler that answers first and hands over.
Never here: prompts' rules (domain), policy and rows (services), cards (ui)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.pools import Pool
from bot.domain.prompts import ASPECTS, PROMPT_LIMIT, VERSIONS, PromptOptions, compose
from bot.ui.commands import said
from bot.ui.replies import house_of, take_up

if TYPE_CHECKING:
    from bot.client import Easel

POOLS = [
    app_commands.Choice(name=said(f"command.imagine.pool.{pool.value}"), value=pool.value) for pool in Pool
]
MODELS = [app_commands.Choice(name=version, value=version) for version in VERSIONS]
QUALITIES = [app_commands.Choice(name=quality, value=quality) for quality in ("0.25", "0.5", "1", "2", "4")]
SUGGESTIONS = 25
"""Discord's limit of suggestions; one of them has at most 100 characters (peers F31)."""


class ImagineCog(commands.Cog):
    """Begins pictures."""

    @app_commands.command(name="imagine", description=said("command.imagine"))
    @app_commands.guild_only()
    @app_commands.describe(
        prompt=said("command.imagine.prompt"),
        pool=said("command.imagine.pool"),
        aspect=said("command.imagine.aspect"),
        version=said("command.imagine.version"),
        stylize=said("command.imagine.stylize"),
        chaos=said("command.imagine.chaos"),
        weird=said("command.imagine.weird"),
        quality=said("command.imagine.quality"),
        seed=said("command.imagine.seed"),
        no=said("command.imagine.no"),
        raw=said("command.imagine.raw"),
        tile=said("command.imagine.tile"),
    )
    @app_commands.choices(pool=POOLS, version=MODELS, quality=QUALITIES)
    async def imagine(
        self,
        interaction: discord.Interaction[Easel],
        prompt: app_commands.Range[str, 1, PROMPT_LIMIT],
        pool: str | None = None,
        aspect: app_commands.Range[str, 1, 20] | None = None,
        version: str | None = None,
        stylize: app_commands.Range[int, 0, 1000] | None = None,
        chaos: app_commands.Range[int, 0, 100] | None = None,
        weird: app_commands.Range[int, 0, 3000] | None = None,
        quality: str | None = None,
        seed: app_commands.Range[int, 0, 4_294_967_295] | None = None,
        no: app_commands.Range[str, 1, 500] | None = None,
        raw: bool | None = None,  # noqa: FBT001 - Discord passes options by name
        tile: bool | None = None,  # noqa: FBT001 - as above
    ) -> None:
        """Refuse a bad prompt at once; else answer “thinking…” and let the services begin.

        A worker then puts the card in its place. What is raised here, the tree turns into an answer.
        """
        options = PromptOptions(
            prompt=prompt,
            aspect=aspect,
            version=version,
            stylize=stylize,
            chaos=chaos,
            weird=weird,
            quality=quality,
            seed=seed,
            no=no,
            raw=raw,
            tile=tile,
        )
        compose(options)
        asker = await take_up(interaction)
        if asker is not None:
            chosen = Pool(pool) if pool is not None else None
            await house_of(interaction).services.imagine.begin(asker, options, chosen)

    @imagine.autocomplete("aspect")
    async def suggest_aspect(
        self, _interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """The usual ratios that begin like what was typed, and what was typed itself."""
        return [app_commands.Choice(name=ratio, value=ratio) for ratio in ratios_like(typed)]


def ratios_like(typed: str) -> list[str]:
    """What to suggest for a beginning; nothing that was typed is kept back, Discord only suggests."""
    begun = "".join(typed.split())[:20]
    known = [ratio for ratio in ASPECTS if ratio.startswith(begun)]
    own = [begun] if begun and begun not in known else []
    return (own + known)[:SUGGESTIONS]


async def setup(bot: commands.Bot) -> None:
    """Discord.py's entry into an extension."""
    await bot.add_cog(ImagineCog())
