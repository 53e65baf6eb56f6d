"""Commands made of declarations: an option for each setting, with its bounds, choices and description.
Never here: which settings there are (domain), and what a change does (setting_changes)."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final, Optional

import discord
from discord import app_commands

from bot.domain.servers.declarations import Choice, MultipleChoice, Named, Number, Switch
from bot.domain.servers.server_settings import COMMANDS
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context
from bot.ui.kit.languages import name_of
from bot.ui.moderation.setting_changes import apply, show_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.servers.declarations import Setting
    from bot.domain.servers.server_settings import DeclaredSetting
    from bot.ui.kit.context import AnyInteraction

TYPED_LIMIT: Final = 60
SUGGESTIONS: Final = 25
ALL: Final = "all"
ALSO: Final = {"jpg": "jpeg", "heif": "heic", "tif": "tiff"}
"""Names under which people know kinds of file."""


def setting_command(command: str) -> app_commands.Command[Any, ..., None]:
    """The command of these settings: without options it shows them, with some it changes those."""
    declared = COMMANDS[command]
    spelled = declared[0].about.spelled
    prefix = f"command.{spelled.replace(' ', '.')}"

    async def run(interaction: AnyInteraction, **given: Any) -> None:
        context = Context(interaction)
        values = read_options(declared, given)
        await context.defer_ephemeral()
        if not values:
            await show_state(context, command)
            return
        changed = await apply(context, command, values)
        if changed is not None:
            notice = text("mod.unchanged") if changed.entry is None else None
            await show_state(context, command, notice=notice)

    words: dict[str, app_commands.locale_str] = {}
    picks: dict[str, list[app_commands.Choice[str]]] = {}
    options = [inspect.Parameter("interaction", POSITIONAL, annotation=discord.Interaction)]
    for one in declared:
        options.append(_option(one.about.option, _annotation(one.about)))
        words[one.about.option] = localized(f"{prefix}.{one.about.option}")
        if isinstance(one.about.kind, Choice):
            picks[one.about.option] = _choices(one.about.kind)
        if one.about.unset is not None:
            options.append(_option(one.about.unset, bool))
            words[one.about.unset] = localized(f"{prefix}.{one.about.unset}")
    run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]  # what discord.py reads options from
    app_commands.describe(**words)(run)
    app_commands.choices(**picks)(run)
    made: app_commands.Command[Any, ..., None] = app_commands.Command(
        name=spelled.rpartition(" ")[2], description=localized(prefix), callback=run
    )
    for one in declared:
        if one.about.kind is Named.LANGUAGE:
            made.autocomplete(one.about.option)(suggest_language)
    return made


POSITIONAL: Final = inspect.Parameter.POSITIONAL_OR_KEYWORD


def _option(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, POSITIONAL, default=None, annotation=Optional[annotation])  # noqa: UP045 - a value, no annotation


def _annotation(about: Setting) -> Any:
    match about.kind:
        case Number(low, high):
            return app_commands.Range[int, min(0, low) if about.optional else low, high]
        case Switch():
            return bool
        case Named.CHANNEL:
            return discord.TextChannel
        case Named.ROLE:
            return discord.Role
    return str if isinstance(about.kind, Choice) else app_commands.Range[str, 1, TYPED_LIMIT]


def _choices(kind: Choice) -> list[app_commands.Choice[str]]:
    return [
        app_commands.Choice(name=localized(f"choice.{kind.words}.{value.value}"), value=value.value)
        for value in kind.values
    ]


def read_options(declared: tuple[DeclaredSetting, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values that were named, by option; raises `UserError` for two that exclude each other."""
    values: dict[str, Any] = {}
    for one in declared:
        about, value = one.about, given.get(one.about.option)
        away = about.unset is not None and bool(given.get(about.unset))
        if away and value is not None:
            raise UserError(text("settings.one_of", option=about.option, other=about.unset or ""))
        if away or about.is_taken_away_by(value):
            values[about.option] = about.unset_value if away else None
        elif value is not None:
            values[about.option] = _read(about, value)
    return values


def _read(about: Setting, value: Any) -> Any:
    if about.kind in {Named.CHANNEL, Named.ROLE}:
        return value.id
    if isinstance(about.kind, MultipleChoice):
        return read_several(about.kind, value)
    return value


def read_several(kind: MultipleChoice, typed: str) -> list[Any]:
    """Several values as people list them; `all` is every one. Raises `UserError` for one that there is not."""
    words = [ALSO.get(word, word) for word in typed.lower().replace(",", " ").replace(".", " ").split()]
    named = {value.name.lower(): value for value in kind.values}
    if words == [ALL]:
        return list(named.values())
    if not words or not set(words) <= named.keys():
        raise UserError(text("settings.no_such_kind", kinds=", ".join(named)))
    return [named[word] for word in words]


async def suggest_language(interaction: AnyInteraction, typed: str) -> list[app_commands.Choice[str]]:
    """Languages that have a catalogue, by their names in the moderator's own."""
    context = Context(interaction)
    known = context.client.catalogues.languages
    reader = context.locale
    wanted = typed.casefold().strip()
    found = [(id_, name_of(id_, reader)) for id_ in sorted(known)]
    return [
        app_commands.Choice(name=name, value=id_)
        for id_, name in found
        if wanted in f"{id_} {name} {name_of(id_)}".casefold()
    ][:SUGGESTIONS]
