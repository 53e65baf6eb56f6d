"""Names of settings, of today and of earlier: what one source of text says, by today's names.
Never here: what a setting means, and where the sources are."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from bot.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX: Final = "EASEL_"
OLD_NAMES: Final = MappingProxyType(
    {
        "EASEL_OHMYGPT_KEY": "EASEL_API_KEY",
        "EASEL_OHMYGPT_ADMIN_KEY": "EASEL_API_ADMIN_KEY",
        "EASEL_OHMYGPT_ORIGIN": "EASEL_API_URL",
        "EASEL_OHMYGPT_STORAGE": "EASEL_API_STORAGE",
    }
)
"""Names from when there was one kind of API; they are read for good."""


class RawSetting(NamedTuple):
    """What somebody wrote, and under which name."""

    name: str
    value: str


def new_name(name: str) -> str:
    """The name that a setting has today."""
    return OLD_NAMES.get(name, name)


def by_new_name(source: Mapping[str, str | None]) -> dict[str, RawSetting]:
    """What one source says; what is empty says nothing. Raises `StartupError` for two names of one setting that differ."""
    found: dict[str, RawSetting] = {}
    for written, value in source.items():
        name = written.upper()
        if value is None or not value.strip():
            continue
        before = found.get(new_name(name))
        if before is not None and before.name != name and before.value != value:
            first, second = sorted((before.name, name))
            raise StartupError(
                f"{first} and {second} are one setting and say different things: remove {second}"
            )
        found[new_name(name)] = RawSetting(name, value)
    return found
