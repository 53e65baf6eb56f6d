"""The window behind “Change…”: a field for each setting of a command, as its declaration says, with what is set now.
Never here: what a change does (setting_changes), and lists (list_modals)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import discord
from typing_extensions import override

from bot.domain.declarations import Choice, Named, Number, Several, Switch
from bot.domain.server_settings import COMMANDS
from bot.texts import text
from bot.ui.kit.languages import name_of
from bot.ui.kit.moderators import check_moderator
from bot.ui.kit.private import defer_update
from bot.ui.kit.replies import answer_errors, client_of
from bot.ui.moderation.setting_changes import apply
from bot.ui.moderation.setting_words import label_of, title_of
from bot.ui.pools.wording import read_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.guilds import GuildSettings
    from bot.domain.server_settings import Declared
    from bot.texts import Text
    from bot.ui.kit.replies import AnyInteraction

    Say = Callable[[Text], str]

OPEN_S: Final = 600
"""A window that is dismissed tells nobody: without an end it would be kept for ever (facts §3.4)."""
TITLE_LIMIT: Final = 45
LINE_LIMIT: Final = 60
NOTHING: Final = "-"
"""Stands in a list for what takes a setting away."""


class Show(Protocol):
    """Draws the view anew from which a window was opened."""

    async def __call__(self, interaction: AnyInteraction, *, notice: Text | None = None) -> None:
        """With what has just changed."""


class Window(discord.ui.Modal):
    """A window that may change something; the right to do so is checked when it is sent, too."""

    def __init__(self, say: Say, title: Text, show: Show) -> None:
        super().__init__(title=say(title)[:TITLE_LIMIT], timeout=OPEN_S)
        self.say = say
        self._show = show

    def ask(self, label: Text, item: discord.ui.Item[Any], *, hint: Text | None = None) -> None:
        """Add a field with its words."""
        description = None if hint is None else self.say(hint)
        field: discord.ui.Label[Any] = discord.ui.Label(
            text=self.say(label), component=item, description=description
        )
        self.add_item(field)

    @override
    async def on_submit(self, interaction: AnyInteraction, /) -> None:
        """Read, answer, change, show."""
        await answer_errors(interaction, partial(self._submit, interaction), reference=str(interaction.id))

    async def _submit(self, interaction: AnyInteraction) -> None:
        check_moderator(interaction)
        if await self.answer(interaction) is None:
            return
        notice = await self.change(interaction)
        if notice is not None:
            await self._show(interaction, notice=notice)

    async def answer(self, interaction: AnyInteraction) -> object | None:
        """Answer Discord before anything is changed; None if somebody else did."""
        return await defer_update(interaction)

    async def change(self, interaction: AnyInteraction) -> Text | None:
        """Make the change, and say that it was made; None if something else was shown instead."""
        raise AssertionError(f"{type(self).__name__} changes nothing in {interaction.guild_id}")


class SettingModal(Window):
    """The settings of one command."""

    def __init__(
        self, say: Say, command: str, settings: GuildSettings, show: Show, *, languages: Any
    ) -> None:
        super().__init__(say, title_of(command), show)
        self._command = command
        self.fields = {one.about.option: _field(one, settings, say, languages) for one in COMMANDS[command]}
        for one in COMMANDS[command]:
            self.ask(label_of(one), self.fields[one.about.option], hint=_hint(one))

    @override
    async def change(self, interaction: AnyInteraction) -> Text | None:
        values = {one.about.option: self._read(one) for one in COMMANDS[self._command]}
        changed = await apply(interaction, self._command, values)
        if changed is None:
            return None
        return text("mod.unchanged" if changed.entry is None else "panel.changed")

    def _read(self, one: Declared) -> Any:
        field, kind = self.fields[one.about.option], one.about.kind
        match kind:
            case Number():
                number = read_number(field.value) if field.value.strip() else None
                if number is None:
                    return None if one.about.optional else one.default
                return None if one.about.optional and number == 0 else number
            case Named.CHANNEL | Named.ROLE:
                return field.values[0].id if field.values else None
            case Named.ZONE:
                return field.value.strip()
            case Several():
                return tuple(kind.values(value) for value in field.values)
            case Switch():
                return field.values[0] == str(True)
        return None if field.values[0] == NOTHING else field.values[0]


def setting_modal(
    interaction: AnyInteraction, command: str, settings: GuildSettings, show: Show, say: Say
) -> SettingModal:
    """The window of a command."""
    languages = sorted(client_of(interaction).catalogues.languages)
    return SettingModal(say, command, settings, show, languages=languages)


def _hint(one: Declared) -> Text | None:
    """What can be typed; else that moderators are exempt."""
    kind, exempt = one.about.kind, one.about.exempt
    if isinstance(kind, Number):
        bounds = {"low": kind.low, "high": kind.high}
        return text("panel.number_or_none" if one.about.optional else "panel.number", **bounds)
    return text("setting.exempt") if exempt else None


def _field(one: Declared, settings: GuildSettings, say: Say, languages: list[str]) -> Any:
    value, option, kind = one.read(settings), one.about.option, one.about.kind
    match kind:
        case Number() | Named.ZONE:
            shown = "" if value is None else str(value)
            return discord.ui.TextInput(
                custom_id=option, default=shown, required=kind is Named.ZONE, max_length=LINE_LIMIT
            )
        case Named.CHANNEL:
            return channel_picker(option, () if value is None else (value,), most=1, text_only=True)
        case Named.ROLE:
            return discord.ui.RoleSelect(
                custom_id=option,
                min_values=0,
                required=False,
                default_values=_chosen(
                    () if value is None else (value,), discord.SelectDefaultValueType.role
                ),
            )
        case Several(values):
            chosen = value or tuple(values)
            return picker(option, [(v.value, v.name, v in chosen) for v in values], most=len(list(values)))
        case Switch():
            words = ((True, "setting.yes"), (False, "setting.no"))
            return picker(option, [(str(v), say(text(w)), v is value) for v, w in words])
        case Choice(values, words):
            known = [(v.value, say(text(f"choice.{words}.{v.value}")), v is value) for v in values]
            return picker(option, known)
    named = [(id_, name_of(id_), id_ == value) for id_ in languages]
    return picker(option, [(NOTHING, say(text("setting.automatic")), value is None), *named])


def picker(name: str, options: list[tuple[str, str, bool]], *, most: int = 1) -> discord.ui.Select[Any]:
    """A list of values with their words, and whether each is chosen now."""
    return discord.ui.Select(
        custom_id=name,
        min_values=1,
        max_values=most,
        required=True,
        options=[discord.SelectOption(label=words, value=v, default=now) for v, words, now in options],
    )


PLACES: Final = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.voice,
    discord.ChannelType.category,
]


def channel_picker(
    name: str, chosen: tuple[int, ...], *, most: int, text_only: bool = False
) -> discord.ui.ChannelSelect[Any]:
    """Channels and categories; none may be chosen."""
    return discord.ui.ChannelSelect(
        custom_id=name,
        channel_types=PLACES[:1] if text_only else PLACES,
        min_values=0,
        max_values=most,
        required=False,
        default_values=_chosen(chosen, discord.SelectDefaultValueType.channel),
    )


def _chosen(ids: tuple[int, ...], kind: discord.SelectDefaultValueType) -> list[discord.SelectDefaultValue]:
    return [discord.SelectDefaultValue(id=id_, type=kind) for id_ in ids]
