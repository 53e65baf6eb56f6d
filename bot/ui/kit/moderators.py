"""The moderators' door: who is one right now, and buttons that ask again at each press. Stateless: all is in the id.
Never here: what a button does, and how it looks."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, cast

import discord
from discord import app_commands
from typing_extensions import override

from bot.domain.guilds import Actor
from bot.domain.keys import CUSTOM_ID_LIMIT
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.private import localised, viewer_of
from bot.ui.kit.replies import AnyInteraction, answer_errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.texts import Text

    ModHandler = Callable[[AnyInteraction, str], Awaitable[None]]

PREFIX: Final = "easelmod:1:"
"""Apart from the buttons of pictures, which begin with `easel:`."""
TEMPLATE: Final = rf"{PREFIX}(?P<word>[a-z_]{{1,30}}):(?P<about>[0-9a-z-]{{0,40}})"

MOD_BUTTONS: Final[dict[str, ModHandler]] = {}
"""What moderators' buttons do, by their word."""


def is_moderator(interaction: AnyInteraction) -> bool:
    """Whether this person may manage the server at this moment, as Discord sent it along."""
    return viewer_of(interaction).manages


def require_moderator(interaction: AnyInteraction) -> None:
    """Raise `UserError` for everybody else."""
    if not is_moderator(interaction):
        raise UserError(text("refused.not_allowed"))


def actor_of(interaction: AnyInteraction) -> Actor:
    """Whom the audit names."""
    return Actor(interaction.user.id, interaction.user.name)


def guild_of(interaction: AnyInteraction) -> int:
    """The server; raises `UserError` outside of one."""
    if interaction.guild_id is None:
        raise UserError(text("refused.server_only"))
    return interaction.guild_id


def check_moderator(interaction: AnyInteraction) -> int:
    """Say which server it is about; raises `UserError` unless this person manages it right now."""
    require_moderator(interaction)
    return guild_of(interaction)


class ModeratorsOnly(app_commands.Group):
    """A group that asks at each command. Discord's check of a group does not reach into groups within."""

    @override
    async def interaction_check(self, interaction: AnyInteraction, /) -> bool:
        """Whether this person is a moderator right now, whatever Discord's own settings let through."""
        return is_moderator(interaction)


class PlaceReader(app_commands.Transformer):
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


Place = app_commands.Transform[app_commands.AppCommandChannel | app_commands.AppCommandThread, PlaceReader]


def mod_button(word: str) -> Callable[[ModHandler], ModHandler]:
    """Register what a button does: `@mod_button("unblock")` over `async def unblock(interaction, about)`.

    The permission has been checked before; the handler answers within three seconds, and what it raises becomes a
    sentence.
    """

    def register(handler: ModHandler) -> ModHandler:
        spelled(word, "")
        MOD_BUTTONS[word] = handler
        return handler

    return register


def spelled(word: str, about: str | int) -> str:
    """The custom_id; raises ValueError if it could not be read back."""
    id_ = f"{PREFIX}{word}:{about}"
    if len(id_) > CUSTOM_ID_LIMIT or re.fullmatch(TEMPLATE, id_) is None:
        raise ValueError(f"{id_!r} is not a custom_id that this version can read back")
    return id_


class ModButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
    """A button for moderators only, before and after any restart."""

    def __init__(self, item: discord.ui.Button[Any], word: str, about: str) -> None:
        super().__init__(item)
        self.word, self.about = word, about

    @classmethod
    def draw(
        cls,
        word: str,
        about: str | int = "",
        *,
        label: str,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        disabled: bool = False,
    ) -> Self:
        """Make a button."""
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=label, style=style, disabled=disabled, custom_id=spelled(word, about)
        )
        return cls(button, word, str(about))

    @classmethod
    @override
    async def from_custom_id(
        cls, interaction: AnyInteraction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Parse, nothing else."""
        return cls(cast("discord.ui.Button[Any]", item), match["word"], match["about"])

    @override
    async def callback(self, interaction: AnyInteraction) -> None:
        """Check who presses, then do what the button is for."""
        await answer_errors(interaction, partial(self._press, interaction), reference=str(interaction.id))

    async def _press(self, interaction: AnyInteraction) -> None:
        require_moderator(interaction)
        handler = MOD_BUTTONS.get(self.word)
        if handler is None:
            raise UserError(text("press.expired"))
        await handler(interaction, self.about)


def sure_view(
    interaction: AnyInteraction, question: Text, *, yes: ModButton, back: ModButton | None = None
) -> discord.ui.LayoutView:
    """Ask before something that cannot be taken back."""
    view = discord.ui.LayoutView(timeout=None)
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=discord.Colour(0xD83C3E))
    box.add_item(discord.ui.TextDisplay(localised(interaction, question)))
    box.add_item(discord.ui.ActionRow(yes) if back is None else discord.ui.ActionRow(yes, back))
    view.add_item(box)
    return view


def words_view(interaction: AnyInteraction, words: Text) -> discord.ui.LayoutView:
    """A sentence in the place of a view, which no sentence without one can replace (facts §3.4)."""
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.TextDisplay(localised(interaction, words)))
    return view
