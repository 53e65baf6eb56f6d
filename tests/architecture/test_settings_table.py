"""Settings of servers are declared once: the guide's table, commands, panel, history and texts follow from that.
Never here: what a setting means for a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
import pytest
from discord import app_commands

from bot.domain.servers.declarations import Choice, MultipleChoice, Named, Number, Switch
from bot.domain.servers.guilds import SECTIONS, GuildSettings
from bot.domain.servers.server_settings import COMMANDS, DECLARATIONS
from bot.ui.moderation.setting_commands import setting_command
from bot.ui.moderation.setting_words import COMMAND_OF, ITEMS, PARTS, Localizer, command_lines
from tests.architecture.ground import ROOT
from tests.i18n.catalogues import SOURCE, entries

if TYPE_CHECKING:
    from bot.domain.servers.server_settings import DeclaredSetting

GUIDE = ROOT / "docs" / "moderators.md"
HEAD = "| setting | command | values | as delivered |\n|---|---|---|---|\n"
BY_HAND = "zone"
"""Its command suggests cities."""


def english(id_: str) -> str:
    return entries(SOURCE)[id_].forms[0]


def values_of(one: DeclaredSetting) -> str:
    about = one.about
    match about.kind:
        case Number(low, high, names):
            meant = "; ".join(
                f"{value}: {english(f'setting.{name}')}" for value, name in names if low <= value <= high
            )
            values = (
                f"{low} to {high}"
                + (f" ({meant})" if meant else "")
                + ("; 0 takes it away" if about.is_taken_away_by(0) else "")
            )
        case Switch():
            values = "True or False"
        case Choice(values=known, words=words):
            values = "; ".join(english(f"choice.{words}.{value.value}") for value in known)
        case MultipleChoice(values=known):
            values = " ".join(value.name.lower() for value in known) + ", or all"
        case Named.ZONE:
            values = "a time zone"
        case named:
            values = f"a {named.value}"
    return values + (f"; `{about.unset}:True`" if about.unset else "")


def delivered(one: DeclaredSetting) -> str:
    if one.default is None and one.about.unset_value is not None:
        return english("setting.automatic")
    if one.default is None:
        return english(f"setting.{one.about.unset}") if one.about.unset else "none"
    if isinstance(one.about.kind, Number) and one.default in dict(one.about.kind.names):
        return english(f"setting.{dict(one.about.kind.names)[one.default]}")
    if one.default == ():
        return english("setting.all")
    if isinstance(one.about.kind, Choice):
        return english(f"choice.{one.about.kind.words}.{one.default.value}")
    return str(one.default)


def settings_table() -> str:
    """As it stands in the guide."""
    lines = []
    for one in DECLARATIONS:
        about = one.about
        title, label = (english(f"section.{one.section}"), english(f"setting.{about.command}.{about.option}"))
        name = title if len(COMMANDS[about.command]) == 1 else f"{title}: {label}"
        exempt = "; moderators are exempt" if about.exempt else ""
        lines.append(
            f"| {name} | `/{about.spelled} {about.option}:` | {values_of(one)}{exempt} | {delivered(one)} |"
        )
    return HEAD + "\n".join(lines) + "\n"


def test_the_guide_has_the_table_of_all_declared_settings() -> None:
    assert settings_table() in GUIDE.read_text(encoding="utf-8"), settings_table()


def test_every_section_of_the_settings_is_declared_or_a_list_that_is_said_in_words() -> None:
    declared = {one.section for one in DECLARATIONS}
    lists = {*ITEMS, *(section for section, _ in PARTS)}

    assert {*SECTIONS} == declared | lists
    assert {*SECTIONS} - declared == {*COMMAND_OF}, "each list names the command that shows it"


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != BY_HAND])
def test_a_command_has_each_declared_option_with_its_bounds_and_none_is_required(command: str) -> None:
    made = {option.name: option for option in setting_command(command).parameters}

    for one in COMMANDS[command]:
        option, kind = made.pop(one.about.option), one.about.kind
        assert option.description
        if isinstance(kind, Number):
            low = 0 if one.about.is_taken_away_by(0) else kind.low
            assert (option.type, option.min_value, option.max_value) == (INTEGER, low, kind.high)
        if isinstance(kind, Choice):
            assert [choice.value for choice in option.choices] == [value.value for value in kind.values]
        if one.about.unset:
            assert made.pop(one.about.unset).type is discord.AppCommandOptionType.boolean
    assert made == {}
    assert not any(option.required for option in setting_command(command).parameters)
    assert isinstance(setting_command(command), app_commands.Command)


INTEGER = discord.AppCommandOptionType.integer


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_says_what_is_set_and_where_moderators_are_exempt(command: str) -> None:
    def say(words: Any) -> str:
        return str(words.id)

    settings = GuildSettings(guild_id=1)
    assert all(command_lines(command, settings, Localizer(say, 1)))
    for one in COMMANDS[command]:
        if one.about.exempt and isinstance(one.about.kind, Number):
            said = command_lines(command, one.write(settings, one.about.kind.high), Localizer(say, 1))
            assert "setting.exempt" in said[-1]
