"""`/draw`: loaded only where the owner named a second engine; the handler answers first and hands over.
Never here: what a model takes (domain), policy and rows (services), cards (ui)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.engine_models import MOST_DRAWN
from bot.domain.intake.prompts import PROMPT_LIMIT, PromptOptions
from bot.domain.pools import Pool
from bot.services.intake.drawing import DrawOptions
from bot.ui.imagine.attachments import attached
from bot.ui.imagine.drafts import offered_back
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context
from bot.ui.kit.deadline import within_deadline

if TYPE_CHECKING:
    from bot.client import Easel
    from bot.domain.engine_models import EngineModel

VALUE_LIMIT = 20


class DrawCog(commands.Cog):
    """Draws with the second engine."""

    @app_commands.command(name="draw", description=localized("command.draw"))
    @app_commands.guild_only()
    @app_commands.describe(
        prompt=localized("command.draw.prompt"),
        size=localized("command.draw.size"),
        quality=localized("command.draw.quality"),
        number=localized("command.draw.number"),
        image=localized("command.draw.image"),
    )
    async def draw(
        self,
        interaction: discord.Interaction[Easel],
        prompt: app_commands.Range[str, 1, PROMPT_LIMIT],
        size: app_commands.Range[str, 1, VALUE_LIMIT] | None = None,
        quality: app_commands.Range[str, 1, VALUE_LIMIT] | None = None,
        number: app_commands.Range[int, 1, MOST_DRAWN] | None = None,
        image: discord.Attachment | None = None,
    ) -> None:
        """Answer “thinking…” and let the services begin; a refused order is given back to be edited."""
        context = Context(interaction)
        options = DrawOptions(prompt=prompt, size=size, quality=quality, number=number)
        typed = PromptOptions(prompt=options.typed, pictures=int(image is not None))
        async with offered_back(context, typed, Pool.DRAW):
            given = attached([image])
            if (model := await _model(context)) is not None:
                options.read(model)  # a bad one is refused at once, with nothing left in public
            asker = await context.defer_public()
            await context.services.drawings.begin(asker, options, given=given)

    @draw.autocomplete("size")
    async def suggest_size(
        self, interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """What the server's engine takes."""
        model = await _model(Context(interaction))
        return _suggested(() if model is None else model.sizes, typed)

    @draw.autocomplete("quality")
    async def suggest_quality(
        self, interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """What the server's engine takes."""
        model = await _model(Context(interaction))
        return _suggested(() if model is None else model.qualities, typed)


async def _model(context: Context) -> EngineModel | None:
    return await within_deadline(context.services.drawings.engine(context.interaction.guild_id), None)


def _suggested(known: tuple[str, ...], typed: str) -> list[app_commands.Choice[str]]:
    begun = typed.strip().casefold()
    return [app_commands.Choice(name=one, value=one) for one in known if begun in one]


async def setup(bot: commands.Bot) -> None:
    """Discord.py's entry into an extension; the buttons under a card are registered elsewhere."""
    await bot.add_cog(DrawCog())
