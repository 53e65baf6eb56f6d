"""The windows behind the card of `/prefer`: what a person writes there is checked and kept.
Never here: the card itself; it is handed in, to be drawn anew with what is now true."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import discord
from typing_extensions import override

from bot.domain.people import NAME_LIMIT, OPTIONS_LIMIT, OptionSet, Preferences
from bot.texts import Text, text
from bot.ui.kit.replies import AnyInteraction, answer_errors, client_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Say = Callable[[Text], str]

OPEN_S: Final = 600
"""A window that is dismissed tells nobody: without an end it would be kept for ever (facts §3.4)."""
ASPECT_LIMIT: Final = 20


class Show(Protocol):
    """Draws the card anew."""

    async def __call__(self, interaction: AnyInteraction, *, notice: Text | None = None) -> None:
        """With what has just changed."""


class PreferenceModal(discord.ui.Modal):
    """Reads, keeps, shows."""

    def __init__(self, say: Say, title: Text, show: Show) -> None:
        super().__init__(title=say(title), timeout=OPEN_S)
        self._say = say
        self._show = show

    def ask(self, label: str, item: discord.ui.TextInput[Any], *, hint: str) -> None:
        """Add a field with its words."""
        self.add_item(
            discord.ui.Label(text=self._say(text(label)), component=item, description=self._say(text(hint)))
        )

    @override
    async def on_submit(self, interaction: AnyInteraction, /) -> None:
        """Answer, keep, show."""
        await answer_errors(interaction, partial(self._change, interaction), reference=str(interaction.id))

    async def _change(self, interaction: AnyInteraction) -> None:
        await interaction.response.defer()
        await self._show(interaction, notice=await self.change(interaction))

    async def change(self, interaction: AnyInteraction) -> Text | None:
        """Keep it, and say what is now true."""
        raise AssertionError(f"{type(self).__name__} keeps nothing for {interaction.user.id}")


class ShapeModal(PreferenceModal):
    """Aspect and suffix."""

    def __init__(self, say: Say, known: Preferences, show: Show) -> None:
        super().__init__(say, text("prefer.window.shape"), show)
        self.aspect: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="aspect", required=False, max_length=ASPECT_LIMIT, default=known.aspect or ""
        )
        self.suffix: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="suffix",
            required=False,
            max_length=OPTIONS_LIMIT,
            default=known.suffix,
            style=discord.TextStyle.paragraph,
        )
        self.ask("prefer.window.aspect", self.aspect, hint="prefer.window.aspect_hint")
        self.ask("prefer.window.suffix", self.suffix, hint="prefer.window.suffix_hint")

    @override
    async def change(self, interaction: AnyInteraction) -> Text | None:
        people, user_id = client_of(interaction).services.people, interaction.user.id
        await people.prefer_aspect(user_id, self.aspect.value.strip() or None)
        await people.prefer_suffix(user_id, self.suffix.value)
        return None


class SetModal(PreferenceModal):
    """A named option set; without options it is removed."""

    def __init__(self, say: Say, known: OptionSet | None, show: Show) -> None:
        super().__init__(say, text("prefer.window.set"), show)
        self.known = known
        self.name: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="name", max_length=NAME_LIMIT, default="" if known is None else known.name
        )
        self.options: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="options",
            required=known is None,
            max_length=OPTIONS_LIMIT,
            default="" if known is None else known.options,
            style=discord.TextStyle.paragraph,
        )
        hint = "prefer.window.options_hint" if known is None else "prefer.window.options_remove_hint"
        self.ask("prefer.window.name", self.name, hint="prefer.window.name_hint")
        self.ask("prefer.window.options", self.options, hint=hint)

    @override
    async def change(self, interaction: AnyInteraction) -> Text | None:
        people, user_id = client_of(interaction).services.people, interaction.user.id
        old = None if self.known is None else self.known.name
        if old is not None and not self.options.value.strip():
            await people.drop_set(user_id, old)
            return text("prefer.set_dropped")
        await people.keep_set(user_id, self.name.value, self.options.value, instead=old)
        return text("prefer.set_kept")
