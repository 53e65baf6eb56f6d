"""The roles, channels and categories that lists of a server's settings name: which lists, and an edit that forgets some.
Never here: whether they are still there (only Discord knows), and who forgets them."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from bot.domain.servers.guilds import GuildSettings
    from bot.services.servers.edits import Edit

OF_RULES: Final[Mapping[str, str]] = {
    "rules": "role_id",
    "media": "target_id",
    "additions": "target_id",
    "limits": "target_id",
    "kinds": "target_id",
}
"""Lists of rules, and the field of each rule that names whom it is for."""
OF_IDS: Final[Mapping[str, tuple[str, ...]]] = {"channels": ("allowed", "denied"), "images": ("channels",)}
"""Sections with lists of nothing but channels."""


def named_places(s: GuildSettings) -> Mapping[int, tuple[str, ...]]:
    """Each of them with the sections that name it; everyone (the server's own id) is not among them."""
    found: dict[int, dict[str, None]] = {}
    for section, id_ in _named(s):
        if id_ != s.guild_id:
            found.setdefault(id_, {})[section] = None
    return {id_: tuple(sections) for id_, sections in found.items()}


def _named(s: GuildSettings) -> Iterable[tuple[str, int]]:
    for section, field in OF_RULES.items():
        yield from ((section, getattr(rule, field)) for rule in getattr(s, section))
    for section, parts in OF_IDS.items():
        yield from ((section, id_) for part in parts for id_ in getattr(getattr(s, section), part))


def forgotten(ids: Collection[int]) -> Edit:
    """Take away all that is said of them; none of it need be there any more."""

    def left(of: Any, name: str, id_of: Callable[[Any], int]) -> tuple[Any, ...]:
        return tuple(one for one in getattr(of, name) if id_of(one) not in ids)

    def edit(s: GuildSettings) -> GuildSettings:
        changes: dict[str, Any] = {
            section: left(s, section, attrgetter(field)) for section, field in OF_RULES.items()
        }
        for section, parts in OF_IDS.items():
            before = getattr(s, section)
            changes[section] = replace(before, **{part: left(before, part, int) for part in parts})
        return replace(s, **changes)

    return edit
