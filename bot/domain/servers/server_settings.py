"""Every declared setting of a server, found in the fields of its settings: read, changed and listed by command.
Never here: the declarations themselves (each stands at its field), lists such as rules and words, and storage."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from bot.domain.servers.access import PressPermission, PressPolicy
from bot.domain.servers.declarations import DECLARED, Setting, checked_value
from bot.domain.servers.guilds import GuildSettings
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PRESS: Final = "press"


@dataclass(frozen=True, slots=True)
class DeclaredSetting:
    """A setting and where it stands."""

    section: str
    """The field of `GuildSettings`."""
    part: str | None
    """The field within it; None: the section is the value."""
    about: Setting
    default: Any

    def read(self, settings: GuildSettings) -> Any:
        """The value of a server."""
        section = getattr(settings, self.section)
        return section if self.part is None else getattr(section, self.part)

    def write(self, settings: GuildSettings, value: Any) -> GuildSettings:
        """The settings with another value; raises `UserError` if it is out of bounds."""
        value = checked_value(self.about, value)
        if self.part is not None:
            value = replace(getattr(settings, self.section), **{self.part: value})
        return replace(settings, **{self.section: value})


def _declared(of: type) -> Iterable[DeclaredSetting]:
    for section in fields(of):
        if DECLARED in section.metadata:
            yield DeclaredSetting(section.name, None, section.metadata[DECLARED], section.default)
        elif is_dataclass(section.default_factory):
            for part in fields(section.default_factory):
                if DECLARED in part.metadata:
                    yield DeclaredSetting(section.name, part.name, part.metadata[DECLARED], part.default)


DECLARATIONS: Final = tuple(_declared(GuildSettings))
"""All of them, in the order of the fields."""
COMMANDS: Final[Mapping[str, tuple[DeclaredSetting, ...]]] = {
    command: tuple(d for d in DECLARATIONS if d.about.command == command)
    for command in dict.fromkeys(d.about.command for d in DECLARATIONS)
}
"""The settings that each command reads and changes together."""


def with_values(settings: GuildSettings, command: str, values: Mapping[str, Any]) -> GuildSettings:
    """The settings with new values, by the command's options; what is not named stays.

    Raises `UserError` for a value that is out of bounds, or does not fit the others.
    """
    for declared in COMMANDS[command]:
        if declared.about.option in values:
            settings = declared.write(settings, values[declared.about.option])
    return _fitting(settings, values) if command == PRESS else settings


def _fitting(settings: GuildSettings, values: Mapping[str, Any]) -> GuildSettings:
    """Who presses and the role depend on each other: naming a role alone means that it may press."""
    press = settings.press
    if values.keys() == {"role"} and press.role_id is not None:
        press = PressPolicy(PressPermission.ROLE, press.role_id)
    if press.who is PressPermission.ROLE and press.role_id is None:
        raise UserError(text("settings.press_needs_role"))
    if press.who is not PressPermission.ROLE:
        press = PressPolicy(press.who)
    return replace(settings, press=press)
