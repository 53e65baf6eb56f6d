"""The modal behind “Change…”: a field for each setting of a command, as its declaration says, with what is set now.
Never here: what a change does (setting_changes), what is shown then (panel_buttons), and lists (list_modals)."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.servers.declarations import Choice, MultipleChoice, Named, Number, Switch
from bot.domain.servers.server_settings import COMMANDS
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.choices import known
from bot.ui.kit.controls import form
from bot.ui.kit.escape import quoted
from bot.ui.kit.languages import name_of
from bot.ui.moderation.setting_words import label_of, title_of
from bot.ui.pools.wording import TYPED_SHOWN, read_number, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.servers.declarations import Setting
    from bot.domain.servers.guilds import GuildSettings
    from bot.domain.servers.server_settings import DeclaredSetting
    from bot.texts import Localize, Text
    from bot.ui.kit.context import Context

LINE_LIMIT: Final = 60
NOTHING: Final = "-"
"""Stands in a list for what takes a setting away."""


def setting_modal(
    localize: Localize, custom_id: str, command: str, settings: GuildSettings, *, languages: Sequence[str]
) -> discord.ui.Modal:
    """Ask for the settings of one command."""
    fields = (
        (label_of(one), _field(one, settings, localize, languages), _hint(one)) for one in COMMANDS[command]
    )
    return form(localize, custom_id, title_of(command), *fields)


def read_values(context: Context, command: str) -> dict[str, Any]:
    """What was sent, by option; raises `UserError` for what is no number."""
    return {one.about.option: _read(one, context) for one in COMMANDS[command]}


def touched(command: str, written: Mapping[str, Any], shown: GuildSettings) -> dict[str, Any]:
    """What was written otherwise than it was shown."""
    before = {one.about.option: _as_written(one, shown) for one in COMMANDS[command]}
    return {option: value for option, value in written.items() if value != before[option]}


def _as_written(one: DeclaredSetting, settings: GuildSettings) -> Any:
    """What is read from a field that nobody touched: of nothing chosen, all is shown as chosen."""
    value, kind = one.read(settings), one.about.kind
    if isinstance(kind, MultipleChoice):
        return tuple(kind.values(chosen) for chosen in value or tuple(kind.values))
    return None if value is None and one.about.optional else value


def _read(one: DeclaredSetting, context: Context) -> Any:
    about, kind = one.about, one.about.kind
    chosen = context.choices.get(about.option, ())
    match kind:
        case Number():
            number = _number(context, about, kind)
            if number is None or about.is_taken_away_by(number):
                return None if about.optional else one.default
            return number
        case Named.CHANNEL | Named.ROLE:
            return known(int, chosen[0]) if chosen else None
        case Named.ZONE:
            return context.fields.get(about.option, "").strip()
        case MultipleChoice():
            return tuple(known(kind.values, value) for value in chosen)
    one_of_them = known(str, next(iter(chosen), None))
    match kind:
        case Switch():
            return one_of_them == str(True)
        case Choice():
            return known(kind.values, one_of_them)
    if one_of_them not in {NOTHING, *context.client.catalogues.languages}:
        raise UserError(text("press.expired"))
    return None if one_of_them == NOTHING else one_of_them


def _number(context: Context, about: Setting, kind: Number) -> int | None:
    """A number, below zero only where the setting knows such; None for nothing, or “unlimited” where that is possible."""
    typed = context.fields.get(about.option, "")
    spelled = unicodedata.normalize("NFKC", typed).strip().replace("\N{MINUS SIGN}", "-")
    if not spelled:
        return None
    for value, name in kind.names:
        if spelled.casefold() == context.localize(text(f"setting.{name}")).casefold():
            return value
    if about.is_taken_away_by(0):  # empty means no limit
        return read_number(typed, unlimited=context.localize(text("pool.unlimited")))
    is_below = kind.low < 0 and spelled.startswith("-")
    number = whole_number(spelled[1:] if is_below else spelled)
    if number is None:
        shown = quoted(typed, TYPED_SHOWN)
        raise UserError(text("settings.no_number", typed=shown, low=kind.low, high=kind.high))
    return -number if is_below else number


def _hint(one: DeclaredSetting) -> Text | None:
    """What can be typed; else that moderators are exempt."""
    kind, exempt = one.about.kind, one.about.exempt
    if isinstance(kind, Number) and kind.hint is not None:
        return text(f"panel.{kind.hint}")
    if isinstance(kind, Number):
        bounds = {"low": kind.low, "high": kind.high}
        return text("panel.number_or_none" if one.about.optional else "panel.number", **bounds)
    return text("setting.exempt") if exempt else None


def _field(
    one: DeclaredSetting, settings: GuildSettings, localize: Localize, languages: Sequence[str]
) -> Any:
    value, option, kind = one.read(settings), one.about.option, one.about.kind
    match kind:
        case Number() | Named.ZONE:
            shown = "" if value is None else str(value)
            if isinstance(kind, Number) and value is not None and not kind.low <= value <= kind.high:
                shown = localize(text(f"setting.{dict(kind.names)[value]}"))
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
        case MultipleChoice(values):
            chosen = value or tuple(values)
            return picker(option, [(v.value, v.name, v in chosen) for v in values], most=len(list(values)))
        case Switch():
            words = ((True, "setting.yes"), (False, "setting.no"))
            return picker(option, [(str(v), localize(text(w)), v is value) for v, w in words])
        case Choice(values, words):
            known = [(v.value, localize(text(f"choice.{words}.{v.value}")), v is value) for v in values]
            return picker(option, known)
    named = [(id_, name_of(id_), id_ == value) for id_ in languages]
    return picker(option, [(NOTHING, localize(text("setting.automatic")), value is None), *named])


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
