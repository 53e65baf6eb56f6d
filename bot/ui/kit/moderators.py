"""What is for moderators only: groups of commands that ask who somebody is right now, and the buttons under what those show.
Never here: what a button does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import discord
from discord import app_commands
from typing_extensions import override

from bot.ui.kit.context import Context
from bot.ui.kit.controls import StatelessView, component, custom_id_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.ui.kit.context import AnyInteraction
    from bot.ui.kit.controls import Control
    from bot.ui.kit.custom_ids import Field

P = ParamSpec("P")


class ModeratorsOnly(app_commands.Group):
    """A group that asks at each command. Discord's check of a group does not reach into groups within."""

    @override
    async def interaction_check(self, interaction: AnyInteraction, /) -> bool:
        """Whether this person is a moderator right now, whatever Discord's own settings let through."""
        return Context(interaction).is_moderator


class PlaceTransformer(app_commands.Transformer):
    """A channel, a category or a thread, cached or not. discord.py's own “any channel” names a kind that is no more."""

    @property
    @override
    def type(self) -> discord.AppCommandOptionType:
        """As Discord calls it."""
        return discord.AppCommandOptionType.channel

    @property
    @override
    def channel_types(self) -> list[discord.ChannelType]:
        """What may be chosen."""
        kind = discord.ChannelType
        return [
            kind.text,
            kind.news,
            kind.voice,
            kind.stage_voice,
            kind.forum,
            kind.category,
            kind.public_thread,
            kind.private_thread,
            kind.news_thread,
        ]

    @override
    async def transform(self, interaction: AnyInteraction, value: Any, /) -> Any:
        """Take it as Discord sent it."""
        return value


Place = app_commands.Transform[
    app_commands.AppCommandChannel | app_commands.AppCommandThread, PlaceTransformer
]


def mod_button(
    word: str, *fields: Field[Any]
) -> Callable[[Callable[Concatenate[Context, P], Awaitable[None]]], Control[P]]:
    """Register what a moderators' button does: `@mod_button("unblock", SNOWFLAKE)` over `async def unblock(context, user_id)`."""
    return component(f"mod-{word}", *fields, moderators=True)


def draw_mod_button(word: str, *values: Any, label: str, **options: Any) -> discord.ui.Button[Any]:
    """Draw one, by its word: most are drawn where what they do is not known."""
    return discord.ui.Button(label=label, custom_id=custom_id_of(f"mod-{word}", *values), **options)


def sure_view(question: str, *buttons: discord.ui.Button[Any]) -> StatelessView:
    """Ask before something that cannot be taken back."""
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=discord.Colour(0xD83C3E))
    box.add_item(discord.ui.TextDisplay(question))
    box.add_item(discord.ui.ActionRow(*buttons))
    return StatelessView(box)
