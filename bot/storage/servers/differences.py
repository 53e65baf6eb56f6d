"""What the history keeps of a change of settings: of a list only the entries that came and went, with their places.
Never here: how a difference is shown, and settings as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.domain.servers.server_settings import DECLARATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACES: Final = "@"
"""Beside the sections of `before`: which lists are differences, and where their entries stood. Lines that older versions
wrote have whole lists and nothing here."""
_WHOLE: Final = frozenset((one.section, one.part) for one in DECLARATIONS)
"""Lists that are one value, such as kinds of pictures: they are shown as a whole, so they are kept as one."""


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is to be written of sections as they were and as they are now."""
    lost: dict[str, Any] = {}
    gained: dict[str, Any] = {}
    places: dict[str, list[int]] = {}
    for name, old in before.items():
        new = after[name]
        if isinstance(old, dict):
            lost[name], gained[name] = dict(old), dict(new)
            for part in old:
                _shorten(lost[name], gained[name], part, places, (name, part))
        else:
            lost[name], gained[name] = old, new
            _shorten(lost, gained, name, places, (name, None))
    return (lost | {PLACES: places} if places else lost), gained


def _shorten(
    lost: dict[str, Any],
    gained: dict[str, Any],
    key: str,
    places: dict[str, list[int]],
    path: tuple[str, str | None],
) -> None:
    old, new = lost[key], gained[key]
    if not isinstance(old, list) or not isinstance(new, list) or path in _WHOLE:
        return
    went = [place for place, item in enumerate(old) if item not in new]
    came = [item for item in new if item not in old]
    if [item for item in old if item in new] != [item for item in new if item in old]:
        return  # put into another order, too: that is said by both lists only
    lost[key], gained[key] = [old[place] for place in went], came
    places[_spelled(path)] = went


def taken_back(now: Mapping[str, Any], lost: Mapping[str, Any], gained: Mapping[str, Any]) -> dict[str, Any]:
    """The sections as they were before a change, from how they are now and what was written of the change."""
    places: Mapping[str, list[int]] = lost.get(PLACES, {})
    was: dict[str, Any] = {}
    for name, old in shown(lost).items():
        if isinstance(old, dict):
            # What neither version's line names, a third one's field, stays as it is.
            was[name] = dict(now[name]) | {
                part: _put_back(
                    now[name].get(part), value, gained[name][part], places.get(_spelled((name, part)))
                )
                for part, value in old.items()
            }
        else:
            was[name] = _put_back(now[name], old, gained[name], places.get(name))
    return was


def _put_back(now: Any, lost: Any, gained: Any, places: list[int] | None) -> Any:
    if places is None:
        return lost
    items = [item for item in now if item not in gained]
    for place, item in zip(places, lost, strict=True):
        items.insert(place, item)
    return items


def shown(lost: Mapping[str, Any]) -> dict[str, Any]:
    """What was written of a change without the places."""
    return {name: value for name, value in lost.items() if name != PLACES}


def _spelled(path: tuple[str, str | None]) -> str:
    return ".".join(part for part in path if part is not None)
