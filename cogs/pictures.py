"""`/blend`, `/describe` and the menus of messages: handlers that answer first and hand over.
Never here: looking into pictures (adapters), policy and rows (services), cards (ui)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.inputs import Shape
from bot.domain.pools import Pool
from bot.errors import UserError
from bot.texts import text
from bot.ui.imagine import describe as describing
from bot.ui.imagine.attachments import EmbeddedPicture, attached, picked, picked_picture
from bot.ui.imagine.use_as_prompt import open_for_message
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context
from bot.ui.pools.options import CHOICES, read_pool, suggest

if TYPE_CHECKING:
    from bot.client import Easel
    from bot.domain.inputs import SourcePicture
    from bot.services.admission.asker import Asker

__all__ = ["PicturesCog", "describing", "setup"]

ADDRESS_LIMIT = 2_000
SHAPES = [
    app_commands.Choice(name=localized(f"command.blend.shape.{shape.value.lower()}"), value=shape.value)
    for shape in Shape
]


class PicturesCog(commands.Cog):
    """Begins what is made of pictures."""

    @app_commands.command(name="blend", description=localized("command.blend"))
    @app_commands.guild_only()
    @app_commands.describe(
        image1=localized("command.blend.image"),
        image2=localized("command.blend.image"),
        image3=localized("command.blend.image_more"),
        image4=localized("command.blend.image_more"),
        image5=localized("command.blend.image_more"),
        shape=localized("command.blend.shape"),
        pool=localized("command.imagine.pool"),
    )
    @app_commands.choices(shape=SHAPES, pool=CHOICES)
    @app_commands.autocomplete(pool=suggest)
    async def blend(
        self,
        interaction: discord.Interaction[Easel],
        image1: discord.Attachment,
        image2: discord.Attachment,
        image3: discord.Attachment | None = None,
        image4: discord.Attachment | None = None,
        image5: discord.Attachment | None = None,
        shape: str | None = None,
        pool: str | None = None,
    ) -> None:
        """Mix pictures; without a shape the result is square, as upstream's own is."""
        context = Context(interaction)
        given = attached((image1, image2, image3, image4, image5))
        chosen = await read_pool(context, pool) if pool else None
        asker = await context.defer_public()
        services = context.services
        liked = await services.people.preferences(asker.user_id)
        await services.blending.begin(
            asker,
            given,
            shape=Shape(shape) if shape else Shape.SQUARE,
            pool=chosen,
            preferred=liked.pool,
        )

    @app_commands.command(name="describe", description=localized("command.describe"))
    @app_commands.guild_only()
    @app_commands.describe(
        image=localized("command.describe.image"),
        address=localized("command.describe.address"),
        pool=localized("command.imagine.pool"),
    )
    @app_commands.choices(pool=CHOICES)
    @app_commands.autocomplete(pool=suggest)
    async def describe(
        self,
        interaction: discord.Interaction[Easel],
        image: discord.Attachment | None = None,
        address: app_commands.Range[str, 1, ADDRESS_LIMIT] | None = None,
        pool: str | None = None,
    ) -> None:
        """Ask for prompts that would give such a picture."""
        context = Context(interaction)
        given: list[SourcePicture] = [*attached((image,))]
        if address is not None:
            given.append(context.services.image_loader.of_address(address))
        if len(given) != 1:
            raise UserError(text("describe.one_picture"))
        chosen = await read_pool(context, pool) if pool else None
        asker = await context.defer_public()
        await _describe(context, asker, given[0], chosen, address)


async def describe_picture(interaction: discord.Interaction[Easel], message: discord.Message) -> None:
    """Describe the first picture of a message."""
    context = Context(interaction)
    pick = picked(context, message)
    asker = await context.defer_public()
    address = pick.address if isinstance(pick, EmbeddedPicture) else None
    await _describe(context, asker, await picked_picture(context, pick), None, address)


async def _describe(
    context: Context, asker: Asker, given: SourcePicture, pool: Pool | None, address: str | None = None
) -> None:
    services = context.services
    liked = await services.people.preferences(asker.user_id)
    more = {} if address is None else {"address": address}
    await services.describing.begin(asker, given, pool=pool, preferred=liked.pool, **more)


async def use_picture(interaction: discord.Interaction[Easel], message: discord.Message) -> None:
    """Ask for the words that go with the first picture of a message."""
    context = Context(interaction)
    await open_for_message(context, message)


async def setup(bot: commands.Bot) -> None:
    """Discord.py's entry into an extension; the buttons under a description come with it."""
    menu = partial(app_commands.ContextMenu, type=discord.AppCommandType.message)
    for name, callback in (("menu.describe", describe_picture), ("menu.use", use_picture)):
        command = menu(name=localized(name), callback=callback)
        command.guild_only = True
        bot.tree.add_command(command)
    await bot.add_cog(PicturesCog())
