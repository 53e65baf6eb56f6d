"""What changed, one line for each thing that is different, in the words of the commands.
Never here: where lines are shown, and reading the history."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from bot.domain.pools import Pool
from bot.domain.servers.guilds import SECTIONS
from bot.domain.servers.server_settings import DECLARATIONS
from bot.texts import text
from bot.ui.kit.escape import quoted
from bot.ui.moderation.setting_words import (
    COMMAND_OF,
    ITEMS,
    PART_COMMANDS,
    PARTS,
    item_words,
    label_of,
    value_words,
)
from bot.ui.pools.wording import pool_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.texts import Text
    from bot.ui.moderation.setting_words import Localizer

CAME: Final = "🟢"
WENT: Final = "🔴"
VALUE_LIMIT: Final = 60
NAME_LIMIT: Final = 40
HIDDEN: Final = frozenset({"user_id", "guild_id", "by", "at", "id"})
"""What an entry says of itself anyway."""
DETAILS: Final = ("until", "reason", "strikes", "pool", "units", "expires_at", "jobs", "others")
"""What is kept of acts that are no settings."""
MOMENTS: Final = frozenset({"until", "expires_at", "blocked_until"})
_BAD: Final = (KeyError, TypeError, ValueError, AttributeError)
"""What reading an entry raises that another version wrote."""


def changes(before: Mapping[str, Any], after: Mapping[str, Any], localizer: Localizer) -> Iterable[str]:
    """One line for each thing that is different: what it is, then before → after, or what came and went."""
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if name in HIDDEN or old == new:
            continue
        worded = _setting if name in SECTIONS else _detail
        try:
            yield from list(worded(name, old, new, localizer))
        except _BAD:  # an entry of another version: better bare than not at all
            yield from _bare(name, old, new)


def _setting(section: str, old: Any, new: Any, localizer: Localizer) -> Iterable[str]:
    declared = [one for one in DECLARATIONS if one.section == section]
    for one in declared:
        was, now = (v if one.part is None else v[one.part] for v in (old, new))
        if was != now:
            title = _title(section, one.about.spelled, localizer)
            if len(declared) > 1:
                title = f"{title} · {localizer.localize(label_of(one))}"
            yield _turned(title, value_words(one, was), value_words(one, now), localizer)
    command = COMMAND_OF.get(section) or declared[0].about.spelled
    title = _title(section, command, localizer)
    if section in ITEMS:
        yield from _came_and_went(
            title, old, new, lambda item: item_words(section, item, localizer), localizer
        )
    elif isinstance(old, dict):
        for (whole, part), words in PARTS.items():
            if whole == section:
                title = _title(section, PART_COMMANDS.get((section, part), command), localizer)
                yield from _came_and_went(title, old[part], new[part], _told(words, localizer), localizer)
        if "default" in old and old["default"] != new["default"]:
            title = _title(section, PART_COMMANDS[section, "default"], localizer)
            title = f"{title} · {localizer.localize(text('section.pool_default'))}"
            yield _turned(title, _pool(old["default"]), _pool(new["default"]), localizer)


def _told(words: Callable[[Any, Localizer], str], localizer: Localizer) -> Callable[[Any], str]:
    return lambda item: words(item, localizer)


def _pool(value: str | None) -> Text:
    return text("setting.automatic") if value is None else pool_name(Pool(value))


def _title(section: str, command: str, localizer: Localizer) -> str:
    return f"{localizer.localize(text(f'section.{section}'))} `/{command}`"


def _turned(title: str, old: Text | str | int, new: Text | str | int, localizer: Localizer) -> str:
    return localizer.localize(text("audit.turned", what=title, old=old, new=new))


def _came_and_went(
    title: str, old: Any, new: Any, words: Callable[[Any], str], localizer: Localizer
) -> Iterable[str]:
    for sign, item in [(WENT, x) for x in old if x not in new] + [(CAME, x) for x in new if x not in old]:
        yield localizer.localize(text("setting.is", label=title, value=f"{sign} {words(item)}"))


# -- acts ----------------------------------------------------------------------------------------------------


def _detail(name: str, old: Any, new: Any, localizer: Localizer) -> Iterable[str]:
    old, new = (None if value == "" else value for value in (old, new))
    if old == new:
        return
    if name not in DETAILS:
        yield from _bare(name, old, new)
        return
    title = localizer.localize(text(f"audit.part.{name}"))
    if isinstance(old, list) or isinstance(new, list):
        keys = [f"`{quoted(str(key), NAME_LIMIT)}`" for key in new or old]
        yield localizer.localize(text("setting.is", label=title, value=" ".join(keys)))
    elif old is None:
        yield localizer.localize(text("setting.is", label=title, value=_shown(name, new)))
    else:
        yield _turned(title, _shown(name, old), _shown(name, new), localizer)


def _shown(name: str, value: Any) -> Text | str | int:
    if value is None:
        return "—"
    if name in MOMENTS:
        return f"<t:{value // 1000}:f>"
    if name == "pool":
        return pool_name(Pool(value))
    return value if isinstance(value, int) else quoted(str(value), VALUE_LIMIT)


# -- what another version wrote ------------------------------------------------------------------------------


def _bare(name: str, old: Any, new: Any) -> Iterable[str]:
    """As it is stored, made harmless."""
    title = quoted(name, NAME_LIMIT)
    if isinstance(old, list) or isinstance(new, list):
        was, now = old or [], new or []
        yield from (f"{title}: {WENT} {_raw(item)}" for item in was if item not in now)
        yield from (f"{title}: {CAME} {_raw(item)}" for item in now if item not in was)
    else:
        yield f"{title}: {_raw(old)} → {_raw(new)}"


def _raw(value: object) -> str:
    if value is None:
        return "—"
    return quoted(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), VALUE_LIMIT)
